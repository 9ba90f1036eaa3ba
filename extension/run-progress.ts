import { stageOrder, type Stage, type TimedEvent } from '../engine/presentation/history';
import { formatDuration, stageTitles } from '../engine/presentation/titles';

export { formatDuration, stageOrder, stageTitles, type Stage as RunStage, type TimedEvent };

/** How far a run is, made up from its events alone. */
export interface RunProgress {
  stage: Stage | null;
  step: number;
  steps: number;
  /** Stages that are over, each with what it took; 0 seconds where it was skipped. */
  finished: Partial<Record<Stage, { steps: number; seconds: number }>>;
  /** Latest Dice by domain and network. */
  dice: Record<string, Partial<Record<string, number | null>>>;
  /** Latest evaluation, for one line of text. */
  latest: { network: string; domain: string; dice: number | null } | null;
  imagesPerSecond: number | null;
  device: { device: string; name: string; threads: number; note?: string } | null;
  /** Smoothed seconds a step of the stage at work. */
  secondsPerStep: number | null;
  /** Time of the last step, in milliseconds since the epoch. */
  steppedAt: number | null;
  /** Last error the engine reported. */
  error: string | null;
}

export const noProgress: RunProgress = {
  stage: null,
  step: 0,
  steps: 0,
  finished: {},
  dice: {},
  latest: null,
  imagesPerSecond: null,
  device: null,
  secondsPerStep: null,
  steppedAt: null,
  error: null,
};

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
      if (state === 'finished' || state === 'skipped')
        return {
          ...progress,
          stage,
          step: steps,
          steps,
          finished: {
            ...progress.finished,
            [stage]: { steps, seconds: state === 'skipped' ? 0 : (event.seconds ?? 0) },
          },
        };
      return { ...progress, stage, step, steps, secondsPerStep: null, steppedAt: null };
    }
    case 'step': {
      const at = Date.parse(event.time);
      const ahead = event.step - progress.step;
      const same = progress.stage === event.stage && progress.steppedAt !== null && ahead > 0;
      const each = same ? (at - progress.steppedAt!) / 1000 / ahead : null;
      return {
        ...progress,
        stage: event.stage,
        step: event.step,
        steps: event.steps,
        imagesPerSecond: event.imagesPerSecond,
        secondsPerStep:
          each === null
            ? progress.secondsPerStep
            : progress.secondsPerStep === null
              ? each
              : 0.8 * progress.secondsPerStep + 0.2 * each,
        steppedAt: at,
      };
    }
    case 'evaluation': {
      const { network, domain, dice } = event;
      return {
        ...progress,
        ...(event.stage === 'evaluate' ? { step: event.step } : {}),
        dice: { ...progress.dice, [domain]: { ...progress.dice[domain], [network]: dice } },
        latest: { network, domain, dice },
      };
    }
    case 'log':
      return event.level === 'error' ? { ...progress, error: event.message } : progress;
    case 'run':
      return { ...noProgress, finished: event.resumed ? progress.finished : {} };
    case 'cohort':
    case 'fsd':
    case 'graphs':
    case 'gradients':
    case 'finished':
    case 'cancelled':
      return progress;
  }
}

/** Steps of each stage, as the config asks for them. */
export type StagePlan = Partial<Record<Stage, number>>;

/** Share of all steps that are done, 0 to 1; null where no plan is known. */
export function shareDone(progress: RunProgress, plan: StagePlan): number | null {
  const total = stageOrder.reduce((sum, stage) => sum + (plan[stage] ?? 0), 0);
  if (total === 0) return null;
  const done = stageOrder.reduce(
    (sum, stage) =>
      sum +
      (progress.finished[stage]
        ? (plan[stage] ?? 0)
        : stage === progress.stage
          ? Math.min(progress.step, plan[stage] ?? 0)
          : 0),
    0,
  );
  return done / total;
}

/**
 * Seconds until the run's end: the rest of the stage at its own pace, the stages to come at the slowest pace seen so far.
 * Null until a pace is known.
 */
export function secondsLeft(progress: RunProgress, plan: StagePlan): number | null {
  const { stage, secondsPerStep } = progress;
  if (stage === null || secondsPerStep === null) return null;
  const paces = stageOrder.flatMap((name) => {
    const over = progress.finished[name];
    return over && over.steps > 0 && over.seconds > 0 ? [over.seconds / over.steps] : [];
  });
  const slowest = Math.max(secondsPerStep, ...paces);
  const ahead = stageOrder
    .slice(stageOrder.indexOf(stage) + 1)
    .filter((name) => !progress.finished[name])
    .reduce((sum, name) => sum + (plan[name] ?? 0), 0);
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
  return `${stageTitles[stage]}: ${step} of ${steps}${dice}`;
}
