import Type, { type Static, type TObject, type TProperties, type TSchemaOptions } from 'typebox';
import { add, div, mul, sqrt, sub } from '../graph/operators/elementwise';
import type { Graph, Value } from '../graph/graph';
import { anyOf, forms, settings, type Chosen, type Named } from '../options';

/** An optimiser: what one of its steps adds to a graph, and what that takes at each run. */
interface Optimizer<N extends string = string, P extends TProperties = TProperties> extends Named<
  N,
  P
> {
  /** See `optimizerStep`; `rate` is the graph's input `learningRate`. */
  append(
    graph: Graph,
    gradients: ReadonlyMap<string, Value>,
    rate: Value,
    options: Static<TObject<P>>,
  ): Map<string, Value>;
  /** Inputs beside the learning rate at step `step` (from 0). */
  factors(options: Static<TObject<P>>, step: number, rate: number): Record<string, number>;
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

/** A value of the optimiser's own for a weight, which starts at zero. */
const slot = (graph: Graph, name: string, weight: Value) =>
  graph.parameter(name, weight.shape, { kind: 'constant', value: 0 }, { trainable: false });

/** Adam: weight decay is added to the gradient (`coupled`), or apart from it. */
const adamStep =
  (coupled: boolean) =>
  (
    graph: Graph,
    gradients: ReadonlyMap<string, Value>,
    rate: Value,
    { beta1, beta2, epsilon, weightDecay }: AdamOptions,
  ): Map<string, Value> => {
    const next = new Map<string, Value>();
    const constant = (value: number) => graph.scalar(value);
    const correctedRate = graph.input('correctedRate', 'float32', []);
    const secondCorrection = graph.input('secondCorrection', 'float32', []);
    for (const [name, gradient] of gradients) {
      const w = graph.parameters.get(name)!.value;
      const first = slot(graph, `${name}@first`, w);
      const second = slot(graph, `${name}@second`, w);
      const g =
        coupled && weightDecay > 0 ? add(gradient, mul(w, constant(weightDecay))) : gradient;
      const m = add(mul(first, constant(beta1)), mul(g, constant(1 - beta1)));
      const v = add(mul(second, constant(beta2)), mul(mul(g, g), constant(1 - beta2)));
      next.set(first.name, m);
      next.set(second.name, v);
      const step = div(
        mul(m, correctedRate),
        add(mul(sqrt(v), secondCorrection), constant(epsilon)),
      );
      const decayed =
        !coupled && weightDecay > 0
          ? mul(w, sub(constant(1), mul(rate, constant(weightDecay))))
          : w;
      next.set(name, sub(decayed, step));
    }
    return next;
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
  append: adamStep(true),
  factors: adamFactors,
});

/** Loshchilov and Hutter, 2019. */
const adamW = optimizer({
  name: 'adamw',
  title: 'AdamW',
  options: settings(adamOptions, { markdownDescription: 'AdamW, with decoupled weight decay.' }),
  append: adamStep(false),
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
  append(graph, gradients, rate, { momentum, nesterov, weightDecay }) {
    const next = new Map<string, Value>();
    const constant = (value: number) => graph.scalar(value);
    for (const [name, gradient] of gradients) {
      const w = graph.parameters.get(name)!.value;
      const g = weightDecay ? add(gradient, mul(w, constant(weightDecay))) : gradient;
      if (momentum === 0) {
        next.set(name, sub(w, mul(g, rate)));
        continue;
      }
      const velocity = slot(graph, `${name}@velocity`, w);
      const v = add(mul(velocity, constant(momentum)), g);
      next.set(velocity.name, v);
      const direction = nesterov ? add(g, mul(v, constant(momentum))) : v;
      next.set(name, sub(w, mul(direction, rate)));
    }
    return next;
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
export const optimizerStep = (
  graph: Graph,
  weightGradients: ReadonlyMap<string, Value>,
  config: OptimizerConfig,
): Map<string, Value> => {
  const rate = graph.input('learningRate', 'float32', []);
  return optimizerOf(config).append(graph, weightGradients, rate, config);
};

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
