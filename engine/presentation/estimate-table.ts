import type { Estimate, MachineEstimate, StageEstimate } from '../contract/estimate';
import type { RunPlan } from '../contract/plan';
import type { Table } from '../contract/table';
import { formatDuration } from './duration';
import { stageTitle } from './networks';
import { numberCell, textCell } from './table';

/** Of the whole run. */
export const secondsOf = ({ stages }: Estimate): number =>
  stages.reduce((sum, { seconds }) => sum + seconds, 0);

/** The most that the process has resident at one time, in bytes; null where that was not looked at. */
export function memoryOf({ stages }: Estimate): number | null {
  const known = stages.flatMap(({ memory }) => (memory === null ? [] : [memory]));
  return known.length ? Math.max(...known) : null;
}

/** An amount of memory for people: `640 MB`, `1.9 GB`. */
export const formatMemory = (bytes: number): string =>
  bytes < 999.5e6 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;

/** `42 min, 1.9 GB`. */
export function estimateText(estimate: Estimate): string {
  const memory = memoryOf(estimate);
  const time = formatDuration(secondsOf(estimate));
  return memory === null ? time : `${time}, ${formatMemory(memory)}`;
}

/** What is to be known beside the numbers: a sentence or two. */
export function estimateNote({ took, scale }: Estimate): string {
  const share = scale < 1 ? `All stages have ${Math.round(100 * scale)}% of their steps. ` : '';
  return `${share}From a few steps of each stage, timed in ${formatDuration(took)}.`;
}

/** Where it was made: a sentence. */
export const deviceNote = ({ name, description, threads }: MachineEstimate['device']): string =>
  `On ${name} (${description}, ${threads} threads).`;

const titleOf = (plan: RunPlan, { stage }: StageEstimate): string =>
  stage === 'prepare' ? 'Preparation' : stageTitle(plan, stage);

/** Every stage with its steps, time and memory, and the whole. */
export function estimateTable(estimate: Estimate, plan: RunPlan): Table {
  const memoryCell = (bytes: number | null) => ({
    text: bytes === null ? '-' : formatMemory(bytes),
    value: bytes,
  });
  const timeCell = (seconds: number) => ({ text: formatDuration(seconds), value: seconds });
  return {
    title: 'Estimate',
    columns: ['Stage', 'Steps', 'Step, ms', 'Time', 'Memory'].map((title, i) => ({
      title,
      numeric: i > 0,
    })),
    rows: [
      ...estimate.stages.map((stage) => {
        const { steps, left, secondsPerStep, seconds, memory } = stage;
        const isDone = steps > 0 && left === 0;
        return [
          textCell(titleOf(plan, stage)),
          steps === 0
            ? textCell('-')
            : left > 0 && left < steps
              ? textCell(`${left} of ${steps}`)
              : numberCell(steps, 0),
          numberCell(
            secondsPerStep === null ? null : 1000 * secondsPerStep,
            secondsPerStep !== null && secondsPerStep < 0.01 ? 1 : 0,
          ),
          isDone ? textCell('is there already') : timeCell(seconds),
          memoryCell(memory),
        ];
      }),
      [
        textCell('All'),
        textCell(''),
        textCell(''),
        timeCell(secondsOf(estimate)),
        memoryCell(memoryOf(estimate)),
      ],
    ],
  };
}
