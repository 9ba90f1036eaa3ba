import { constantNumbers, elements, expect, type Operator, type Value } from '../graph';
import { add } from './elementwise';

const reshapeOperator: Operator = {
  name: 'Reshape',
  attributes: {},
  infer([x, target]) {
    const shape = constantNumbers('Reshape', target);
    expect(elements(shape) === elements(x.shape), 'Reshape', `${elements(shape)} elements`, [x]);
    return [{ type: x.type, shape }];
  },
  gradient: (node, [dy]) => [reshape(dy, node.inputs[0].shape), null],
};
/** The same elements in another shape. */
export function reshape(x: Value, shape: readonly number[]): Value {
  if (x.rank === shape.length && shape.every((n, i) => n === x.shape[i])) return x;
  return x.graph.apply(reshapeOperator, [x, x.graph.integers(shape)]);
}

const transposeOperator: Operator<{ readonly perm: readonly number[] }> = {
  name: 'Transpose',
  attributes: { perm: 'ints' },
  infer([x], { perm: permutation }) {
    expect(
      permutation.length === x.shape.length &&
        [...permutation].sort((a, b) => a - b).every((n, i) => n === i),
      'Transpose',
      `a permutation of ${x.shape.length} axes`,
      `[${permutation.join(', ')}]`,
    );
    return [{ type: x.type, shape: permutation.map((i) => x.shape[i]) }];
  },
  gradient(node, [dy]) {
    const permutation = node.attributes.perm;
    return [
      transpose(
        dy,
        permutation.map((_, i) => permutation.indexOf(i)),
      ),
    ];
  },
};
/** Axes permuted: axis i of the result is axis permutation[i] of x. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  if (permutation.every((n, i) => n === i)) return x;
  return x.graph.apply(transposeOperator, [x], { perm: [...permutation] });
}

type AxisAttributes = { readonly axis: number };

const concatOperator: Operator<AxisAttributes> = {
  name: 'Concat',
  attributes: { axis: 'int' },
  infer(inputs, { axis }) {
    const [first] = inputs;
    expect(
      axis >= 0 && axis < first.shape.length,
      'Concat',
      `an axis below ${first.shape.length}`,
      `${axis}`,
    );
    expect(
      inputs.every(
        (x) =>
          x.type === first.type &&
          x.shape.length === first.shape.length &&
          x.shape.every((n, i) => i === axis || n === first.shape[i]),
      ),
      'Concat',
      `tensors that agree but for axis ${axis}`,
      inputs,
    );
    const shape = [...first.shape];
    shape[axis] = inputs.reduce((sum, x) => sum + x.shape[axis], 0);
    return [{ type: first.type, shape }];
  },
  gradient(node, [dy], needs) {
    const { axis } = node.attributes;
    let start = 0;
    return node.inputs.map((x, i) => {
      const from = start;
      start += x.shape[axis];
      return needs[i] ? slice(dy, [axis], [from], [start]) : null;
    });
  },
};
/** Tensors joined along an axis. */
export function concat(values: readonly Value[], axis: number): Value {
  if (values.length === 1) return values[0];
  return values[0].graph.apply(concatOperator, values, { axis });
}

const splitOperator: Operator<AxisAttributes> = {
  name: 'Split',
  attributes: { axis: 'int' },
  infer([x, sizes], { axis }) {
    const extents = constantNumbers('Split', sizes);
    expect(
      extents.reduce((sum, n) => sum + n, 0) === x.shape[axis] && extents.every((n) => n > 0),
      'Split',
      `sizes that sum to the ${x.shape[axis]} of axis ${axis}`,
      `[${extents.join(', ')}]`,
    );
    return extents.map((n) => ({
      type: x.type,
      shape: x.shape.map((extent, i) => (i === axis ? n : extent)),
    }));
  },
  gradient: (node, gradients) => [concat(gradients, node.attributes.axis), null],
};
/** A tensor parted along an axis into pieces of these sizes. */
export function split(x: Value, axis: number, sizes: readonly number[]): Value[] {
  if (sizes.length === 1) return [x];
  return x.graph.add(splitOperator, [x, x.graph.integers(sizes)], { axis });
}

const sliceOperator: Operator = {
  name: 'Slice',
  attributes: {},
  infer([x, ...ranges]) {
    const [starts, ends, axes, steps] = ranges.map((range) => constantNumbers('Slice', range));
    const shape = [...x.shape];
    axes.forEach((axis, i) => {
      const n = x.shape[axis];
      expect(
        axis < x.shape.length &&
          starts[i] >= 0 &&
          starts[i] < ends[i] &&
          ends[i] <= n &&
          steps[i] > 0,
        'Slice',
        `0 <= start < end <= ${n} on axis ${axis}`,
        `${starts[i]}:${ends[i]}:${steps[i]} of [${x.shape.join(', ')}]`,
      );
      shape[axis] = Math.ceil((ends[i] - starts[i]) / steps[i]);
    });
    return [{ type: x.type, shape }];
  },
  // The gradient goes back to where the elements came from; zeros elsewhere.
  gradient(node, [dy]) {
    const [x, ...ranges] = node.inputs;
    const [starts, , axes, steps] = ranges.map((range) => constantNumbers('Slice', range));
    expect(
      steps.every((s) => s === 1),
      'gradient of Slice',
      'steps of 1',
      `[${steps.join(', ')}]`,
    );
    const before = x.shape.map(() => 0);
    const after = x.shape.map(() => 0);
    axes.forEach((axis, i) => {
      before[axis] = starts[i];
      after[axis] = x.shape[axis] - starts[i] - dy.shape[axis];
    });
    return [pad(dy, before, after), null, null, null, null];
  },
};
/** x[start:end:step] along each of `axes`. */
export function slice(
  x: Value,
  axes: readonly number[],
  starts: readonly number[],
  ends: readonly number[],
  steps: readonly number[] = axes.map(() => 1),
): Value {
  if (axes.every((a, i) => starts[i] === 0 && ends[i] === x.shape[a] && steps[i] === 1)) return x;
  const g = x.graph;
  return g.apply(sliceOperator, [
    x,
    g.integers(starts),
    g.integers(ends),
    g.integers(axes),
    g.integers(steps),
  ]);
}

const padOperator: Operator = {
  name: 'Pad',
  attributes: {},
  infer([x, widths]) {
    const pads = constantNumbers('Pad', widths);
    expect(
      pads.length === 2 * x.shape.length && pads.every((n) => n >= 0),
      'Pad',
      `${2 * x.shape.length} widths of at least 0`,
      `[${pads.join(', ')}]`,
    );
    return [{ type: x.type, shape: x.shape.map((n, i) => n + pads[i] + pads[x.shape.length + i]) }];
  },
  gradient(node, [dy]) {
    const [x, widths] = node.inputs;
    const pads = constantNumbers('Pad', widths);
    const axes = x.shape.map((_, i) => i).filter((i) => dy.shape[i] !== x.shape[i]);
    return [
      slice(
        dy,
        axes,
        axes.map((i) => pads[i]),
        axes.map((i) => pads[i] + x.shape[i]),
      ),
      null,
    ];
  },
};
/** x with zeros around it: `before[i]` and `after[i]` of them along axis i. */
export function pad(x: Value, before: readonly number[], after: readonly number[]): Value {
  const pads = [...before, ...after];
  if (pads.every((n) => n === 0)) return x;
  return x.graph.apply(padOperator, [x, x.graph.integers(pads)]);
}

const gatherOperator: Operator<AxisAttributes> = {
  name: 'Gather',
  attributes: { axis: 'int' },
  infer([x, indices], { axis }) {
    expect(indices.type === 'int64' && indices.shape.length === 1, 'Gather', 'int64 [n]', [
      indices,
    ]);
    expect(
      axis >= 0 && axis < x.shape.length,
      'Gather',
      `an axis below ${x.shape.length}`,
      `${axis}`,
    );
    const shape = [...x.shape];
    shape[axis] = indices.shape[0];
    return [{ type: x.type, shape }];
  },
  // Rows that were taken several times add up.
  gradient(node, [dy]) {
    const [x, indices] = node.inputs;
    const { axis } = node.attributes;
    const order = constantNumbers('gradient of Gather', indices);
    const rows = Array.from({ length: x.shape[axis] }, (_, row) =>
      order
        .flatMap((source, i) => (source === row ? [slice(dy, [axis], [i], [i + 1])] : []))
        .reduce<Value | null>((sum, part) => (sum ? add(sum, part) : part), null),
    );
    const zero = () => {
      const shape = x.shape.map((n, i) => (i === axis ? 1 : n));
      return x.graph.constant(new Float32Array(elements(shape)), shape);
    };
    return [
      concat(
        rows.map((row) => row ?? zero()),
        axis,
      ),
      null,
    ];
  },
};
/** The given indices along an axis, in that order. */
export function gather(x: Value, indices: readonly number[], axis: number): Value {
  const n = x.shape[axis] ?? 0;
  expect(
    indices.every((i) => i >= 0 && i < n),
    'Gather',
    `indices from 0 to below ${n}`,
    `[${indices.join(', ')}]`,
  );
  return x.graph.apply(gatherOperator, [x, x.graph.integers(indices)], { axis });
}

export const shapeOperators = [
  reshapeOperator,
  transposeOperator,
  concatOperator,
  splitOperator,
  sliceOperator,
  padOperator,
  gatherOperator,
];
