import { networkTitles } from './terminal-table';
import type { Stage } from './history';

export { networkTitles };

/** What each stage is called on the screen. */
export const stageTitles: Record<Stage, string> = {
  teacher: 'Teacher',
  warmup: 'Student warm-up',
  psae: 'Semantic autoencoder',
  act: 'Alignment',
  control: 'Control',
  distill: 'Distillation',
  evaluate: 'Evaluation',
};

const terms: Record<string, string> = {
  loss: 'Total',
  crossEntropy: 'Cross-entropy',
  dice: 'Soft Dice',
  reconstruction: 'Reconstruction',
  intra: 'DCGD intra-coupling',
  inter: 'DCGD inter-coupling',
  studentToTeacher: 'DICD student → teacher',
  teacherToStudent: 'DICD teacher → student',
  features: 'feature reconstruction',
  output: 'output reconstruction',
  regularisation: 'regularisation',
  consistency: 'consistency',
};

/** What a term of a loss is called: `tan.features` is the teacher's alignment network's feature reconstruction. */
export function termTitle(term: string): string {
  const [network, part] = term.includes('.') ? term.split('.') : [null, term];
  const title = terms[part] ?? part;
  return network === null ? title : `${network.toUpperCase()} ${title}`;
}

/** A duration for people: `40 s`, `3 min`, `2 h 05 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
