import { expect, type Operator, type Value } from '../graph';
import { div, inside, mul, sub } from './elementwise';
import { upsampleNearest } from './resize';

/** Square windows without overlap: all four numbers are one. */
type PoolAttributes = {
  readonly kernel_shape: readonly number[];
  readonly strides: readonly number[];
};
const kinds = { kernel_shape: 'ints', strides: 'ints' } as const;

const infer =
  (name: string): Operator<PoolAttributes>['infer'] =>
  ([x], { kernel_shape: [k] }) => {
    expect(
      x.shape.length === 4 && x.shape[2] % k === 0 && x.shape[3] % k === 0,
      name,
      `an image [n, channels, rows, columns] whose size is a multiple of ${k}`,
      [x],
    );
    const shape = [x.shape[0], x.shape[1], x.shape[2] / k, x.shape[3] / k];
    return [{ type: x.type, shape }];
  };

// The gradient goes to the element that was the largest; equal ones share it. (MaxUnpool would need the indices, which not every
// device's MaxPool gives.)
const maxPoolOperator: Operator<PoolAttributes> = {
  name: 'MaxPool',
  attributes: kinds,
  infer: infer('MaxPool'),
  gradient(node, [dy]) {
    const [x] = node.inputs;
    const [y] = node.outputs;
    const [k] = node.attributes.kernel_shape;
    const largest = inside(sub(x, upsampleNearest(y, k)), -1e-30, Infinity);
    const count = mul(averagePool(largest, k), x.graph.scalar(k * k));
    return [mul(largest, upsampleNearest(div(dy, count), k))];
  },
};

// d average(x) = dy / k^2 on every element of the window
const averagePoolOperator: Operator<PoolAttributes> = {
  name: 'AveragePool',
  attributes: kinds,
  infer: infer('AveragePool'),
  gradient(node, [dy]) {
    const [k] = node.attributes.kernel_shape;
    return [upsampleNearest(mul(dy, dy.graph.scalar(1 / (k * k))), k)];
  },
};

const attributes = (k: number): PoolAttributes => ({ kernel_shape: [k, k], strides: [k, k] });

/** The maximum of each k x k window, without overlap. */
export const maxPool = (x: Value, k: number): Value =>
  x.graph.apply(maxPoolOperator, [x], attributes(k));

/** The mean of each k x k window, without overlap. */
export const averagePool = (x: Value, k: number): Value =>
  x.graph.apply(averagePoolOperator, [x], attributes(k));

export const poolingOperators = [maxPoolOperator, averagePoolOperator];
