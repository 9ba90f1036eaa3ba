import { elementTypes } from '../../../graph/graph';
import {
  isPlain,
  plainOrder,
  type LaidOut,
  type Order,
  type Tensor,
  type TensorFlow,
} from '../laid-out';
import type { Kernel, Work } from './kernel';

/** A function of each element; axes stay as they lie. */
const unary =
  (f: (tf: TensorFlow, x: Tensor, work: Work) => Tensor): Kernel =>
  (work) => {
    const [x] = work.inputs;
    return work.output(f(work.tf, x.in(x.order), work), x.order);
  };

/** A function of elements that are broadcast to each other, in the first order of axes that is not the graph's own, if one has such. */
const broadcasting =
  (f: (tf: TensorFlow, ...operands: Tensor[]) => Tensor): Kernel =>
  (work) => {
    const [{ shape }] = work.node.outputs;
    const order =
      work.inputs.find((x) => x.shape.length === shape.length && !isPlain(x.order))?.order ??
      plainOrder(shape.length);
    return work.output(f(work.tf, ...work.inputs.map((x) => operand(work.tf, x, order))), order);
  };

/** A tensor that broadcasts with others whose axes lie in an order. */
function operand(tf: TensorFlow, x: LaidOut, order: Order): Tensor {
  const missing = order.length - x.shape.length;
  if (missing === 0) return x.in(order);
  if (isPlain(order) || x.shape.every((n) => n === 1)) return x.plain;
  const ranked = tf.reshape(x.plain, [...new Array<number>(missing).fill(1), ...x.shape]);
  return tf.transpose(ranked, [...order]);
}

export const elementwiseKernels: Record<string, Kernel> = {
  ':Add': broadcasting((tf, a, b) => tf.add(a, b)),
  ':Sub': broadcasting((tf, a, b) => tf.sub(a, b)),
  ':Mul': broadcasting((tf, a, b) => tf.mul(a, b)),
  ':Div': broadcasting((tf, a, b) => tf.div(a, b)),
  ':Greater': broadcasting((tf, a, b) => tf.greater(a, b)),
  ':Less': broadcasting((tf, a, b) => tf.less(a, b)),
  ':Equal': broadcasting((tf, a, b) => tf.equal(a, b)),
  ':And': broadcasting((tf, a, b) => tf.logicalAnd(a, b)),
  ':Where': broadcasting((tf, c, a, b) => tf.where(c, a, b)),
  ':Neg': unary((tf, x) => tf.neg(x)),
  ':Sqrt': unary((tf, x) => tf.sqrt(x)),
  ':Exp': unary((tf, x) => tf.exp(x)),
  ':Log': unary((tf, x) => tf.log(x)),
  ':Abs': unary((tf, x) => tf.abs(x)),
  ':Sign': unary((tf, x) => tf.sign(x)),
  ':Sigmoid': unary((tf, x) => tf.sigmoid(x)),
  ':Relu': unary((tf, x) => tf.relu(x)),
  ':Erf': unary((tf, x) => tf.erf(x)),
  ':Identity': unary((tf, x) => tf.clone(x)),
  ':Clip': unary((tf, x, work) => {
    const [[low], [high]] = [work.numbers(1), work.numbers(2)];
    // One pass instead of two.
    return low === 0 && high === 6 ? tf.relu6(x) : tf.clipByValue(x, low, high);
  }),
  // TensorFlow.js has no integers of 64 bits.
  ':Cast': unary((tf, x, { node }) =>
    tf.cast(x, node.attributes['to'] === elementTypes.int64 ? 'int32' : 'float32'),
  ),
  ':Expand': (work) => {
    const [x] = work.inputs;
    const { shape } = work.node.outputs[0];
    return work.output(work.tf.broadcastTo(x.plain, [...shape]));
  },
};
