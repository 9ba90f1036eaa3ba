import { ancestors, expect, type Node, type Operator, type TensorType, type Value } from '../graph';
import { add, div, mul, neg, sqrt } from './elementwise';
import { reduceMean, reduceSum } from './reduction';
import { reshape } from './shape';

export interface BatchNormalizationState {
  /** Trainable scale and shift, [channels]. */
  scale: Value;
  shift: Value;
  /** Statistics to normalise with, [channels]. */
  mean: Value;
  variance: Value;
}

type BatchNormalizationAttributes = { readonly epsilon: number };

function infer([x, ...statistics]: readonly TensorType[]): TensorType[] {
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
}

/** (x - mean) / sqrt(variance + epsilon), and what its gradients need. */
function parts(node: Node<BatchNormalizationAttributes>, dy: Value) {
  const [x, scale, , mean, variance] = node.inputs;
  const g = x.graph;
  const c = x.shape[1];
  const { epsilon } = node.attributes;
  const normalized = batchNormalization(
    x,
    { scale: ones(x), shift: zeros(x), mean, variance },
    epsilon,
  );
  const perChannel = (v: Value) => reshape(reduceSum(v, [0, 2, 3]), [c]);
  return {
    normalized,
    /** scale / standard deviation, [c] */
    factor: div(scale, sqrt(add(variance, g.scalar(epsilon)))),
    scaleGradient: perChannel(mul(dy, normalized)),
    shiftGradient: perChannel(dy),
  };
}

/** True for statistics that the graph computes from the values that they normalise. */
const ofBatch = ([x, , , mean]: readonly Value[]) =>
  [...ancestors([mean])].some((node) => node.inputs.includes(x));

/**
 * With fixed statistics it is an affine map of each channel. With the batch's own mean and variance the gradient in x is the
 * total one, through them too: dx = factor (dy - mean(dy) - normalized mean(dy normalized)). In either case none is left for the
 * statistics themselves.
 */
const batchNormalizationOperator: Operator<BatchNormalizationAttributes> = {
  name: 'BatchNormalization',
  attributes: { epsilon: 'float' },
  infer,
  gradient(node, [dy], needs) {
    const p = parts(node, dy);
    const [x] = node.inputs;
    const inImage = () => {
      if (!ofBatch(node.inputs)) return affine(dy, p.factor, null);
      const share = x.graph.scalar(-x.shape[1] / x.size);
      const towards = (sum: Value) => mul(mul(p.factor, sum), share);
      return add(
        affine(dy, p.factor, towards(p.shiftGradient)),
        affine(p.normalized, towards(p.scaleGradient), null),
      );
    };
    return [needs[0] ? inImage() : null, p.scaleGradient, p.shiftGradient, null, null];
  },
};

const ones = (x: Value) => x.graph.constant(new Float32Array(x.shape[1]).fill(1), [x.shape[1]]);
const zeros = (x: Value) => x.graph.constant(new Float32Array(x.shape[1]), [x.shape[1]]);

/** x times a factor per channel plus a shift per channel, in one pass over x. */
const affine = (x: Value, factor: Value, shift: Value | null): Value =>
  batchNormalization(
    x,
    { scale: factor, shift: shift ?? zeros(x), mean: zeros(x), variance: ones(x) },
    0,
  );

/**
 * Normalisation of x [n, channels, rows, columns] with the given statistics. They are taken as constants, unless they are
 * computed from x, as in training.
 */
export const batchNormalization = (x: Value, s: BatchNormalizationState, epsilon: number): Value =>
  x.graph.apply(batchNormalizationOperator, [x, s.scale, s.shift, s.mean, s.variance], {
    epsilon,
  });

/**
 * Normalisation with the batch's own statistics, as in training. Returns the new running statistics too:
 * (1 - momentum) old + momentum batch, with the unbiased variance, as PyTorch does.
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
  const mean = reshape(reduceMean(x, [0, 2, 3]), [c]);
  const centred = affine(x, ones(x), neg(mean));
  const variance = reshape(reduceMean(mul(centred, centred), [0, 2, 3]), [c]);
  const running = (old: Value, batch: Value) =>
    add(mul(old, g.scalar(1 - momentum)), mul(batch, g.scalar(momentum)));
  return {
    y: batchNormalization(x, { ...s, mean, variance }, epsilon),
    mean: running(s.mean, mean),
    variance: running(s.variance, mul(variance, g.scalar(count / (count - 1)))),
  };
}

export const normalizationOperators = [batchNormalizationOperator];
