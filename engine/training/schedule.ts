import Type, { type Static, type TObject, type TProperties } from 'typebox';
import { anyOf, forms, settings, type Chosen, type Named } from '../options';

/** A course of the learning rate. */
interface Schedule<N extends string = string, P extends TProperties = TProperties> extends Named<
  N,
  P
> {
  /**
   * The factor of the base rate at `step` (from 0) of `steps`, where the share `done` of the steps after the warm-up is done,
   * 0 to below 1.
   */
  factor(options: Static<TObject<P>>, done: number, step: number, steps: number): number;
}

const schedule = <const N extends string, P extends TProperties>(
  it: Schedule<N, P>,
): Schedule<N, P> => it;

const constant = schedule({
  name: 'constant',
  title: 'Constant',
  options: settings({}, { markdownDescription: 'The base rate throughout.' }),
  factor: () => 1,
});

const cosine = schedule({
  name: 'cosine',
  title: 'Cosine',
  options: settings(
    {
      final: Type.Number({
        markdownDescription: 'Last rate, as a share of the base.',
        default: 0,
        minimum: 0,
        maximum: 1,
      }),
    },
    { markdownDescription: 'Half a cosine.' },
  ),
  factor: ({ final }, done) => final + (1 - final) * 0.5 * (1 + Math.cos(Math.PI * done)),
});

const polynomial = schedule({
  name: 'polynomial',
  title: 'Polynomial',
  options: settings(
    {
      power: Type.Number({ markdownDescription: 'Exponent.', default: 0.9, exclusiveMinimum: 0 }),
    },
    { markdownDescription: '(1 - t)^power.' },
  ),
  factor: ({ power }, done) => (1 - done) ** power,
});

/** Milestones are shares of the whole, warm-up included. */
const step = schedule({
  name: 'step',
  title: 'Step',
  options: settings(
    {
      milestones: Type.Array(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 }), {
        default: [0.25, 0.5, 0.75],
        markdownDescription: 'Shares of the stage.',
      }),
      gamma: Type.Number({
        markdownDescription: 'Factor at each milestone.',
        default: 0.1,
        exclusiveMinimum: 0,
        maximum: 1,
      }),
    },
    { markdownDescription: 'Falls by a factor at milestones.' },
  ),
  factor: ({ milestones, gamma }, _, at, steps) =>
    gamma ** milestones.filter((m) => at >= m * steps).length,
});

/** The schedules that a config can choose. */
const schedules = [constant, cosine, polynomial, step] as const;

/** What all of them have beside their own options. */
const shared = {
  warmup: Type.Integer({
    markdownDescription: 'Steps of linear warm-up.',
    default: 0,
    minimum: 0,
  }),
};

/** A schedule with its options, by `name`. */
export type ScheduleConfig = Chosen<'name', (typeof schedules)[number], typeof shared>;

export const scheduleChoice = anyOf(forms('name', schedules, shared), {
  markdownDescription: 'The learning rate over a stage.',
  default: { name: 'polynomial', power: 0.9 },
});

/**
 * The learning rate at `step` (from 0) of `steps`: a linear warm-up over the schedule's first steps, then the base rate times
 * the schedule's factor.
 */
export function learningRateAt(
  config: ScheduleConfig,
  base: number,
  step: number,
  steps: number,
): number {
  const { warmup } = config;
  if (step < warmup) return (base * (step + 1)) / (warmup + 1);
  const done = (step - warmup) / Math.max(1, steps - warmup);
  const chosen: Schedule = schedules.find(({ name }) => name === config.name)!;
  return base * chosen.factor(config, done, step, steps);
}
