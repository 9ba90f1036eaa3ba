import assert from 'node:assert/strict';
import { conv } from '../../../engine/graph/operators/convolution';
import {
  add,
  div,
  greater,
  mul,
  neg,
  relu,
  sqrt,
  stopGradient,
  sub,
  where,
} from '../../../engine/graph/operators/elementwise';
import { gradients } from '../../../engine/graph/gradients';
import { Graph, type Operator, type Value } from '../../../engine/graph/graph';
import { maxPool } from '../../../engine/graph/operators/pooling';
import { meanAll, reduceMean, reduceSum, sumAll } from '../../../engine/graph/operators/reduction';
import { concat, reshape, slice } from '../../../engine/graph/operators/shape';
import { softmax } from '../../../engine/graph/operators/softmax';
import { batchNormalizationInTraining } from '../../../engine/graph/operators/normalization';
import { Random } from '../../../engine/random';
import { assertGradients, differentiate, type Stored } from './shared';

/** Odd hundredths in (-1, 1), no two equal: away from kinks. */
function draw(seed: number, ...shapes: number[][]): Stored[] {
  const random = new Random(seed);
  return shapes.map((shape) => {
    const n = shape.reduce((a, b) => a * b, 1);
    const grid = random.shuffle(Array.from({ length: 100 }, (_, i) => (2 * i - 99) / 100));
    return { shape, data: Array.from({ length: n }, (_, i) => grid[i % 100]) };
  });
}

describe('gradients', () => {
  const compositions: [string, number[][], (...x: Value[]) => Value][] = [
    [
      'add up where a value is used several times',
      [[2, 3]],
      (x) => add(mul(x, x), add(neg(x), mul(x, reduceSum(x, [1])))),
    ],
    [
      'flow through sums that were never broadcast back',
      [[2, 3], [3]],
      (x, y) => reduceMean(mul(reduceSum(mul(x, y), [0]), y), [1]),
    ],
    [
      'flow from a sum into every shape of operand',
      [[2, 3], [1, 3], [2, 1], []],
      (x, row, column, scalar) =>
        sumAll(
          sub(div(mul(add(x, row), column), add(mul(scalar, scalar), x.graph.scalar(1))), row),
        ),
    ],
    [
      'flow through a condition that depends on the input only in its branches',
      [[2, 3]],
      (x) => where(greater(x, x.graph.scalar(0)), mul(x, x), neg(x)),
    ],
    [
      'flow through joined and parted tensors',
      [
        [2, 2],
        [2, 3],
      ],
      (x, y) => {
        const joined = concat([x, y], 1);
        return mul(slice(joined, [1], [0], [3]), slice(joined, [1], [2], [5]));
      },
    ],
    [
      'flow through vectors of length 1',
      [[3, 4]],
      (x) => div(x, sqrt(add(reduceSum(mul(x, x), [1]), x.graph.scalar(1e-12)))),
    ],
  ];
  for (const [title, shapes, build] of compositions)
    it(title, async () => {
      await assertGradients(draw(1, ...shapes), (x) => build(...x));
    });

  it('flow through a small network: convolution, batch normalisation, pooling, softmax', async () => {
    const inputs = draw(5, [2, 2, 4, 4], [3, 2, 3, 3], [3], [3]);
    await assertGradients(
      inputs,
      ([x, w, scale, shift]) => {
        const zeros = x.graph.constant(new Float32Array(3), [3]);
        const y = batchNormalizationInTraining(
          conv(x, w, null, { padding: 1 }),
          { scale, shift, mean: zeros, variance: zeros },
          1e-5,
          0.1,
        ).y;
        const p = softmax(reshape(maxPool(y, 2), [2, 3, 4]), 1);
        return meanAll(mul(p, p));
      },
      [100],
      // Pooled values come close to one another: a smaller step stays on one side.
      { step: 2 ** -9, tolerance: 5e-3 },
    );
  });

  it('are null for what the loss does not depend on', async () => {
    const { gradients: found } = await differentiate(draw(1, [2], [2]), ([x]) => mul(x, x));
    assert.ok(found[0]);
    assert.equal(found[1], null);
  });

  it('do not flow through what is taken as a constant', async () => {
    const inputs = draw(1, [2]);
    const { gradients: found } = await differentiate(inputs, ([x]) => mul(x, stopGradient(x)));
    assert.deepEqual([...found[0]!], [...Float32Array.from(inputs[0].data)]);
    const { gradients: none } = await differentiate(inputs, ([x]) => stopGradient(mul(x, x)));
    assert.deepEqual(none, [null]);
  });

  it('of the loss in itself is 1', async () => {
    const { gradients: found } = await differentiate([{ shape: [], data: [3] }], ([x]) => x);
    assert.deepEqual([...found[0]!], [1]);
  });

  it('need a scalar loss', () => {
    const x = new Graph().input('x', 'float32', [2]);
    assert.throws(() => gradients(x, [x]), {
      name: 'GraphError',
      message: 'gradients: expected a scalar loss, found float32[2]',
    });
  });

  it('through an operator without one are an error that names it and its place', () => {
    const operator: Operator = { name: 'Round', attributes: {}, infer: ([x]) => [x] };
    const g = new Graph();
    const x = g.input('x', 'float32', []);
    const y = g.scope('decoder', () => g.apply(operator, [x]));
    assert.throws(() => gradients(mul(y, y), [x]), {
      name: 'GraphError',
      message: `Round has no gradient, but ${y.name} lies between the loss and a weight`,
    });
  });

  it('do not ask for one of an operator beside the way to the weights', () => {
    const operator: Operator = { name: 'Round', attributes: {}, infer: ([x]) => [x] };
    const g = new Graph();
    const x = g.input('x', 'float32', []);
    const w = g.input('w', 'float32', []);
    const [gradient] = gradients(mul(relu(w), g.apply(operator, [x])), [w]);
    assert.ok(gradient);
  });
});
