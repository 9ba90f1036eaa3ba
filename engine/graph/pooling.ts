import { expect, type Operator, type Value } from './graph';
import { mul } from './elementwise';
import { upsampleNearest } from './resize';

const windowOf = (attributes: Parameters<Operator['infer']>[1]) =>
  (attributes['kernel_shape'] as { ints: readonly number[] }).ints[0];

const infer =
  (name: string, outputs: ('float32' | 'int64')[]): Operator['infer'] =>
  ([x], attributes) => {
    const k = windowOf(attributes);
    expect(
      x.shape.length === 4 && x.shape[2] % k === 0 && x.shape[3] % k === 0,
      name,
      `an image [n, channels, rows, columns] whose size is a multiple of ${k}`,
      [x],
    );
    const shape = [x.shape[0], x.shape[1], x.shape[2] / k, x.shape[3] / k];
    return outputs.map((type) => ({ type, shape }));
  };

// The gradient goes to the element that was the largest (the first of equals).
const maxPoolOperator: Operator = {
  name: 'MaxPool',
  infer: infer('MaxPool', ['float32', 'int64']),
  gradient(node, [dy]) {
    const [x] = node.inputs;
    return [
      dy!.graph.apply(maxUnpoolOperator, [dy!, node.outputs[1], dy!.graph.integers(x.shape)], {
        kernel_shape: node.attributes['kernel_shape'],
        strides: node.attributes['strides'],
        _shape: { ints: [...x.shape] },
      }),
    ];
  },
};

const maxUnpoolOperator: Operator = {
  name: 'MaxUnpool',
  infer: ([x], attributes) => [
    { type: x.type, shape: (attributes['_shape'] as { ints: readonly number[] }).ints },
  ],
};

// d average(x) = dy / k^2 on every element of the window
const averagePoolOperator: Operator = {
  name: 'AveragePool',
  infer: infer('AveragePool', ['float32']),
  gradient(node, [dy]) {
    const k = windowOf(node.attributes);
    return [upsampleNearest(mul(dy!, dy!.graph.scalar(1 / (k * k))), k)];
  },
};

const attributes = (k: number) => ({ kernel_shape: { ints: [k, k] }, strides: { ints: [k, k] } });

/** The maximum of each k x k window, without overlap. */
export const maxPool = (x: Value, k: number): Value =>
  x.graph.add(maxPoolOperator, [x], attributes(k))[0];

/** The mean of each k x k window, without overlap. */
export const averagePool = (x: Value, k: number): Value =>
  x.graph.apply(averagePoolOperator, [x], attributes(k));
