import assert from 'node:assert/strict';
import { conv, convTranspose } from '../../../engine/graph/operators/convolution';
import * as e from '../../../engine/graph/operators/elementwise';
import { Graph, GraphError, type ElementType, type Value } from '../../../engine/graph/graph';
import { matmul } from '../../../engine/graph/operators/matmul';
import {
  batchNormalization,
  batchNormalizationInTraining,
} from '../../../engine/graph/operators/normalization';
import { operators } from '../../../engine/graph/operators/operators';
import { averagePool, maxPool } from '../../../engine/graph/operators/pooling';
import { reduceSum } from '../../../engine/graph/operators/reduction';
import { upsampleBilinear, upsampleNearest } from '../../../engine/graph/operators/resize';
import {
  concat,
  gather,
  pad,
  reshape,
  slice,
  transpose,
} from '../../../engine/graph/operators/shape';
import { softmax } from '../../../engine/graph/operators/softmax';

const zero = { kind: 'constant', value: 0 } as const;

/** A reshape to what the graph is told at each run. */
const reshapeBy = (x: Value, shape: Value) => {
  const reshapeOperator = operators.get(':Reshape')!;
  return x.graph.apply(reshapeOperator, [x, shape], {});
};

describe('graph', () => {
  it('names nodes and parameters by the scope that they are built in', () => {
    const g = new Graph();
    const w = g.scope('student', () => g.scope('encoder', () => g.parameter('w', [2], zero)));
    const y = g.scope('student', () => e.neg(w));
    assert.equal(w.name, 'student/encoder/w');
    assert.match(y.name, /^student\/Neg_/);
    assert.match(e.neg(y).name, /^Neg_/);
  });

  it('leaves a scope that throws', () => {
    const g = new Graph();
    assert.throws(() => g.scope('broken', () => assert.fail('built badly')), /built badly/);
    assert.equal(g.parameter('w', [1], zero).name, 'w');
  });

  it('gives the same parameter for the same name, and refuses it in another shape', () => {
    const g = new Graph();
    const w = g.parameter('w', [2, 3], zero);
    assert.equal(g.parameter('w', [2, 3], zero), w);
    assert.throws(() => g.parameter('w', [3, 2], zero), {
      name: 'GraphError',
      message: 'parameter w: expected [3, 2], found float32[2, 3]',
    });
  });

  it('shares equal small constants, and only those of one type and shape', () => {
    const g = new Graph();
    assert.equal(g.scalar(0.5), g.scalar(0.5));
    assert.notEqual(g.scalar(0.5), g.constant(Float32Array.of(0.5), [1]));
    assert.notEqual(g.integers([1]), g.constant(Float32Array.of(1), [1]));
  });

  it('refuses a name twice, as input, output or parameter', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', [1]);
    g.output('y', x);
    const taken = (name: string) => ({
      name: 'GraphError',
      message: `the graph already has a value named "${name}"`,
    });
    assert.throws(() => g.input('x', 'float32', [2]), taken('x'));
    assert.throws(() => g.parameter('x', [1], zero), taken('x'));
    assert.throws(() => g.output('x', x), taken('x'));
    assert.throws(() => g.output('y', x), taken('y'));
    assert.throws(() => g.input('y', 'float32', [1]), taken('y'));
  });

  it('refuses values of another graph', () => {
    const x = new Graph().input('x', 'float32', [1]);
    const y = new Graph().input('y', 'float32', [1]);
    assert.throws(() => e.add(x, y), { name: 'GraphError', message: 'Add: y is of another graph' });
  });

  describe('errors name the operator, what it expects and what it found', () => {
    const x = (g: Graph, shape: number[], type: ElementType = 'float32') =>
      g.input(`x${g.inputs.length}`, type, shape);
    const image = (g: Graph) => x(g, [1, 3, 5, 6]);
    const faults: [string, (g: Graph) => unknown, string][] = [
      [
        'conv of a matrix',
        (g) => conv(x(g, [3, 4]), x(g, [1, 3, 3, 3]), null),
        'Conv: expected an image [n, channels, rows, columns], found float32[3, 4]',
      ],
      [
        'conv with weights for other channels',
        (g) => conv(image(g), x(g, [4, 2, 3, 3]), null),
        'Conv: expected weights [out, 3 / 1 groups, rows, columns], found float32[4, 2, 3, 3]',
      ],
      [
        'conv whose outputs do not fall into groups',
        (g) => conv(image(g), x(g, [4, 1, 3, 3]), null, { groups: 3 }),
        'Conv: expected weights [out, 3 / 3 groups, rows, columns], found float32[4, 1, 3, 3]',
      ],
      [
        'conv with a bias of another length',
        (g) => conv(image(g), x(g, [4, 3, 3, 3]), x(g, [3])),
        'Conv: expected a bias [4], found float32[3]',
      ],
      [
        'conv with a kernel larger than the image',
        (g) => conv(image(g), x(g, [4, 3, 7, 3]), null),
        'Conv: expected an image as large as the kernel 7 x 3, found float32[1, 3, 5, 6]',
      ],
      [
        'convTranspose with weights for other channels',
        (g) => convTranspose(image(g), x(g, [4, 3, 2, 2]), null),
        'ConvTranspose: expected an image [n, channels, rows, columns] and weights [3, out / groups, rows, columns], found float32[1, 3, 5, 6], float32[4, 3, 2, 2]',
      ],
      [
        'convTranspose with a bias of another length',
        (g) => convTranspose(image(g), x(g, [3, 2, 2, 2]), x(g, [3])),
        'ConvTranspose: expected a bias [2], found float32[3]',
      ],
      [
        'batchNormalization with statistics of other channels',
        (g) =>
          batchNormalization(
            image(g),
            { scale: x(g, [3]), shift: x(g, [3]), mean: x(g, [2]), variance: x(g, [3]) },
            1e-5,
          ),
        'BatchNormalization: expected an image [n, channels, rows, columns] and scale, shift, mean, variance [3], found float32[1, 3, 5, 6], float32[3], float32[3], float32[2], float32[3]',
      ],
      [
        'batchNormalizationInTraining of one value a channel',
        (g) => {
          const s = x(g, [3]);
          const statistics = { scale: s, shift: s, mean: s, variance: s };
          return batchNormalizationInTraining(x(g, [1, 3, 1, 1]), statistics, 1e-5, 0.1);
        },
        'BatchNormalization in training: expected more than one value per channel, found float32[1, 3, 1, 1]',
      ],
      [
        'maxPool of a size that is no multiple',
        (g) => maxPool(image(g), 2),
        'MaxPool: expected an image [n, channels, rows, columns] whose size is a multiple of 2, found float32[1, 3, 5, 6]',
      ],
      [
        'averagePool of a size that is no multiple',
        (g) => averagePool(image(g), 4),
        'AveragePool: expected an image [n, channels, rows, columns] whose size is a multiple of 4, found float32[1, 3, 5, 6]',
      ],
      [
        'upsampleNearest of a matrix',
        (g) => upsampleNearest(x(g, [3, 4]), 2),
        'Resize: expected an image [n, channels, rows, columns], found float32[3, 4]',
      ],
      [
        'upsampleBilinear by a fraction',
        (g) => upsampleBilinear(image(g), 1.5),
        'Resize: expected a multiple of 5 x 6, found 7.5 x 9',
      ],
      [
        'matmul of a vector',
        (g) => matmul(x(g, [3]), x(g, [3, 2])),
        'MatMul: expected two matrices, found float32[3], float32[3, 2]',
      ],
      [
        'matmul with other inner extents',
        (g) => matmul(x(g, [2, 3]), x(g, [2, 3])),
        'MatMul: expected inner extents that agree, found float32[2, 3], float32[2, 3]',
      ],
      [
        'matmul with leading axes that do not broadcast',
        (g) => matmul(x(g, [2, 2, 3]), x(g, [3, 3, 2])),
        'MatMul: expected inner extents that agree, found float32[2, 2, 3], float32[3, 3, 2]',
      ],
      [
        'softmax over an axis too many',
        (g) => softmax(x(g, [2, 3]), 2),
        'Softmax: expected an axis below 2, found 2',
      ],
      [
        'reduceSum over an axis too many',
        (g) => reduceSum(x(g, [2, 3]), [0, 2]),
        'ReduceSum: expected axes within the 2 of the tensor, found [0, 2]',
      ],
      [
        'reshape to another number of elements',
        (g) => reshape(x(g, [2, 3]), [7]),
        'Reshape: expected 7 elements, found float32[2, 3]',
      ],
      [
        'an operator whose shape is computed',
        (g) => reshapeBy(x(g, [2, 3]), x(g, [1], 'int64')),
        'Reshape: expected a constant, found int64[1]',
      ],
      [
        'transpose by what is no permutation',
        (g) => transpose(x(g, [2, 3]), [1, 1]),
        'Transpose: expected a permutation of 2 axes, found [1, 1]',
      ],
      [
        'concat of shapes that differ',
        (g) => concat([x(g, [2, 3]), x(g, [3, 3])], 1),
        'Concat: expected tensors that agree but for axis 1, found float32[2, 3], float32[3, 3]',
      ],
      [
        'concat along an axis too many',
        (g) => concat([x(g, [2, 3]), x(g, [2, 3])], 2),
        'Concat: expected an axis below 2, found 2',
      ],
      [
        'slice beyond the end',
        (g) => slice(x(g, [2, 3]), [1], [1], [4]),
        'Slice: expected 0 <= start < end <= 3 on axis 1, found 1:4:1 of [2, 3]',
      ],
      [
        'pad by less than nothing',
        (g) => pad(x(g, [2]), [-1], [0]),
        'Pad: expected 2 widths of at least 0, found [-1, 0]',
      ],
      [
        'gather beyond the end',
        (g) => gather(x(g, [2, 3]), [0, 3], 1),
        'Gather: expected indices from 0 to below 3, found [0, 3]',
      ],
      [
        'gather along an axis too many',
        (g) => gather(x(g, [2, 3]), [], 2),
        'Gather: expected an axis below 2, found 2',
      ],
      [
        'expand to a shape that does not fit',
        (g) => e.expand(x(g, [2, 3]), [2, 4]),
        'Expand: expected a tensor that broadcasts to [2, 4], found float32[2, 3]',
      ],
      [
        'add of shapes that do not broadcast',
        (g) => e.add(x(g, [2, 3]), x(g, [2])),
        'Add: expected two tensors of numbers of one type that broadcast, found float32[2, 3], float32[2]',
      ],
      [
        'mul of different types',
        (g) => e.mul(x(g, [2]), x(g, [2], 'int64')),
        'Mul: expected two tensors of numbers of one type that broadcast, found float32[2], int64[2]',
      ],
      [
        'and of numbers',
        (g) => e.and(x(g, [2]), x(g, [2])),
        'And: expected two tensors of bools that broadcast, found float32[2], float32[2]',
      ],
      [
        'where of shapes that do not broadcast',
        (g) => e.where(x(g, [2], 'bool'), x(g, [2]), x(g, [3])),
        'Where: expected a bool condition and two tensors of one type that broadcast, found bool[2], float32[2], float32[3]',
      ],
      [
        'where without a condition',
        (g) => e.where(x(g, [2]), x(g, [2]), x(g, [2])),
        'Where: expected a bool condition and two tensors of one type that broadcast, found float32[2], float32[2], float32[2]',
      ],
      [
        'exp of integers',
        (g) => e.exp(x(g, [2], 'int64')),
        'Exp: expected a float32 tensor, found int64[2]',
      ],
      [
        'clip of integers',
        (g) => e.clip(x(g, [2], 'int64'), 0, 1),
        'Clip: expected a float32 tensor and two scalars, found int64[2], float32[], float32[]',
      ],
      [
        'a constant of another length',
        (g) => g.constant(new Float32Array(5), [2, 3]),
        'constant: expected 6 elements, found 5',
      ],
    ];
    for (const [title, build, message] of faults)
      it(title, () => {
        assert.throws(
          () => build(new Graph()),
          (error: Error) => {
            assert.ok(error instanceof GraphError, String(error));
            assert.equal(error.message, message);
            return true;
          },
        );
      });
  });
});
