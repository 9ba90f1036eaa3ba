import { sameShape } from '../../../graph/graph';
import {
  inOrder,
  plainOrder,
  type LaidOut,
  type Order,
  type Tensor,
  type TensorFlow,
} from '../laid-out';
import type { Kernel, Work } from './kernel';

const axisOf = ({ node }: Work) => node.attributes['axis'] as number;

/** Over `axes`, which stay with extent 1. */
const reduction =
  (
    f: (tf: TensorFlow, x: Tensor, axes: number[]) => Tensor,
    axes: (work: Work) => readonly number[],
  ): Kernel =>
  (work) => {
    const [x] = work.inputs;
    const places = axes(work).map((axis) => x.order.indexOf(axis));
    return work.output(f(work.tf, x.in(x.order), places), x.order);
  };
const namedAxes = ({ node }: Work) => node.attributes['axes'] as readonly number[];

/** Along the last axis, the only one that TensorFlow.js has these for. */
const alongLast =
  (f: (tf: TensorFlow, x: Tensor) => Tensor): Kernel =>
  (work) => {
    const [x] = work.inputs;
    const axis = axisOf(work);
    const order: Order = [...plainOrder(x.shape.length).filter((i) => i !== axis), axis];
    return work.output(f(work.tf, x.in(order)), order);
  };

/** Products of matrices, the last two axes. */
function product(work: Work, transA: boolean, transB: boolean): LaidOut {
  const leading = work.node.outputs[0].shape.slice(0, -2);
  const [a, b] = work.inputs.map((x) => {
    const [own, matrix] = [x.shape.slice(0, -2), x.shape.slice(-2)];
    // TensorFlow.js on its plain backend repeats one matrix, or takes as many as of the other, and nothing between.
    const fits = sameShape(own, leading) || own.every((n) => n === 1);
    return fits ? x.plain : work.tf.broadcastTo(x.plain, [...leading, ...matrix]);
  });
  return work.output(work.tf.matMul(a, b, transA, transB));
}

export const arrayKernels: Record<string, Kernel> = {
  ':MatMul': (work) => product(work, false, false),
  'com.microsoft:FusedMatMul': (work) => {
    const { transA, transB } = work.node.attributes;
    return product(work, transA === 1, transB === 1);
  },
  ':Softmax': alongLast((tf, x) => tf.softmax(x)),
  ':LogSoftmax': alongLast((tf, x) => tf.logSoftmax(x)),
  ':ReduceSum': reduction(
    (tf, x, axes) => tf.sum(x, axes, true),
    (work) => work.numbers(1),
  ),
  ':ReduceMean': reduction((tf, x, axes) => tf.mean(x, axes, true), namedAxes),
  ':ReduceMax': reduction((tf, x, axes) => tf.max(x, axes, true), namedAxes),
  ':Reshape': (work) => {
    const { shape } = work.node.outputs[0];
    return work.output(work.tf.reshape(work.inputs[0].plain, [...shape]));
  },
  ':Transpose': (work) => {
    const permutation = work.node.attributes['perm'] as readonly number[];
    return work.output(work.tf.transpose(work.inputs[0].plain, [...permutation]));
  },
  ':Concat': (work) => {
    const [{ order }] = work.inputs;
    const parts = work.inputs.map((x) => x.in(order));
    return work.output(work.tf.concat(parts, order.indexOf(axisOf(work))), order);
  },
  ':Split': (work) => {
    const [x] = work.inputs;
    const place = x.order.indexOf(axisOf(work));
    return work.tf
      .split(x.in(x.order), work.numbers(1), place)
      .map((part, i) => work.output(part, x.order, i));
  },
  ':Slice': (work) => {
    const { tf, inputs } = work;
    const [x] = inputs;
    const [starts, ends, axes, steps] = [1, 2, 3, 4].map((i) => work.numbers(i));
    const of = (numbers: readonly number[], otherwise: (axis: number) => number) =>
      inOrder(
        x.shape.map((_, axis) =>
          axes.includes(axis) ? numbers[axes.indexOf(axis)] : otherwise(axis),
        ),
        x.order,
      );
    const begin = of(starts, () => 0);
    const end = of(ends, (axis) => x.shape[axis]);
    const step = of(steps, () => 1);
    const tensor = x.in(x.order);
    return work.output(
      step.every((n) => n === 1)
        ? tf.slice(
            tensor,
            begin,
            end.map((n, i) => n - begin[i]),
          )
        : tf.stridedSlice(tensor, begin, end, step),
      x.order,
    );
  },
  ':Pad': (work) => {
    const [x] = work.inputs;
    const widths = work.numbers(1);
    const around = x.order.map((axis): [number, number] => [
      widths[axis],
      widths[x.shape.length + axis],
    ]);
    return work.output(work.tf.pad(x.in(x.order), around), x.order);
  },
  ':Gather': (work) => {
    const [x] = work.inputs;
    const indices = work.tf.tensor1d(work.numbers(1), 'int32');
    const place = x.order.indexOf(axisOf(work));
    return work.output(work.tf.gather(x.in(x.order), indices, place), x.order);
  },
};
