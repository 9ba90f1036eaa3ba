import { principalComponents } from '../../metrics/fsd';
import type { ContrastiveSnapshot } from '../../contract/contrastive-snapshot';

export interface SnapshotInput {
  step: number;
  /** Images B of the batch, and augmented views N of each. */
  images: number;
  views: number;
  /** Vectors [B (1 + N), K] of each network: all anchors first, then the views image by image. */
  teacher: Float32Array;
  student: Float32Array;
  /** Each image's domain. */
  domains: readonly string[];
  scope: 'image' | 'batch';
}

/**
 * Intra- and inter-coupling graphs of both networks and where their unit vectors lie, as the dashboard shows them.
 * The edges are those of `intraEdges` and `interEdges`, the latter always over the whole batch.
 */
export function contrastiveSnapshot(input: SnapshotInput): ContrastiveSnapshot {
  const { step, images, views, domains, scope } = input;
  const teacher = unitRows(input.teacher, images * (1 + views));
  const student = unitRows(input.student, images * (1 + views));
  const both = [...teacher, ...student];
  const { mean, axes } = principalComponents(both, 2);
  const centred = (v: Float64Array) => v.map((x, i) => x - mean[i]);
  const coordinates = (v: Float64Array) => axes.map((axis) => dot(axis, centred(v)));

  // An axis has no sign of its own. The teacher is frozen, so its farthest vector keeps the picture from flipping over time.
  const signs = axes.map((_, a) => {
    const along = teacher.map((v) => coordinates(v)[a]);
    return Math.sign(along.reduce((far, x) => (Math.abs(x) > Math.abs(far) ? x : far), 0)) || 1;
  });
  const place = (v: Float64Array): [number, number] => {
    const [x = 0, y = 0] = coordinates(v).map((c, a) => c * signs[a]);
    return [rounded(x), rounded(y)];
  };
  const total = both.reduce((sum, v) => sum + squaredNorm(centred(v)), 0);
  const explained = [0, 1].map((a) => {
    const along = both.reduce((sum, v) => sum + (coordinates(v)[a] ?? 0) ** 2, 0);
    // Below this, what differs is rounding.
    return total > 1e-12 ? rounded(along / total) : 0;
  }) as [number, number];

  const intra = (z: Float64Array[]) =>
    Array.from({ length: images }, (_, b) =>
      z.slice(images + b * views, images + (b + 1) * views).map((view) => rounded(dot(z[b], view))),
    );
  const inter = (z: Float64Array[]) => {
    const nodes = z.slice(images);
    return nodes.map((a) => nodes.map((b) => rounded(dot(a, b))));
  };
  return {
    step,
    images,
    views,
    domains: [...domains],
    intra: { teacher: intra(teacher), student: intra(student) },
    inter: { scope, teacher: inter(teacher), student: inter(student) },
    vectors: {
      explained,
      teacher: teacher.map(place),
      student: student.map(place),
      domain: teacher.map((_, r) => domains[r < images ? r : Math.floor((r - images) / views)]),
      kind: teacher.map((_, r) => (r < images ? 'anchor' : 'view')),
    },
  };
}

/** Where a snapshot lies in its run folder, with forward slashes. */
export const snapshotFile = (stage: string, step: number): string =>
  `graphs/${stage}-${String(step).padStart(6, '0')}.json`;

/** Where the picture of image `b`'s view lies, 0 the image itself. */
export const viewFile = (b: number, view: number): string => `graphs/views/b${b}-v${view}.png`;

/** An image [channels, rows, columns] as 8-bit grey, its range stretched, no side above `largest`: each pixel the mean of what it covers. */
export function thumbnail(
  image: Float32Array,
  [channels, rows, columns]: readonly [number, number, number],
  largest: number,
): { data: Uint8Array; rows: number; columns: number } {
  const factor = Math.max(1, Math.max(rows, columns) / largest);
  const outRows = Math.max(1, Math.round(rows / factor));
  const outColumns = Math.max(1, Math.round(columns / factor));
  const means = new Float64Array(outRows * outColumns);
  for (let r = 0; r < outRows; r++)
    for (let c = 0; c < outColumns; c++) {
      const [top, bottom] = [r, r + 1].map((i) => Math.floor((i * rows) / outRows));
      const [left, right] = [c, c + 1].map((i) => Math.floor((i * columns) / outColumns));
      let sum = 0;
      for (let k = 0; k < channels; k++)
        for (let y = top; y < bottom; y++)
          for (let x = left; x < right; x++) sum += image[(k * rows + y) * columns + x];
      means[r * outColumns + c] = sum / (channels * (bottom - top) * (right - left));
    }
  const low = means.reduce((a, b) => Math.min(a, b), Infinity);
  const high = means.reduce((a, b) => Math.max(a, b), -Infinity);
  const scale = high > low ? 255 / (high - low) : 0;
  const data = Uint8Array.from(means, (m) => Math.round((m - low) * scale));
  return { data, rows: outRows, columns: outColumns };
}

/** Vectors [rows, K], each divided by its length; one of length 0 stays 0. */
function unitRows(vectors: Float32Array, rows: number): Float64Array[] {
  const k = vectors.length / rows;
  return Array.from({ length: rows }, (_, r) => {
    const v = Float64Array.from(vectors.subarray(r * k, (r + 1) * k));
    const norm = Math.sqrt(squaredNorm(v));
    return norm > 0 ? v.map((x) => x / norm) : v;
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

const squaredNorm = (v: Float64Array): number => dot(v, v);

/** Four decimals: a cosine's colour and number need no more, and files stay small. */
const rounded = (x: number): number => Math.round(x * 1e4) / 1e4 || 0;
