import type * as tensorflow from '@tensorflow/tfjs-core';
import { sameShape } from '../../graph/graph';

/** TensorFlow.js: the functions that its core and every package around it have. */
export type TensorFlow = typeof tensorflow;
export type Tensor = tensorflow.Tensor;

/** An order of axes: place i of a tensor so laid out is axis order[i] of the value. */
export type Order = readonly number[];

/** Images [n, channels, rows, columns] as TensorFlow convolves them, channels last. */
export const channelsLast: Order = [0, 2, 3, 1];
/** Kernels [out, in, rows, columns] as TensorFlow has them: [rows, columns, in, out]. */
export const kernelsLast: Order = [2, 3, 1, 0];

export const plainOrder = (rank: number): Order => Array.from({ length: rank }, (_, i) => i);
export const isPlain = (order: Order): boolean => order.every((axis, place) => axis === place);
/** Numbers for each axis, in the order in which the axes lie. */
export const inOrder = (numbers: readonly number[], order: Order): number[] =>
  order.map((axis) => numbers[axis]);

/**
 * A value of a graph as tensors: in the order of axes in which it was computed, and in each other one that it was asked for in.
 * TensorFlow wants channels last where the engine's graphs have them second, so images stay as convolutions leave them for as long as
 * nobody asks for them otherwise.
 */
export class LaidOut {
  private readonly forms: { order: Order; tensor: Tensor }[];

  constructor(
    private readonly tf: TensorFlow,
    /** In the graph's order of axes. */
    readonly shape: readonly number[],
    tensor: Tensor,
    /** In which the tensor lies, and its value is best computed with. */
    readonly order: Order = plainOrder(shape.length),
  ) {
    this.forms = [{ order, tensor: tf.keep(tensor) }];
  }

  /** The tensor with its axes in an order. It belongs to this value. */
  in(order: Order): Tensor {
    const found = this.forms.find((form) => sameShape(form.order, order));
    if (found) return found.tensor;
    const tensor = this.tf.keep(this.turned(order));
    this.forms.push({ order, tensor });
    return tensor;
  }

  get plain(): Tensor {
    return this.in(plainOrder(this.shape.length));
  }

  dispose(): void {
    for (const { tensor } of this.forms) tensor.dispose();
  }

  private turned(order: Order): Tensor {
    const [{ order: from, tensor }] = this.forms;
    // Where only axes of extent 1 move, the elements stay where they are.
    const wide = (axis: number) => this.shape[axis] !== 1;
    if (sameShape(from.filter(wide), order.filter(wide)))
      return this.tf.reshape(tensor, inOrder(this.shape, order));
    return this.tf.transpose(
      tensor,
      order.map((axis) => from.indexOf(axis)),
    );
  }
}
