import { expect, type Operator, type Value } from '../graph';
import { exp, mul, sub } from './elementwise';
import { reduceSum } from './reduction';

type AxisAttributes = { readonly axis: number };

function infer(name: string): Operator<AxisAttributes>['infer'] {
  return ([x], { axis }) => {
    expect(axis >= 0 && axis < x.shape.length, name, `an axis below ${x.shape.length}`, `${axis}`);
    return [{ type: x.type, shape: x.shape }];
  };
}

// d softmax: y (dy - sum(y dy))
const softmaxOperator: Operator<AxisAttributes> = {
  name: 'Softmax',
  attributes: { axis: 'int' },
  infer: infer('Softmax'),
  gradient(node, [dy]) {
    const [y] = node.outputs;
    return [mul(y, sub(dy, reduceSum(mul(y, dy), [node.attributes.axis])))];
  },
};

// d log softmax: dy - softmax sum(dy)
const logSoftmaxOperator: Operator<AxisAttributes> = {
  name: 'LogSoftmax',
  attributes: { axis: 'int' },
  infer: infer('LogSoftmax'),
  gradient(node, [dy]) {
    return [sub(dy, mul(exp(node.outputs[0]), reduceSum(dy, [node.attributes.axis])))];
  },
};

export const softmax = (x: Value, axis: number): Value =>
  x.graph.apply(softmaxOperator, [x], { axis });

export const logSoftmax = (x: Value, axis: number): Value =>
  x.graph.apply(logSoftmaxOperator, [x], { axis });

export const softmaxOperators = [softmaxOperator, logSoftmaxOperator];
