import { expect, type Operator, type Value } from './graph';
import { add, div, mul, sqrt, sub } from './elementwise';
import { reduceMean, reduceSum } from './reduction';
import { reshape } from './shape';

const batchNormalizationOperator: Operator = {
  name: 'BatchNormalization',
  infer([x, ...statistics]) {
    const c = x.shape[1];
    expect(
      x.shape.length === 4 &&
        statistics.length === 4 &&
        statistics.every((s) => s.shape.length === 1 && s.shape[0] === c),
      'BatchNormalization',
      `an image [n, channels, rows, columns] and scale, shift, mean, variance [${c}]`,
      [x, ...statistics],
    );
    return [{ type: x.type, shape: x.shape }];
  },
  // With fixed statistics it is the affine map y = (x - mean) s + shift, s = scale / sqrt(variance + epsilon).
  gradient(node, [dy], needs) {
    const [x, scale, , mean, variance] = node.inputs;
    const g = x.graph;
    const c = x.shape[1];
    const perChannel = (v: Value) => reshape(v, [1, c, 1, 1]);
    const epsilon = (node.attributes['epsilon'] as { float: number }).float;
    const deviation = sqrt(add(variance, g.scalar(epsilon)));
    const flat = (v: Value) => reshape(reduceSum(v, [0, 2, 3]), [c]);
    return [
      needs[0] ? mul(dy!, perChannel(div(scale, deviation))) : null,
      needs[1] ? div(flat(mul(dy!, sub(x, perChannel(mean)))), deviation) : null,
      needs[2] ? flat(dy!) : null,
      null,
      null,
    ];
  },
};

export interface BatchNormalizationState {
  /** Trainable scale and shift, [channels]. */
  scale: Value;
  shift: Value;
  /** Running statistics, [channels]. */
  mean: Value;
  variance: Value;
}

/** Normalisation over batch and plane with the given statistics. */
export const batchNormalization = (x: Value, s: BatchNormalizationState, epsilon: number): Value =>
  x.graph.apply(batchNormalizationOperator, [x, s.scale, s.shift, s.mean, s.variance], {
    epsilon: { float: epsilon },
  });

/**
 * Normalisation with the batch's own statistics, as in training, composed of operators that have gradients. Returns the new
 * running statistics too: (1 - momentum) old + momentum batch, with the unbiased variance, as PyTorch does.
 */
export function batchNormalizationInTraining(
  x: Value,
  s: BatchNormalizationState,
  epsilon: number,
  momentum: number,
): { y: Value; mean: Value; variance: Value } {
  const g = x.graph;
  const [n, c, h, w] = x.shape;
  const count = n * h * w;
  expect(count > 1, 'BatchNormalization in training', 'more than one value per channel', [x]);
  const mean = reduceMean(x, [0, 2, 3]);
  const centred = sub(x, mean);
  const variance = reduceMean(mul(centred, centred), [0, 2, 3]);
  const factor = div(reshape(s.scale, [1, c, 1, 1]), sqrt(add(variance, g.scalar(epsilon))));
  const y = add(mul(centred, factor), reshape(s.shift, [1, c, 1, 1]));
  const running = (old: Value, batch: Value) =>
    add(mul(old, g.scalar(1 - momentum)), mul(reshape(batch, [c]), g.scalar(momentum)));
  return {
    y,
    mean: running(s.mean, mean),
    variance: running(s.variance, mul(variance, g.scalar(count / (count - 1)))),
  };
}
