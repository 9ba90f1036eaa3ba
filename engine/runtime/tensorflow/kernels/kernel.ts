import { constantNumbers, type Node } from '../../../graph/graph';
import { LaidOut, type Order, type Tensor, type TensorFlow } from '../laid-out';

/** A node to be computed, and the values of its inputs. */
export class Work {
  constructor(
    readonly tf: TensorFlow,
    readonly node: Node,
    readonly inputs: readonly LaidOut[],
  ) {}

  /** The numbers of a constant input, which none of the tensors are asked for. */
  numbers(input: number): number[] {
    return constantNumbers(this.node.operator.name, this.node.inputs[input]);
  }

  /** An output of the node from its tensor, whose axes lie in `order`, by default the graph's. */
  output(tensor: Tensor, order?: Order, index = 0): LaidOut {
    return new LaidOut(this.tf, this.node.outputs[index].shape, tensor, order);
  }
}

/** Computes the outputs of a node. What else it makes is freed by the caller. */
export type Kernel = (work: Work) => LaidOut | LaidOut[];
