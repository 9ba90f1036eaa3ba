/** Runs of versions that did not write down what they train: one method, four networks. */
import type { PairedComparison } from '../contract/metrics';
import type { NetworkInfo, RunPlan, StageInfo, TermInfo } from '../contract/plan';
import type { DomainReport, Report } from '../contract/report';
import type { RunRecord } from '../contract/run-record';

const networks: NetworkInfo[] = [
  { name: 'teacher', role: 'teacher', title: 'Teacher', stage: 'teacher', color: 0 },
  { name: 'warmup', role: 'baseline', title: 'Student, warm-up', stage: 'warmup', color: 1 },
  { name: 'control', role: 'baseline', title: 'Student, trained on', stage: 'control', color: 2 },
  { name: 'student', role: 'student', title: 'Student, distilled', stage: 'distill', color: 3 },
];

const stages: [name: string, title: string][] = [
  ['teacher', 'Teacher'],
  ['warmup', 'Student warm-up'],
  ['psae', 'Semantic autoencoder'],
  ['act', 'Alignment'],
  ['control', 'Control'],
  ['distill', 'Distillation'],
];

/** What such a run trained; how many steps its stages had is not known of it. */
export const oldPlan: RunPlan = {
  stages: stages.map(([name, title]): StageInfo => ({ name, title, steps: 0 })),
  networks,
};

const terms: Record<string, [title: string, color: number]> = {
  crossEntropy: ['Cross-entropy', 0],
  dice: ['Soft Dice', 1],
  intra: ['DCGD intra-coupling', 2],
  inter: ['DCGD inter-coupling', 3],
  studentToTeacher: ['DICD student → teacher', 4],
  teacherToStudent: ['DICD teacher → student', 5],
  reconstruction: ['Reconstruction', 0],
  features: ['feature reconstruction', 0],
  output: ['output reconstruction', 1],
  regularisation: ['regularisation', 2],
  consistency: ['consistency', 3],
};

/** How a term of such a run is shown: `tan.features` is the teacher's alignment network's feature reconstruction. */
export function oldTerm(name: string): TermInfo {
  const [network, part] = name.includes('.') ? name.split('.') : [null, name];
  const [title, color] = Object.hasOwn(terms, part) ? terms[part] : [part, 0];
  return {
    title: network === null ? title : `${network.toUpperCase()} ${title}`,
    color,
    ...(network === 'san' ? { dashed: true } : {}),
  };
}

/** A run's record as it is now, from one of any version. */
export const upgradedRecord = (record: RunRecord): RunRecord => ({
  ...record,
  // Written by an older version, it may lack it.
  plan: (record as Partial<RunRecord>).plan ?? oldPlan,
});

/** A report as it is now, from one of any version. */
export function upgradedReport(report: Report): Report {
  if ((report as Partial<Report>).networks) return report;
  const present = (name: string) =>
    Object.values(report.domains).some((domain) => domain.networks?.[name]);
  return {
    ...report,
    networks: networks.filter(({ name }) => present(name)),
    domains: Object.fromEntries(
      Object.entries(report.domains).map(([name, domain]): [string, DomainReport] => {
        const gain = domain.gain as unknown as Record<string, PairedComparison> | undefined;
        return [name, { ...domain, gain: gain ? { student: gain } : {} }];
      }),
    ),
  };
}
