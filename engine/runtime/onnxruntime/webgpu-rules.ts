import type { Rule } from '../../graph/lower';
import { slice } from '../../graph/operators/shape';

/** Shaders take few tensors at once: what a tensor is parted into is cut out piece by piece. */
export const webgpuRule: Rule = (node, [x]) => {
  if (node.operator.name !== 'Split') return null;
  const { axis } = node.attributes as { axis: number };
  let end = 0;
  return node.outputs.map(({ shape }) => {
    const start = end;
    end += shape[axis];
    return slice(x, [axis], [start], [end]);
  });
};
