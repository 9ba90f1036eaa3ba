import * as convolution from '../../../engine/graph/operators/convolution';
import * as elementwise from '../../../engine/graph/operators/elementwise';
import { gradients } from '../../../engine/graph/gradients';
import type { Graph, Value } from '../../../engine/graph/graph';
import * as matrices from '../../../engine/graph/operators/matmul';
import * as normalization from '../../../engine/graph/operators/normalization';
import * as pooling from '../../../engine/graph/operators/pooling';
import * as reduction from '../../../engine/graph/operators/reduction';
import * as resize from '../../../engine/graph/operators/resize';
import * as shape from '../../../engine/graph/operators/shape';
import * as softmaxes from '../../../engine/graph/operators/softmax';
import golden from './golden/operators.json';
import { graphOn, type Stored } from './shared';

/** Builds an operator, with one set of options, on its inputs. */
export type Build = (...inputs: Value[]) => Value;

const { conv, convTranspose } = convolution;
const { batchNormalization, batchNormalizationInTraining } = normalization;
const e = elementwise;

const epsilon = 1e-5;
const state = ([scale, shift, mean, variance]: Value[]) => ({ scale, shift, mean, variance });
const normalized =
  (result: 'y' | 'mean' | 'variance'): Build =>
  (x, ...s) =>
    batchNormalizationInTraining(x, state(s), epsilon, 0.1)[result];

const binary = (operator: (a: Value, b: Value) => Value, name: string): Record<string, Build> =>
  Object.fromEntries(
    [
      'one shape',
      'A broadcast',
      'B broadcast',
      'both broadcast',
      'a scalar and an image',
      'an image and a scalar',
      'one element and more axes',
    ].map((kind) => [`${name}: ${kind}`, operator]),
  );

const products = Object.fromEntries(
  [
    ['plain', {}],
    ['A transposed', { transA: true }],
    ['B transposed', { transB: true }],
    ['both transposed', { transA: true, transB: true }],
  ].flatMap(([kind, options]) =>
    ['', ', batches', ', A broadcast', ', B broadcast', ', both broadcast'].map(
      (leading): [string, Build] => [
        `matmul: ${kind as string}${leading}`,
        (a, b) => matrices.matmul(a, b, options as { transA?: boolean }),
      ],
    ),
  ),
);

const reductions = Object.fromEntries(
  [reduction.reduceSum, reduction.reduceMean, reduction.reduceMax].flatMap((operator) =>
    [[0], [1, 3], [0, 1, 2, 3]].map((axes): [string, Build] => [
      `${operator.name}: axes [${axes.join(', ')}]`,
      (x) => operator(x, axes),
    ]),
  ),
);

/**
 * Every operator of the builder with every option in use, as `operator: option`; the golden file has inputs, PyTorch's result and
 * gradients under the same titles.
 */
export const cases: Record<string, Build> = {
  'conv: bias and padding': (x, w, b) => conv(x, w, b, { padding: 1 }),
  'conv: one image, no padding': (x, w) => conv(x, w, null),
  'conv: one channel to one': (x, w) => conv(x, w, null, { padding: 1 }),
  'conv: kernel of 1': (x, w, b) => conv(x, w, b),
  'conv: kernel of 1, stride 2': (x, w) => conv(x, w, null, { stride: 2 }),
  'conv: kernel of 1, padded beyond its reach': (x, w) => conv(x, w, null, { padding: 1 }),
  'conv: stride 2, even rows and odd columns': (x, w, b) =>
    conv(x, w, b, { stride: 2, padding: 1 }),
  'conv: stride 3 that leaves rows unused': (x, w) => conv(x, w, null, { stride: 3 }),
  'conv: even kernel, stride 2': (x, w) => conv(x, w, null, { stride: 2, padding: 1 }),
  'conv: dilation 2': (x, w) => conv(x, w, null, { padding: 2, dilation: 2 }),
  'conv: dilation 2, stride 2': (x, w) => conv(x, w, null, { stride: 2, padding: 2, dilation: 2 }),
  'conv: groups': (x, w, b) => conv(x, w, b, { padding: 1, groups: 2 }),
  'conv: groups, stride 2': (x, w) => conv(x, w, null, { stride: 2, padding: 1, groups: 2 }),
  'conv: depthwise': (x, w) => conv(x, w, null, { padding: 1, groups: 3 }),
  'conv: depthwise, stride 2': (x, w, b) => conv(x, w, b, { stride: 2, padding: 1, groups: 3 }),
  'conv: depthwise, dilation 2, stride 2': (x, w) =>
    conv(x, w, null, { stride: 2, padding: 2, dilation: 2, groups: 2 }),
  'conv: depthwise, two kernels a channel': (x, w) => conv(x, w, null, { padding: 1, groups: 2 }),
  'convTranspose: 2 x 2, stride 2': (x, w, b) => convTranspose(x, w, b, { stride: 2 }),
  'convTranspose: 4 x 4, stride 2, padding 1': (x, w, b) =>
    convTranspose(x, w, b, { stride: 2, padding: 1 }),
  'convTranspose: stride 1, no bias': (x, w) => convTranspose(x, w, null, { padding: 1 }),
  'convTranspose: groups': (x, w) => convTranspose(x, w, null, { stride: 2, groups: 2 }),
  'convTranspose: stride 3, dilation 2': (x, w) =>
    convTranspose(x, w, null, { stride: 3, dilation: 2 }),

  batchNormalization: (x, ...s) => batchNormalization(x, state(s), epsilon),
  'batchNormalizationInTraining: y': normalized('y'),
  'batchNormalizationInTraining: mean': normalized('mean'),
  'batchNormalizationInTraining: variance': normalized('variance'),
  'batchNormalizationInTraining: one image': normalized('y'),

  'maxPool: 2': (x) => pooling.maxPool(x, 2),
  'maxPool: 3': (x) => pooling.maxPool(x, 3),
  'maxPool: equal values': (x) => pooling.maxPool(x, 2),
  'averagePool: 2': (x) => pooling.averagePool(x, 2),
  'averagePool: 3': (x) => pooling.averagePool(x, 3),
  'upsampleNearest: 2': (x) => resize.upsampleNearest(x, 2),
  'upsampleNearest: 3': (x) => resize.upsampleNearest(x, 3),
  'upsampleBilinear: 2': (x) => resize.upsampleBilinear(x, 2),
  'upsampleBilinear: 3': (x) => resize.upsampleBilinear(x, 3),
  'upsampleBilinear: 4': (x) => resize.upsampleBilinear(x, 4),
  'upsampleBilinear: one pixel': (x) => resize.upsampleBilinear(x, 2),

  ...products,

  ...Object.fromEntries(
    [softmaxes.softmax, softmaxes.logSoftmax].flatMap((operator) => [
      ...[0, 1, 2].map((axis): [string, Build] => [
        `${operator.name}: axis ${axis}`,
        (x) => operator(x, axis),
      ]),
      [`${operator.name}: channels of an image`, (x: Value) => operator(x, 1)],
    ]),
  ),
  'logSoftmax: far apart': (x) => softmaxes.logSoftmax(x, 0),

  ...reductions,
  sumAll: reduction.sumAll,
  'sumAll: of a scalar': reduction.sumAll,
  meanAll: reduction.meanAll,

  reshape: (x) => shape.reshape(x, [3, 1, 4]),
  'reshape: to a scalar': (x) => shape.reshape(x, []),
  ...Object.fromEntries(
    [
      [1, 0, 2],
      [2, 0, 1],
      [1, 2, 0],
    ].map((permutation): [string, Build] => [
      `transpose: [${permutation.join(', ')}]`,
      (x) => shape.transpose(x, permutation),
    ]),
  ),
  'split: the second of three parts': (x) => shape.split(x, 1, [1, 2, 2])[1],
  'split: parts of unlike sizes, both used': (x) => {
    const [a, b] = shape.split(x, 0, [1, 2]);
    return e.mul(a, b);
  },
  'concat: axis 1, three': (...x) => shape.concat(x, 1),
  'concat: axis 0': (...x) => shape.concat(x, 0),
  'concat: with itself': (x) => shape.concat([x, x], 1),
  'slice: two axes': (x) => shape.slice(x, [0, 2], [1, 1], [2, 3]),
  'slice: to the end': (x) => shape.slice(x, [1], [2], [4]),
  'slice: steps of 2': (x) => shape.slice(x, [1], [1], [6], [2]),
  pad: (x) => shape.pad(x, [1, 0, 2], [0, 1, 1]),
  'gather: in another order': (x) => shape.gather(x, [2, 0, 1], 1),
  'gather: some twice, some not at all': (x) => shape.gather(x, [1, 1, 3, 1], 0),
  expand: (x) => e.expand(x, [2, 3, 4]),
  'expand: a scalar': (x) => e.expand(x, [2, 3]),

  ...binary(e.add, 'add'),
  ...binary(e.sub, 'sub'),
  ...binary(e.mul, 'mul'),
  ...binary(e.div, 'div'),
  greater: (a, b) => e.cast(e.greater(a, b), 'float32'),
  less: (a, b) => e.cast(e.less(a, b), 'float32'),
  equal: (a, b) => e.cast(e.equal(a, b), 'float32'),
  and: (a, b) => {
    const zero = a.graph.scalar(0);
    return e.cast(e.and(e.greater(a, zero), e.greater(b, zero)), 'float32');
  },
  'cast: a bool to float32': (a) => e.cast(e.greater(a, a.graph.scalar(0)), 'float32'),
  where: (c, a, b) => e.where(e.greater(c, c.graph.scalar(0)), a, b),
  'where: broadcast': (c, a, b) => e.where(e.greater(c, c.graph.scalar(0)), a, b),
  neg: e.neg,
  sqrt: e.sqrt,
  exp: e.exp,
  log: e.log,
  abs: e.abs,
  'abs: at the kink': e.abs,
  sign: e.sign,
  'inside: two limits': (x) => e.inside(x, -0.5, 0.5),
  'inside: one limit': (x) => e.inside(x, 0, Infinity),
  'inside: large limits': (x) => e.inside(e.mul(x, x.graph.scalar(1e20)), -5e19, 5e19),
  sigmoid: e.sigmoid,
  relu: e.relu,
  'relu: at the kink': e.relu,
  clip: (x) => e.clip(x, -0.5, 0.5),
  erf: e.erf,
  stopGradient: e.stopGradient,
  gelu: e.gelu,
};

/** At a kink or a tie a finite difference says nothing; one of PyTorch's choices of a gradient holds. */
export const kinks: readonly string[] = [
  'maxPool: equal values',
  'relu: at the kink',
  'abs: at the kink',
];

/** Operators through which nothing can be differentiated, by the name that the error gives. */
export const withoutGradient: Record<string, string> = {
  'reduceMax: axes [0]': 'ReduceMax',
  'reduceMax: axes [1, 3]': 'ReduceMax',
  'reduceMax: axes [0, 1, 2, 3]': 'ReduceMax',
  'slice: steps of 2': 'gradient of Slice',
  greater: 'Cast',
  less: 'Cast',
  equal: 'Cast',
  and: 'Cast',
  'cast: a bool to float32': 'Cast',
  sign: 'Sign',
  'inside: two limits': 'Inside',
  'inside: one limit': 'Inside',
  'inside: large limits': 'Inside',
};

/** A case's graph on its golden inputs: the result `y`, and `gradient0`, ... of its sum where it has some. */
export function graphOf(title: string): Graph {
  const { inputs } = (golden as unknown as Record<string, { inputs: Stored[] }>)[title];
  const { graph, values } = graphOn(inputs);
  const y = cases[title](...values);
  graph.output('y', y);
  if (!(title in withoutGradient))
    gradients(reduction.sumAll(y), values).forEach((gradient, i) => {
      if (gradient) graph.output(`gradient${i}`, gradient);
    });
  return graph;
}
