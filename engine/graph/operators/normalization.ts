import { expect, type Operator, type TensorType, type Value } from '../graph';
import { add, div, expand, mul, neg, sqrt } from './elementwise';
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

/**
 * Normalisation with given statistics: an affine map of each channel. No gradient is left for the statistics, which are taken as
 * constants.
 */
const batchNormalizationOperator: Operator<BatchNormalizationAttributes> = {
  name: 'BatchNormalization',
  attributes: { epsilon: 'float' },
  infer,
  gradient(node, [dy], needs) {
    const [x, scale, , mean, variance] = node.inputs;
    const inverse = inverseDeviation(variance, node.attributes.epsilon);
    return [
      needs[0] ? affine(dy, mul(scale, inverse), null) : null,
      needs[1] ? mul(sumOfChannel(mul(dy, affine(x, ones(x), neg(mean)))), inverse) : null,
      needs[2] ? sumOfChannel(dy) : null,
      null,
      null,
    ];
  },
};

/**
 * Normalisation of x with the mean and the variance of its own channels, from x, scale and shift; the second and third outputs
 * are these two (the variance over n, not n - 1).
 */
const batchNormalizationInTrainingOperator: Operator<BatchNormalizationAttributes> = {
  name: 'BatchNormalizationInTraining',
  domain: 'meddistill',
  attributes: { epsilon: 'float' },
  infer([x, scale, shift]) {
    const [y] = infer([x, scale, shift, scale, shift]);
    return [y, scale, scale];
  },
  broadcastsGradient: true,
  gradient(node, [dy, dMean, dVariance], needs) {
    const [x, scale, shift] = node.inputs;
    const [y, mean, variance] = node.outputs;
    const g = x.graph;
    const [dx, dScale, dShift] = g.add(
      batchNormalizationGradientOperator,
      [x, scale, mean, variance, expand(dy, y.shape)],
      node.attributes,
    );
    if (!needs[0]) return [null, dScale, dShift];
    // Seldom asked for: the way through the statistics themselves, mean and variance as results.
    const share = (gradient: Value, factor: number) =>
      mul(reshape(expand(gradient, shift.shape), [1, shift.size, 1, 1]), g.scalar(factor));
    let inImage = dx;
    if (!isZero(dMean)) inImage = add(inImage, share(dMean, shift.size / x.size));
    if (!isZero(dVariance))
      inImage = add(
        inImage,
        mul(affine(x, ones(x), neg(mean)), share(dVariance, (2 * shift.size) / x.size)),
      );
    return [inImage, dScale, dShift];
  },
  expand({ attributes: { epsilon } }, [x, scale, shift]) {
    const c = x.shape[1];
    const mean = reshape(reduceMean(x, [0, 2, 3]), [c]);
    const centred = affine(x, ones(x), neg(mean));
    const variance = reshape(reduceMean(mul(centred, centred), [0, 2, 3]), [c]);
    return [batchNormalization(x, { scale, shift, mean, variance }, epsilon), mean, variance];
  },
};

/**
 * The gradients of normalisation with the batch's own statistics in x, scale and shift, from x, scale, mean, variance and dy. That in
 * x is the total one, through the statistics too: with x centred on its mean and i = 1 / sqrt(variance + epsilon),
 * dx = scale i (dy - mean(dy) - centred i^2 mean(dy centred)).
 */
const batchNormalizationGradientOperator: Operator<BatchNormalizationAttributes> = {
  name: 'BatchNormalizationGradient',
  domain: 'meddistill',
  attributes: { epsilon: 'float' },
  infer: ([x, scale]) => [x, scale, scale],
  expand({ attributes: { epsilon } }, [x, scale, mean, variance, dy]) {
    const centred = affine(x, ones(x), neg(mean));
    const sums = { ofGradient: sumOfChannel(dy), ofProduct: sumOfChannel(mul(dy, centred)) };
    const g = gradientFactors(x, scale, variance, epsilon, sums);
    return [
      add(affine(dy, g.ofGradient, g.constant), affine(centred, g.ofCentred, null)),
      g.inScale,
      sums.ofGradient,
    ];
  },
};

/** The gradient in x is ofGradient dy + ofCentred centred + constant, each [channels]; beside it the one in scale. */
export function gradientFactors(
  x: Value,
  scale: Value,
  variance: Value,
  epsilon: number,
  sums: { ofGradient: Value; ofProduct: Value },
) {
  const inverse = inverseDeviation(variance, epsilon);
  const share = x.graph.scalar(-x.shape[1] / x.size);
  const ofGradient = mul(scale, inverse);
  const inScale = mul(sums.ofProduct, inverse);
  return {
    ofGradient,
    ofCentred: mul(mul(mul(ofGradient, inverse), inScale), share),
    constant: mul(mul(ofGradient, sums.ofGradient), share),
    inScale,
  };
}

/** 1 / sqrt(variance + epsilon) */
export const inverseDeviation = (variance: Value, epsilon: number): Value =>
  div(variance.graph.scalar(1), sqrt(add(variance, variance.graph.scalar(epsilon))));

/** [n, channels, rows, columns] -> [channels] */
const sumOfChannel = (x: Value): Value => reshape(reduceSum(x, [0, 2, 3]), [x.shape[1]]);

const isZero = (x: Value): boolean =>
  x.graph.constants.get(x)?.every((value: number | bigint) => Number(value) === 0) ?? false;

const ones = (x: Value) => x.graph.constant(new Float32Array(x.shape[1]).fill(1), [x.shape[1]]);
const zeros = (x: Value) => x.graph.constant(new Float32Array(x.shape[1]), [x.shape[1]]);

/** x times a factor per channel plus a shift per channel, in one pass over x. */
const affine = (x: Value, factor: Value, shift: Value | null): Value =>
  batchNormalization(
    x,
    { scale: factor, shift: shift ?? zeros(x), mean: zeros(x), variance: ones(x) },
    0,
  );

/** Normalisation of x [n, channels, rows, columns] with the given statistics, which are taken as constants. */
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
  const [n, , h, w] = x.shape;
  const count = n * h * w;
  expect(count > 1, 'BatchNormalization in training', 'more than one value per channel', [x]);
  const [y, mean, variance] = g.add(batchNormalizationInTrainingOperator, [x, s.scale, s.shift], {
    epsilon,
  });
  const running = (old: Value, batch: Value) =>
    add(mul(old, g.scalar(1 - momentum)), mul(batch, g.scalar(momentum)));
  return {
    y,
    mean: running(s.mean, mean),
    variance: running(s.variance, mul(variance, g.scalar(count / (count - 1)))),
  };
}

export const normalizationOperators = [
  batchNormalizationOperator,
  batchNormalizationInTrainingOperator,
  batchNormalizationGradientOperator,
];
