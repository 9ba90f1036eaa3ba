import Type, { type Static, type TObject, type TProperties, type TSchemaOptions } from 'typebox';
import { add, div, mul, sqrt, sub } from '../graph/operators/elementwise';
import type { Graph, Value } from '../graph/graph';
import { joined, keptBeside, namedParts, type WeightGroup } from './weight-groups';
import { anyOf, forms, settings, type Chosen, type Named } from '../options';

/** An optimiser: what one of its steps adds to a graph, and what that takes at each run. */
interface Optimizer<N extends string = string, P extends TProperties = TProperties> extends Named<
  N,
  P
> {
  /** The next value of `weight`, and those of the optimiser's own by their slots' names, from the present ones. */
  step(tensors: Tensors, options: Static<TObject<P>>): Readonly<Record<string, Value>>;
  /** Inputs beside the learning rate at step `step` (from 0). */
  factors(options: Static<TObject<P>>, step: number, rate: number): Record<string, number>;
}

/** Whatever several weights have, in one tensor of their elements. */
interface Tensors {
  graph: Graph;
  weight: Value;
  gradient: Value;
  /** A value of the optimiser's own, which starts at zero. */
  slot: (name: string) => Value;
  /** A number that each run is given; `learningRate` is one for all optimisers. */
  factor: (name: string) => Value;
}

const optimizer = <const N extends string, P extends TProperties>(
  it: Optimizer<N, P>,
): Optimizer<N, P> => it;

/** What an optimiser's step takes at each run, by the names of the graph's inputs. */
export interface StepFactors {
  [input: string]: Float32Array;
}

const weightDecay = Type.Number({
  markdownDescription: 'L2 weight decay (decoupled for `adamw`).',
  default: 0,
  minimum: 0,
});
const decay = (about: TSchemaOptions) => Type.Number({ ...about, minimum: 0, exclusiveMaximum: 1 });
const adamOptions = {
  beta1: decay({ markdownDescription: 'Decay of the first moment.', default: 0.9 }),
  beta2: decay({ markdownDescription: 'Decay of the second moment.', default: 0.999 }),
  epsilon: Type.Number({
    markdownDescription: 'Added to the denominator.',
    default: 1e-8,
    exclusiveMinimum: 0,
  }),
  weightDecay,
};
type AdamOptions = Static<TObject<typeof adamOptions>>;

/** Adam: weight decay is added to the gradient (`coupled`), or apart from it. */
const adamStep =
  (coupled: boolean) =>
  (
    { graph, weight, gradient, slot, factor }: Tensors,
    { beta1, beta2, epsilon, weightDecay }: AdamOptions,
  ) => {
    const constant = (value: number) => graph.scalar(value);
    const g =
      coupled && weightDecay > 0 ? add(gradient, mul(weight, constant(weightDecay))) : gradient;
    const first = add(mul(slot('first'), constant(beta1)), mul(g, constant(1 - beta1)));
    const second = add(mul(slot('second'), constant(beta2)), mul(mul(g, g), constant(1 - beta2)));
    const step = div(
      mul(first, factor('correctedRate')),
      add(mul(sqrt(second), factor('secondCorrection')), constant(epsilon)),
    );
    const kept = sub(constant(1), mul(factor('learningRate'), constant(weightDecay)));
    const decayed = !coupled && weightDecay > 0 ? mul(weight, kept) : weight;
    return { weight: sub(decayed, step), first, second };
  };

/** Corrected for the zero start: lr / (1 - beta1^t) and 1 / sqrt(1 - beta2^t). */
const adamFactors = ({ beta1, beta2 }: AdamOptions, step: number, rate: number) => ({
  correctedRate: rate / (1 - beta1 ** (step + 1)),
  secondCorrection: 1 / Math.sqrt(1 - beta2 ** (step + 1)),
});

/** Kingma and Ba, 2015. */
const adam = optimizer({
  name: 'adam',
  title: 'Adam',
  options: settings(adamOptions, { markdownDescription: 'Adam, with L2 weight decay.' }),
  step: adamStep(true),
  factors: adamFactors,
});

/** Loshchilov and Hutter, 2019. */
const adamW = optimizer({
  name: 'adamw',
  title: 'AdamW',
  options: settings(adamOptions, { markdownDescription: 'AdamW, with decoupled weight decay.' }),
  step: adamStep(false),
  factors: adamFactors,
});

/** With (Nesterov) momentum as in PyTorch. */
const sgd = optimizer({
  name: 'sgd',
  title: 'SGD',
  options: settings(
    {
      momentum: decay({ markdownDescription: 'Momentum.', default: 0.9 }),
      nesterov: Type.Boolean({ default: false, markdownDescription: "Nesterov's momentum." }),
      weightDecay,
    },
    { markdownDescription: 'Stochastic gradient descent.' },
  ),
  step(
    { graph, weight, gradient, slot, factor },
    { momentum, nesterov, weightDecay },
  ): Record<string, Value> {
    const constant = (value: number) => graph.scalar(value);
    const rate = factor('learningRate');
    const g = weightDecay ? add(gradient, mul(weight, constant(weightDecay))) : gradient;
    if (momentum === 0) return { weight: sub(weight, mul(g, rate)) };
    const velocity = add(mul(slot('velocity'), constant(momentum)), g);
    const direction = nesterov ? add(g, mul(velocity, constant(momentum))) : velocity;
    return { weight: sub(weight, mul(direction, rate)), velocity };
  },
  factors: () => ({}),
});

/** The optimisers that a config can choose. */
const optimizers = [adam, adamW, sgd] as const;

/** An optimiser with its options, by `name`. */
export type OptimizerConfig = Chosen<'name', (typeof optimizers)[number]>;

export const optimizerChoice = anyOf(forms('name', optimizers), {
  markdownDescription: 'The optimiser.',
  default: { name: 'adam' },
});

const optimizerOf = (config: OptimizerConfig): Optimizer =>
  optimizers.find(({ name }) => name === config.name)!;

/**
 * Appends one optimiser step to a graph: for each weight's gradient the weight's next value, and those of the optimiser's own
 * state, whose parameters are `<weight>@<slot>` and start at zero.
 */
export function optimizerStep(
  graph: Graph,
  groups: readonly WeightGroup[],
  config: OptimizerConfig,
): Map<string, Value> {
  const next = new Map<string, Value>();
  const factors = new Map<string, Value>();
  const factor = (name: string) => {
    const input = factors.get(name) ?? graph.input(name, 'float32', []);
    factors.set(name, input);
    return input;
  };
  factor('learningRate');
  for (const { names, gradient } of groups) {
    const weights = names.map((name) => graph.parameters.get(name)!.value);
    const slot = (of: string) => joined(keptBeside(graph, names, weights, of));
    const tensors = { graph, weight: joined(weights), gradient, slot, factor };
    for (const [of, value] of Object.entries(optimizerOf(config).step(tensors, config))) {
      const named = of === 'weight' ? names : names.map((name) => `${name}@${of}`);
      for (const [name, part] of namedParts(value, named, weights)) next.set(name, part);
    }
  }
  return next;
}

/** The optimiser's inputs at step `step` (from 0) for a learning rate. */
export const stepFactors = (
  config: OptimizerConfig,
  step: number,
  learningRate: number,
): StepFactors =>
  Object.fromEntries(
    Object.entries({
      learningRate,
      ...optimizerOf(config).factors(config, step, learningRate),
    }).map(([name, value]) => [name, Float32Array.of(value)]),
  );
