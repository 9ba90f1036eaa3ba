import { constantNumbers, expect, type Node, type Operator, type Value } from '../graph';
import { mul } from './elementwise';
import { matmul } from './matmul';
import { averagePool } from './pooling';

type ResizeAttributes = {
  readonly mode: 'nearest' | 'linear';
  readonly coordinate_transformation_mode: 'asymmetric' | 'half_pixel';
  readonly nearest_mode?: 'floor';
};

const resizeOperator: Operator<ResizeAttributes> = {
  name: 'Resize',
  attributes: {
    mode: 'string',
    coordinate_transformation_mode: 'string',
    nearest_mode: 'string?',
  },
  infer([x, , factors]) {
    expect(x.shape.length === 4, 'Resize', 'an image [n, channels, rows, columns]', [x]);
    const [, , ...scales] = constantNumbers('Resize', factors);
    const size = scales.map((scale, i) => scale * x.shape[2 + i]);
    expect(
      size.every((n, i) => n > 0 && n % x.shape[2 + i] === 0),
      'Resize',
      `a multiple of ${x.shape[2]} x ${x.shape[3]}`,
      size.join(' x '),
    );
    return [{ type: x.type, shape: [x.shape[0], x.shape[1], ...size] }];
  },
  gradient: (node, [dy]) => [
    node.attributes.mode === 'nearest' ? nearestGradient(node, dy) : linearGradient(node, dy),
    null,
    null,
  ],
};

/** Every copy's gradient adds up: the mean of the window times its size. */
function nearestGradient(node: Node, dy: Value): Value {
  const k = dy.shape[2] / node.inputs[0].shape[2];
  return mul(averagePool(dy, k), dy.graph.scalar(k * k));
}

/** The interpolation is Y = A X B^T, so dX = A^T dY B. */
function linearGradient(node: Node, dy: Value): Value {
  const g = dy.graph;
  const [, , h, w] = node.inputs[0].shape;
  const [, , oh, ow] = dy.shape;
  const rows = g.constant(interpolationMatrix(oh, h), [oh, h]);
  const columns = g.constant(interpolationMatrix(ow, w), [ow, w]);
  return matmul(matmul(rows, dy, { transA: true }), columns);
}

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

function resize(x: Value, factor: number, attributes: ResizeAttributes): Value {
  const g = x.graph;
  // The second input, a region of interest, is there for a mode that is not used.
  const noRegion = g.constant(new Float32Array(0), [0]);
  const scales = g.constant(Float32Array.of(1, 1, factor, factor), [4]);
  return g.apply(resizeOperator, [x, noRegion, scales], attributes);
}

/** Every pixel repeated `factor` times along rows and columns. */
export const upsampleNearest = (x: Value, factor: number): Value =>
  resize(x, factor, {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });

/** Bilinear enlargement by an integer factor with half-pixel centres (PyTorch's align_corners=False). */
export const upsampleBilinear = (x: Value, factor: number): Value =>
  resize(x, factor, { mode: 'linear', coordinate_transformation_mode: 'half_pixel' });

export const resizeOperators = [resizeOperator];
