import type { TimedEvent } from '../contract/events';
import type { RunProgress } from '../contract/runs';
import { stageNames, stageTitle } from './networks';
import { oldPlan } from './old-runs';

export const noProgress: RunProgress = {
  plan: oldPlan,
  stage: null,
  step: 0,
  steps: 0,
  finished: {},
  latest: null,
  imagesPerSecond: null,
  device: null,
  secondsPerStep: null,
  steppedAt: null,
  error: null,
};

/** No run has more of them; those of a file that is none of a run are not kept. */
const mostStages = 200;

/** The progress after one more event. */
export function advance(progress: RunProgress, event: TimedEvent): RunProgress {
  switch (event.type) {
    case 'device':
      return {
        ...progress,
        device: {
          device: event.device,
          name: event.name,
          threads: event.threads,
          note: event.note,
        },
      };
    case 'stage': {
      const { stage, state, step, steps } = event;
      if (state === 'finished' || state === 'skipped') {
        const seconds = state === 'skipped' ? 0 : (event.seconds ?? 0);
        const isOneMore = !Object.hasOwn(progress.finished, stage);
        const finished =
          isOneMore && Object.keys(progress.finished).length >= mostStages
            ? progress.finished
            : { ...progress.finished, [stage]: { steps, seconds } };
        return { ...progress, stage, step: steps, steps, finished };
      }
      return { ...progress, stage, step, steps, secondsPerStep: null, steppedAt: null };
    }
    case 'step': {
      const at = Date.parse(event.time);
      const ahead = event.step - progress.step;
      const same = progress.stage === event.stage && progress.steppedAt !== null && ahead > 0;
      const pace = same ? (at - progress.steppedAt!) / 1000 / ahead : NaN;
      // Where a step's time is not known there is no pace.
      const each = Number.isFinite(pace) ? pace : null;
      return {
        ...progress,
        stage: event.stage,
        step: event.step,
        steps: event.steps,
        imagesPerSecond: Number.isFinite(event.imagesPerSecond) ? event.imagesPerSecond : null,
        secondsPerStep:
          each === null
            ? progress.secondsPerStep
            : progress.secondsPerStep === null
              ? each
              : 0.8 * progress.secondsPerStep + 0.2 * each,
        steppedAt: Number.isNaN(at) ? null : at,
      };
    }
    case 'evaluation': {
      const { network, domain, dice } = event;
      return {
        ...progress,
        ...(event.stage === 'evaluate' ? { step: event.step } : {}),
        latest: { network, domain, dice },
      };
    }
    case 'log':
      return event.level === 'error' ? { ...progress, error: event.message } : progress;
    case 'run':
      return {
        ...noProgress,
        // Written by an older version, it has none.
        plan: (event as Partial<typeof event>).plan ?? oldPlan,
        finished: event.resumed ? progress.finished : {},
      };
    case 'cohort':
    case 'fsd':
    case 'graphs':
    case 'gradients':
    case 'signal':
    case 'gap':
    case 'finished':
    case 'cancelled':
      return progress;
  }
}

/** Steps of each stage in order; the evaluation, which no plan counts, has none. */
const plannedSteps = ({ plan }: RunProgress): Map<string, number> => {
  const steps = new Map(plan.stages.map((stage) => [stage.name, stage.steps]));
  return new Map(stageNames(plan).map((name) => [name, steps.get(name) ?? 0]));
};

/** Share of all steps that are done, 0 to 1; null where the run did not tell how many there are. */
export function shareDone(progress: RunProgress): number | null {
  const planned = plannedSteps(progress);
  const total = [...planned.values()].reduce((sum, steps) => sum + steps, 0);
  if (total === 0) return null;
  let done = 0;
  for (const [stage, steps] of planned)
    if (progress.finished[stage]) done += steps;
    else if (stage === progress.stage) done += Math.min(progress.step, steps);
  return done / total;
}

/**
 * Seconds until the run's end: the rest of the stage at its own pace, the stages to come at the slowest pace seen so far.
 * Null until a pace is known.
 */
export function secondsLeft(progress: RunProgress): number | null {
  const { stage, secondsPerStep } = progress;
  if (stage === null || secondsPerStep === null) return null;
  const planned = plannedSteps(progress);
  const names = [...planned.keys()];
  const paces = names.flatMap((name) => {
    const over = progress.finished[name];
    return over && over.steps > 0 && over.seconds > 0 ? [over.seconds / over.steps] : [];
  });
  const slowest = Math.max(secondsPerStep, ...paces);
  const ahead = names
    .slice(names.indexOf(stage) + 1)
    .filter((name) => !progress.finished[name])
    .reduce((sum, name) => sum + planned.get(name)!, 0);
  return (progress.steps - progress.step) * secondsPerStep + ahead * slowest;
}

/** One line: stage, step, the latest Dice. */
export function describeProgress(progress: RunProgress): string {
  const { stage, step, steps, latest } = progress;
  if (stage === null) return 'Reading the cohort';
  const dice =
    latest?.dice === undefined || latest.dice === null
      ? ''
      : ` · Dice ${latest.dice.toFixed(3)} (${latest.network}, ${latest.domain})`;
  return `${stageTitle(progress.plan, stage)}: ${step} of ${steps}${dice}`;
}
