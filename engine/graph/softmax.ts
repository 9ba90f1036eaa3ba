import { expect, type Operator, type Value } from './graph';
import { exp, mul, sub } from './elementwise';
import { reduceSum } from './reduction';

const axisOf = (attributes: Parameters<Operator['infer']>[1]) =>
  (attributes['axis'] as { int: number }).int;

function infer(name: string): Operator['infer'] {
  return ([x], attributes) => {
    const axis = axisOf(attributes);
    expect(axis >= 0 && axis < x.shape.length, name, `an axis below ${x.shape.length}`, `${axis}`);
    return [{ type: x.type, shape: x.shape }];
  };
}

// d softmax: y (dy - sum(y dy))
const softmaxOperator: Operator = {
  name: 'Softmax',
  infer: infer('Softmax'),
  gradient(node, [dy]) {
    const [y] = node.outputs;
    return [mul(y, sub(dy!, reduceSum(mul(y, dy!), [axisOf(node.attributes)])))];
  },
};

// d log softmax: dy - softmax sum(dy)
const logSoftmaxOperator: Operator = {
  name: 'LogSoftmax',
  infer: infer('LogSoftmax'),
  gradient(node, [dy]) {
    return [sub(dy!, mul(exp(node.outputs[0]), reduceSum(dy!, [axisOf(node.attributes)])))];
  },
};

export const softmax = (x: Value, axis: number): Value =>
  x.graph.apply(softmaxOperator, [x], { axis: { int: axis } });

export const logSoftmax = (x: Value, axis: number): Value =>
  x.graph.apply(logSoftmaxOperator, [x], { axis: { int: axis } });
