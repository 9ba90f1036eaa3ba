import type { StageRecord } from '../contract/run-record';
import type { DistillConfig } from '../config/config';
import type { PreparedCase } from '../preparation/prepared-case';
import type { Device } from '../runtime/runtime';
import type { Weights } from '../weights';
import type { Stage } from './stage';
import { stageBatch } from './stage-batch';
import { StageProgram } from './stage-program';

const timedSteps = 4;
/** A stage that was chosen to last as long may have come out a little shorter, as no two steps take the same time. */
const tolerance = 0.9;

/**
 * The steps of a stage that is to be trained for at least as long as others, `seconds`: as many as it has been given before, where that was
 * enough, else its fewest or as many as take so long by a few that are timed, whichever is more. `record`: what is known of it.
 */
export async function stepsToLast(
  stage: Stage,
  seconds: number,
  record: StageRecord | undefined,
  context: { config: DistillConfig; device: Device; cases: PreparedCase[]; given: Weights },
): Promise<number> {
  if (record && record.steps >= stage.steps) {
    const lasts = trainingSecondsOf(record) >= tolerance * seconds;
    if (record.state === 'running' || record.stoodStill || lasts) return record.steps;
  }
  return Math.max(stage.steps, Math.ceil(seconds / (await secondsPerStep(stage, context))));
}

/** What a stage took without its evaluations, in seconds. */
export const trainingSecondsOf = (record: StageRecord | undefined): number =>
  record?.trainingSeconds ?? record?.seconds ?? 0;

/** Wall time of a step with the drawing of its batch, the median of a few. */
async function secondsPerStep(
  stage: Stage,
  { config, device, cases, given }: Parameters<typeof stepsToLast>[3],
): Promise<number> {
  const { training, classes } = config;
  const program = await StageProgram.open(stage, {
    device,
    training,
    classes: classes.length,
    given,
  });
  try {
    const times: number[] = [];
    // The first one lays out memory.
    for (let step = 0; step <= timedSteps; step++) {
      const began = performance.now();
      await program.step(stageBatch(stage, config, cases, step), step, 0);
      if (step > 0) times.push((performance.now() - began) / 1000);
    }
    return times.sort((a, b) => a - b)[timedSteps >> 1];
  } finally {
    await program.release();
  }
}
