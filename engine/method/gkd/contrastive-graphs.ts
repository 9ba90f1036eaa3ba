import { add, mul, sub } from '../../graph/operators/elementwise';
import type { Value } from '../../graph/graph';
import { matmul } from '../../graph/operators/matmul';
import { meanAll, reduceSum, sumAll } from '../../graph/operators/reduction';
import { reshape, slice } from '../../graph/operators/shape';
import { logSoftmax, softmax } from '../../graph/operators/softmax';
import { unit } from './vectors';

export interface ContrastiveGraphOptions {
  temperature: number;
  /** Distance between the two networks' graphs: of the edge distributions, or of the edges themselves. */
  loss: 'kl' | 'mse';
}

/** Far below any edge / temperature: exp of it is 0 in float32. */
const excluded = -1e4;

/**
 * Unit vectors of anchors [B, 1, K] and of their augmented views [B, N, K], from v [B (1 + N), K]: all anchors first,
 * then the views image by image.
 */
function byImage(v: Value, images: number): { anchors: Value; views: Value } {
  const [rows, k] = v.shape;
  const z = unit(v);
  return {
    anchors: reshape(slice(z, [0], [0], [images]), [images, 1, k]),
    views: reshape(slice(z, [0], [images], [rows]), [images, rows / images - 1, k]),
  };
}

/** The intra-coupling graph, a star: edges <z_0, z_i> from each image's anchor to its N augmented views, [B, 1, N]. */
export function intraEdges(v: Value, images: number): Value {
  const { anchors, views } = byImage(v, images);
  return matmul(anchors, views, { transB: true });
}

/**
 * The inter-coupling graph, complete over the augmented vectors: edges <z_i, z_j>, [B, N, N] for scope `image`, and
 * [1, B N, B N] for scope `batch`, where it spans all images. The diagonal is no edge.
 */
export function interEdges(v: Value, images: number, scope: 'image' | 'batch'): Value {
  const { views } = byImage(v, images);
  const [b, n, k] = views.shape;
  const points = scope === 'image' ? views : reshape(views, [1, b * n, k]);
  return matmul(points, points, { transB: true });
}

/** `L_intra`: the distance of the student's intra-coupling graph from the teacher's; vectors as in `byImage`. */
export function intraLoss(
  teacher: Value,
  student: Value,
  images: number,
  o: ContrastiveGraphOptions,
): Value {
  return edgeDistance(intraEdges(teacher, images), intraEdges(student, images), o);
}

/** `L_inter`: the distance of the student's inter-coupling graph from the teacher's. */
export function interLoss(
  teacher: Value,
  student: Value,
  images: number,
  scope: 'image' | 'batch',
  o: ContrastiveGraphOptions,
): Value {
  const t = interEdges(teacher, images, scope);
  const s = interEdges(student, images, scope);
  const n = t.shape[1];
  const identity = Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  return edgeDistance(t, s, o, t.graph.constant(identity, [1, n, n]));
}

/**
 * With `kl`, temperature^2 times the mean over nodes of KL(teacher || student) between the softmaxes of their edges /
 * temperature; with `mse`, the mean squared difference of edges. `diagonal` marks what is no edge.
 */
function edgeDistance(
  teacher: Value,
  student: Value,
  o: ContrastiveGraphOptions,
  diagonal?: Value,
): Value {
  const g = teacher.graph;
  if (o.loss === 'mse') {
    const difference = sub(student, teacher);
    const squared = mul(difference, difference);
    if (!diagonal) return meanAll(squared);
    const edge = sub(g.scalar(1), diagonal);
    const [b, n] = squared.shape;
    return mul(sumAll(mul(squared, edge)), g.scalar(1 / (b * n * (n - 1))));
  }
  const logits = (edges: Value) => {
    const scaled = mul(edges, g.scalar(1 / o.temperature));
    return diagonal ? add(scaled, mul(diagonal, g.scalar(excluded))) : scaled;
  };
  const t = logits(teacher);
  const s = logits(student);
  const divergence = reduceSum(mul(softmax(t, 2), sub(logSoftmax(t, 2), logSoftmax(s, 2))), [2]);
  return mul(meanAll(divergence), g.scalar(o.temperature ** 2));
}
