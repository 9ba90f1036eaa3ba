import { expect, type Operator, type Value } from './graph';
import { cast, div, equal, mul } from './elementwise';
import { upsampleNearest } from './resize';

const windowOf = (attributes: Parameters<Operator['infer']>[1]) =>
  (attributes['kernel_shape'] as { ints: readonly number[] }).ints[0];

const infer =
  (name: string): Operator['infer'] =>
  ([x], attributes) => {
    const k = windowOf(attributes);
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
const maxPoolOperator: Operator = {
  name: 'MaxPool',
  infer: infer('MaxPool'),
  gradient(node, [dy]) {
    const [x] = node.inputs;
    const [y] = node.outputs;
    const k = windowOf(node.attributes);
    const largest = cast(equal(x, upsampleNearest(y, k)), 'float32');
    const count = mul(averagePool(largest, k), x.graph.scalar(k * k));
    return [mul(largest, upsampleNearest(div(dy!, count), k))];
  },
};

// d average(x) = dy / k^2 on every element of the window
const averagePoolOperator: Operator = {
  name: 'AveragePool',
  infer: infer('AveragePool'),
  gradient(node, [dy]) {
    const k = windowOf(node.attributes);
    return [upsampleNearest(mul(dy!, dy!.graph.scalar(1 / (k * k))), k)];
  },
};

const attributes = (k: number) => ({ kernel_shape: { ints: [k, k] }, strides: { ints: [k, k] } });

/** The maximum of each k x k window, without overlap. */
export const maxPool = (x: Value, k: number): Value =>
  x.graph.apply(maxPoolOperator, [x], attributes(k));

/** The mean of each k x k window, without overlap. */
export const averagePool = (x: Value, k: number): Value =>
  x.graph.apply(averagePoolOperator, [x], attributes(k));
