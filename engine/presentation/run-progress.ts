import type { EventOf, TimedEvent } from '../contract/events';
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
  expected: null,
  pace: { expected: 0, actual: 0 },
  began: null,
  heardAt: null,
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
    case 'estimate': {
      const { stages } = event;
      const steps = new Map(stages.map((stage) => [stage.stage, stage.steps]));
      const named = progress.plan.stages.map((stage) => ({
        ...stage,
        steps: steps.get(stage.name) ?? stage.steps,
      }));
      return {
        ...progress,
        plan: { ...progress.plan, stages: named },
        expected: Object.fromEntries(
          // Preparation comes before it, and is over.
          stages.flatMap(({ stage, seconds }) => (stage === 'prepare' ? [] : [[stage, seconds]])),
        ),
        pace: { expected: 0, actual: 0 },
      };
    }
    case 'stage': {
      const { stage, state, step, steps } = event;
      const at = timeOf(event);
      if (state === 'finished' || state === 'skipped') {
        const seconds = state === 'skipped' ? 0 : (event.seconds ?? 0);
        const isOneMore = !Object.hasOwn(progress.finished, stage);
        const finished =
          isOneMore && Object.keys(progress.finished).length >= mostStages
            ? progress.finished
            : { ...progress.finished, [stage]: { steps, seconds } };
        const { began } = progress;
        const took =
          state === 'finished' && began && at !== null
            ? began.before + (at - began.time) / 1000
            : null;
        const pace =
          took !== null && took >= 0 && stage === progress.stage
            ? {
                expected: progress.pace.expected + expectedOf(progress, stage),
                actual: progress.pace.actual + took,
              }
            : progress.pace;
        return { ...progress, stage, step: steps, steps, finished, pace, began: null, heardAt: at };
      }
      return {
        ...progress,
        stage,
        step,
        steps,
        began: at === null ? null : { step, time: at, before: 0 },
        heardAt: at,
        secondsPerStep: null,
        steppedAt: null,
      };
    }
    case 'step': {
      const at = timeOf(event) ?? NaN;
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
        began: atFirstStep(progress, event),
        heardAt: Number.isNaN(at) ? progress.heardAt : at,
      };
    }
    case 'evaluation': {
      const { network, domain, dice } = event;
      return {
        ...progress,
        ...(event.stage === 'evaluate' ? { step: event.step } : {}),
        ...(event.stage === progress.stage ? { heardAt: timeOf(event) ?? progress.heardAt } : {}),
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

/** In milliseconds since the epoch; null where the event does not say. */
const timeOf = ({ time }: TimedEvent): number | null => {
  const at = Date.parse(time);
  return Number.isNaN(at) ? null : at;
};

/** A stage's programs are compiled before its first step, which tells nothing of how long the others take. */
function atFirstStep(progress: RunProgress, event: EventOf<'step'>): RunProgress['began'] {
  const { began, stage, steppedAt } = progress;
  const time = timeOf(event);
  const isFirst = began !== null && steppedAt === null && stage === event.stage && time !== null;
  return isFirst ? { step: event.step, time, before: (time - began.time) / 1000 } : began;
}

const expectedOf = ({ expected }: RunProgress, stage: string): number =>
  expected && Object.hasOwn(expected, stage) ? Math.max(0, expected[stage]) : 0;

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
 * Seconds until the run's end. Of a run that said what it will take, by that, scaled as the stages did that are over and the one at
 * work; of others see `secondsLeftByPace`. Null until either is known.
 */
export function secondsLeft(progress: RunProgress): number | null {
  const { expected } = progress;
  const total = Object.keys(expected ?? {}).reduce((sum, n) => sum + expectedOf(progress, n), 0);
  return total > 0 ? secondsLeftOf(progress, total) : secondsLeftByPace(progress);
}

/** What was expected counts as so much of what was seen, in shares of the whole and of a stage, so that the first steps decide little. */
const weightOfWhole = 0.05;
const weightOfStage = 0.1;

function secondsLeftOf(progress: RunProgress, total: number): number {
  const { stage, step, steps, began, heardAt, pace, finished } = progress;
  const prior = weightOfWhole * total;
  const isAtWork = began !== null && heardAt !== null && stage !== null;
  const whole = isAtWork ? expectedOf(progress, stage) : 0;
  const share = isAtWork
    ? Math.min(1, Math.max(0, (step - began.step) / Math.max(1, steps - began.step)))
    : 0;
  const spent = isAtWork ? Math.max(0, (heardAt - began.time) / 1000) : 0;
  // How often what was expected: of the stages before, of this one, and of all so far.
  const before = (pace.actual + prior) / (pace.expected + prior);
  const counted = (share + weightOfStage) * whole;
  const own = counted > 0 ? (spent + weightOfStage * whole * before) / counted : before;
  // Time of a step that is not over yet is not known to be more than was expected.
  const now = share > 0 ? Math.max(0, own) : before;
  const all = (pace.actual + spent + prior) / (pace.expected + share * whole + prior);
  const ahead = Object.keys(progress.expected!)
    .filter((name) => !finished[name] && !(isAtWork && name === stage))
    .reduce((sum, name) => sum + expectedOf(progress, name), 0);
  return (1 - share) * whole * now + ahead * all;
}

/** The rest of the stage at its own pace, the stages to come at the slowest pace seen so far; null until a pace is known. */
function secondsLeftByPace(progress: RunProgress): number | null {
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
