import type { Node, Value } from '../../graph/graph';
import type { Rule } from '../../graph/lower';
import { exp, log, sub } from '../../graph/operators/elementwise';
import { matmul } from '../../graph/operators/matmul';
import { reduceMax, reduceSum } from '../../graph/operators/reduction';
import { slice, transpose } from '../../graph/operators/shape';

/**
 * What ONNX Runtime's WebGPU build has no shaders for in other operators: it would leave a node to the processor, with a wait for the GPU
 * and a copy either way. test/engine/runtime/placement.test.ts says what is left.
 */
export const webgpuRule: Rule = (node, inputs) => rules[node.operator.name]?.(node, inputs) ?? null;

const rules: Record<string, (node: Node, inputs: readonly Value[]) => readonly Value[]> = {
  /** Shaders take few tensors at once: what a tensor is parted into is cut out piece by piece. */
  Split(node, [x]) {
    const { axis } = node.attributes as { axis: number };
    let end = 0;
    return node.outputs.map(({ shape }) => {
      const start = end;
      end += shape[axis];
      return slice(x, [axis], [start], [end]);
    });
  },

  FusedMatMul(node, [a, b]) {
    const { transA, transB } = node.attributes as { transA: number; transB: number };
    const [rows, inner] = a.shape.slice(-2);
    // A B^T = (B A^T)^T: less to turn where the product is smaller than B, and the taps of a kernel share A.
    if (!transA && transB && rows < inner) return [turned(matmul(b, turned(a)))];
    return [matmul(transA ? turned(a) : a, transB ? turned(b) : b)];
  },

  LogSoftmax(node, [x]) {
    const { axis } = node.attributes as { axis: number };
    const below = sub(x, reduceMax(x, [axis]));
    return [sub(below, log(reduceSum(exp(below), [axis])))];
  },
};

/** The last two axes exchanged. */
function turned(x: Value): Value {
  const axes = x.shape.map((_, i) => i);
  return transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}
