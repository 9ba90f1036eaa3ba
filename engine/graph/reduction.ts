import { elements, expect, type Operator, type TensorType, type Value } from './graph';
import { mul } from './elementwise';
import { reshape } from './shape';

function reducedShape(x: TensorType, axes: readonly number[]): number[] {
  return x.shape.map((n, i) => (axes.includes(i) ? 1 : n));
}

const axesOf = (attributes: Parameters<Operator['infer']>[1], name: string) =>
  (attributes[name] as { ints: readonly number[] }).ints;

function inferReduction(name: string, attribute: string): Operator['infer'] {
  return ([x], attributes) => {
    const axes = axesOf(attributes, attribute);
    expect(
      axes.length > 0 && axes.every((a) => a >= 0 && a < x.shape.length),
      name,
      `axes within the ${x.shape.length} of the tensor`,
      `[${axes.join(', ')}]`,
    );
    return [{ type: x.type, shape: reducedShape(x, axes) }];
  };
}

// d sum(x) = dy, broadcast
const sumOperator: Operator = {
  name: 'ReduceSum',
  infer: inferReduction('ReduceSum', '_axes'),
  gradient: (_, [dy]) => [dy, null],
};

// d mean(x) = dy / n, broadcast
const meanOperator: Operator = {
  name: 'ReduceMean',
  infer: inferReduction('ReduceMean', 'axes'),
  gradient(node, [dy]) {
    const count = elements(node.inputs[0].shape) / elements(node.outputs[0].shape);
    return [mul(dy!, dy!.graph.scalar(1 / count))];
  },
};

const maxOperator: Operator = { name: 'ReduceMax', infer: inferReduction('ReduceMax', 'axes') };

/** The sum over `axes`, which stay with extent 1. */
export const reduceSum = (x: Value, axes: readonly number[]): Value =>
  x.graph.apply(sumOperator, [x, x.graph.integers(axes)], { _axes: { ints: [...axes] } });

/** The mean over `axes`, which stay with extent 1. */
export const reduceMean = (x: Value, axes: readonly number[]): Value =>
  x.graph.apply(meanOperator, [x], { axes: { ints: [...axes] } });

/** The maximum over `axes`, which stay with extent 1; not differentiable. */
export const reduceMax = (x: Value, axes: readonly number[]): Value =>
  x.graph.apply(maxOperator, [x], { axes: { ints: [...axes] } });

const all = (x: Value) => x.shape.map((_, i) => i);

/** The sum of all elements, a scalar. */
export const sumAll = (x: Value): Value => (x.rank === 0 ? x : reshape(reduceSum(x, all(x)), []));

/** The mean of all elements, a scalar. */
export const meanAll = (x: Value): Value => (x.rank === 0 ? x : reshape(reduceMean(x, all(x)), []));
