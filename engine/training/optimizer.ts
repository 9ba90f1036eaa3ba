import type { TrainingConfig } from '../config/config';
import { add, div, mul, sqrt, sub } from '../graph/elementwise';
import type { Graph, Value } from '../graph/graph';

type OptimizerConfig = TrainingConfig['optimizer'];

/** What an optimiser's step takes at each run, by the names of the graph's inputs. */
export interface StepFactors {
  [input: string]: Float32Array;
}

/**
 * Appends one optimiser step to a graph: for each weight's gradient the weight's next value, and those of the optimiser's own
 * state, whose parameters are `<weight>@<slot>` and start at zero.
 * Adam: Kingma and Ba, 2015, with L2 weight decay added to the gradient; AdamW: Loshchilov and Hutter, 2019, with decay apart
 * from it; SGD with (Nesterov) momentum as in PyTorch.
 */
export function optimizerStep(
  graph: Graph,
  weightGradients: ReadonlyMap<string, Value>,
  config: OptimizerConfig,
): Map<string, Value> {
  const next = new Map<string, Value>();
  const constant = (value: number) => graph.scalar(value);
  const slot = (name: string, weight: Value) =>
    graph.parameter(name, weight.shape, { kind: 'constant', value: 0 }, { trainable: false });
  const rate = graph.input('learningRate', 'float32', []);
  if (config.name === 'sgd') {
    for (const [name, gradient] of weightGradients) {
      const w = graph.parameters.get(name)!.value;
      const g = config.weightDecay ? add(gradient, mul(w, constant(config.weightDecay))) : gradient;
      if (config.momentum === 0) {
        next.set(name, sub(w, mul(g, rate)));
        continue;
      }
      const velocity = slot(`${name}@velocity`, w);
      const v = add(mul(velocity, constant(config.momentum)), g);
      next.set(velocity.name, v);
      const direction = config.nesterov ? add(g, mul(v, constant(config.momentum))) : v;
      next.set(name, sub(w, mul(direction, rate)));
    }
    return next;
  }
  // Corrected for the zero start: lr / (1 - beta1^t) and 1 / sqrt(1 - beta2^t).
  const correctedRate = graph.input('correctedRate', 'float32', []);
  const secondCorrection = graph.input('secondCorrection', 'float32', []);
  const { beta1, beta2, epsilon, weightDecay } = config;
  for (const [name, gradient] of weightGradients) {
    const w = graph.parameters.get(name)!.value;
    const first = slot(`${name}@first`, w);
    const second = slot(`${name}@second`, w);
    const coupled = config.name === 'adam' && weightDecay > 0;
    const g = coupled ? add(gradient, mul(w, constant(weightDecay))) : gradient;
    const m = add(mul(first, constant(beta1)), mul(g, constant(1 - beta1)));
    const v = add(mul(second, constant(beta2)), mul(mul(g, g), constant(1 - beta2)));
    next.set(first.name, m);
    next.set(second.name, v);
    const step = div(mul(m, correctedRate), add(mul(sqrt(v), secondCorrection), constant(epsilon)));
    const decayed =
      config.name === 'adamw' && weightDecay > 0
        ? mul(w, sub(constant(1), mul(rate, constant(weightDecay))))
        : w;
    next.set(name, sub(decayed, step));
  }
  return next;
}

/** The optimiser's inputs at step `step` (from 0) for a learning rate. */
export function stepFactors(
  config: OptimizerConfig,
  step: number,
  learningRate: number,
): StepFactors {
  const scalar = (value: number) => Float32Array.of(value);
  if (config.name === 'sgd') return { learningRate: scalar(learningRate) };
  return {
    learningRate: scalar(learningRate),
    correctedRate: scalar(learningRate / (1 - config.beta1 ** (step + 1))),
    secondCorrection: scalar(1 / Math.sqrt(1 - config.beta2 ** (step + 1))),
  };
}
