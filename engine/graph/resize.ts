import { expect, type Operator, type Value } from './graph';
import { mul } from './elementwise';
import { matmul } from './matmul';
import { averagePool } from './pooling';

const sizeOf = (attributes: Parameters<Operator['infer']>[1]) =>
  (attributes['_size'] as { ints: readonly number[] }).ints;

const nearestOperator: Operator = {
  name: 'Resize',
  infer([x], attributes) {
    const size = sizeOf(attributes);
    expect(x.shape.length === 4, 'Resize', 'an image [n, channels, rows, columns]', [x]);
    expect(
      size.every((n, i) => n > 0 && n % x.shape[2 + i] === 0),
      'Resize',
      `a multiple of ${x.shape[2]} x ${x.shape[3]}`,
      size.join(' x '),
    );
    return [{ type: x.type, shape: [x.shape[0], x.shape[1], ...size] }];
  },
  // Every copy's gradient adds up: the mean of the window times its size.
  gradient(node, [dy]) {
    const k = sizeOf(node.attributes)[0] / node.inputs[0].shape[2];
    return [mul(averagePool(dy!, k), dy!.graph.scalar(k * k)), null, null];
  },
};

const linearOperator: Operator = {
  ...nearestOperator,
  // The interpolation is Y = A X B^T, so dX = A^T dY B.
  gradient(node, [dy]) {
    const g = dy!.graph;
    const [, , h, w] = node.inputs[0].shape;
    const [oh, ow] = sizeOf(node.attributes);
    const rows = g.constant(interpolationMatrix(oh, h), [oh, h]);
    const columns = g.constant(interpolationMatrix(ow, w), [ow, w]);
    return [matmul(matmul(rows, dy!, { transA: true }), columns), null, null];
  },
};

/** [out, in] weights of linear interpolation with half-pixel centres, edges repeated. */
function interpolationMatrix(out: number, input: number): Float32Array {
  const matrix = new Float32Array(out * input);
  for (let i = 0; i < out; i++) {
    const position = Math.min(Math.max(((i + 0.5) * input) / out - 0.5, 0), input - 1);
    const low = Math.floor(position);
    const high = Math.min(low + 1, input - 1);
    matrix[i * input + low] += 1 - (position - low);
    matrix[i * input + high] += position - low;
  }
  return matrix;
}

function resize(
  operator: Operator,
  x: Value,
  size: [number, number],
  mode: Record<string, string>,
): Value {
  const g = x.graph;
  const scales = Float32Array.of(1, 1, size[0] / x.shape[2], size[1] / x.shape[3]);
  // The second input, a region of interest, is there for a mode that is not used.
  const noRegion = g.constant(new Float32Array(0), [0]);
  return g.apply(operator, [x, noRegion, g.constant(scales, [4])], {
    ...Object.fromEntries(Object.entries(mode).map(([k, v]) => [k, { string: v }])),
    _size: { ints: size },
  });
}

/** Every pixel repeated `factor` times along rows and columns. */
export function upsampleNearest(x: Value, factor: number): Value {
  return resize(nearestOperator, x, [x.shape[2] * factor, x.shape[3] * factor], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
}

/** Bilinear enlargement by an integer factor with half-pixel centres (PyTorch's align_corners=False). */
export function upsampleBilinear(x: Value, factor: number): Value {
  return resize(linearOperator, x, [x.shape[2] * factor, x.shape[3] * factor], {
    mode: 'linear',
    coordinate_transformation_mode: 'half_pixel',
  });
}
