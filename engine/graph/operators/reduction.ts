import {
  constantNumbers,
  elements,
  expect,
  type Operator,
  type TensorType,
  type Value,
} from '../graph';
import { mul } from './elementwise';
import { reshape } from './shape';

function reduced(name: string, x: TensorType, axes: readonly number[]): TensorType[] {
  expect(
    axes.length > 0 && axes.every((a) => a >= 0 && a < x.shape.length),
    name,
    `axes within the ${x.shape.length} of the tensor`,
    `[${axes.join(', ')}]`,
  );
  return [{ type: x.type, shape: x.shape.map((n, i) => (axes.includes(i) ? 1 : n)) }];
}

/** ONNX has the axes of a sum as an input, those of the others as an attribute. */
type AxesAttributes = { readonly axes: readonly number[] };

// d sum(x) = dy, broadcast
const sumOperator: Operator = {
  name: 'ReduceSum',
  attributes: {},
  infer: ([x, axes]) => reduced('ReduceSum', x, constantNumbers('ReduceSum', axes)),
  gradient: (_, [dy]) => [dy, null],
};

// d mean(x) = dy / n, broadcast
const meanOperator: Operator<AxesAttributes> = {
  name: 'ReduceMean',
  attributes: { axes: 'ints' },
  infer: ([x], { axes }) => reduced('ReduceMean', x, axes),
  gradient(node, [dy]) {
    const count = elements(node.inputs[0].shape) / elements(node.outputs[0].shape);
    return [mul(dy, dy.graph.scalar(1 / count))];
  },
};

const maxOperator: Operator<AxesAttributes> = {
  name: 'ReduceMax',
  attributes: { axes: 'ints' },
  infer: ([x], { axes }) => reduced('ReduceMax', x, axes),
};

/** The sum over `axes`, which stay with extent 1. */
export const reduceSum = (x: Value, axes: readonly number[]): Value =>
  x.graph.apply(sumOperator, [x, x.graph.integers(axes)]);

/** The mean over `axes`, which stay with extent 1. */
export const reduceMean = (x: Value, axes: readonly number[]): Value =>
  x.graph.apply(meanOperator, [x], { axes: [...axes] });

/** The maximum over `axes`, which stay with extent 1; not differentiable. */
export const reduceMax = (x: Value, axes: readonly number[]): Value =>
  x.graph.apply(maxOperator, [x], { axes: [...axes] });

const all = (x: Value) => x.shape.map((_, i) => i);

/** The sum of all elements, a scalar. */
export const sumAll = (x: Value): Value => (x.rank === 0 ? x : reshape(reduceSum(x, all(x)), []));

/** The mean of all elements, a scalar. */
export const meanAll = (x: Value): Value => (x.rank === 0 ? x : reshape(reduceMean(x, all(x)), []));

export const reductionOperators = [sumOperator, meanOperator, maxOperator];
