/**
 * Separable weights that resample a line of `from` samples to `to`, pixel centres at half integers: a triangle of
 * width one sample, or of one output sample where the line shrinks, so that fine detail is averaged and does not alias.
 */
interface LineWeights {
  /** Of each output sample: its first input sample and how many it takes. */
  first: Int32Array;
  count: Int32Array;
  /** [to][widest] */
  weights: Float64Array;
  widest: number;
}

function lineWeights(from: number, to: number): LineWeights {
  const scale = from / to;
  const support = Math.max(1, scale);
  const widest = 2 * Math.ceil(support) + 1;
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  const weights = new Float64Array(to * widest);
  for (let n = 0; n < to; n++) {
    const centre = (n + 0.5) * scale;
    const low = Math.max(0, Math.floor(centre - support + 0.5));
    const high = Math.min(from, Math.floor(centre + support + 0.5));
    let sum = 0;
    for (let m = low; m < high; m++) {
      const weight = Math.max(0, 1 - Math.abs(m + 0.5 - centre) / support);
      weights[n * widest + m - low] = weight;
      sum += weight;
    }
    for (let m = 0; m < high - low; m++) weights[n * widest + m] /= sum;
    first[n] = low;
    count[n] = high - low;
  }
  return { first, count, weights, widest };
}

/**
 * Bilinear resampling of [planes][rows][columns], with averaging where it shrinks: PyTorch's
 * `interpolate(mode='bilinear', align_corners=False, antialias=True)`. The same size gives a copy.
 */
export function resizeLinear(
  image: Float32Array,
  planes: number,
  from: readonly [rows: number, columns: number],
  to: readonly [rows: number, columns: number],
): Float32Array {
  return resize(image, planes, from, to, lineWeights);
}

/**
 * Values on a grid that `resizeNearest` led to, back on the grid that it came from, [planes][rows][columns]: along an axis
 * that it had made finer, the mean of the samples that took their label from this one, so that a label map comes back
 * exactly; along one that it had made coarser, linear.
 */
export function undoResize(
  image: Float32Array,
  planes: number,
  from: readonly [rows: number, columns: number],
  to: readonly [rows: number, columns: number],
): Float32Array {
  return resize(image, planes, from, to, (fine, coarse) =>
    fine < coarse ? lineWeights(fine, coarse) : meansOf(fine, coarse),
  );
}

/** Of each of `to` samples the mean over those of `from` that `nearestOf` gives it. */
function meansOf(from: number, to: number): LineWeights {
  const owner = nearestOf(to, from);
  const first = new Int32Array(to).fill(from);
  const count = new Int32Array(to);
  owner.forEach((n, m) => {
    first[n] = Math.min(first[n], m);
    count[n]++;
  });
  const widest = Math.max(...count);
  const weights = new Float64Array(to * widest);
  for (let n = 0; n < to; n++) weights.fill(1 / count[n], n * widest, n * widest + count[n]);
  return { first, count, weights, widest };
}

function resize(
  image: Float32Array,
  planes: number,
  [rows, columns]: readonly [rows: number, columns: number],
  [toRows, toColumns]: readonly [rows: number, columns: number],
  weightsOf: (from: number, to: number) => LineWeights,
): Float32Array {
  if (rows === toRows && columns === toColumns) return image.slice();
  const across = weightsOf(columns, toColumns);
  const down = weightsOf(rows, toRows);
  const out = new Float32Array(planes * toRows * toColumns);
  const narrow = new Float32Array(rows * toColumns);
  const line = new Float64Array(toColumns);
  for (let plane = 0; plane < planes; plane++) {
    for (let row = 0; row < rows; row++) {
      const start = (plane * rows + row) * columns;
      for (let n = 0; n < toColumns; n++) {
        let sum = 0;
        for (let m = 0; m < across.count[n]; m++)
          sum += across.weights[n * across.widest + m] * image[start + across.first[n] + m];
        narrow[row * toColumns + n] = sum;
      }
    }
    for (let row = 0; row < toRows; row++) {
      line.fill(0);
      for (let m = 0; m < down.count[row]; m++) {
        const weight = down.weights[row * down.widest + m];
        const start = (down.first[row] + m) * toColumns;
        for (let n = 0; n < toColumns; n++) line[n] += weight * narrow[start + n];
      }
      out.set(line, (plane * toRows + row) * toColumns);
    }
  }
  return out;
}

/** Nearest-neighbour resampling of [planes][rows][columns] by pixel centres (PyTorch's `nearest-exact`). */
export function resizeNearest(
  labels: Uint8Array,
  planes: number,
  [rows, columns]: readonly [rows: number, columns: number],
  [toRows, toColumns]: readonly [rows: number, columns: number],
): Uint8Array {
  const column = nearestOf(columns, toColumns);
  const row = nearestOf(rows, toRows);
  const out = new Uint8Array(planes * toRows * toColumns);
  let at = 0;
  for (let plane = 0; plane < planes; plane++)
    for (let r = 0; r < toRows; r++) {
      const start = (plane * rows + row[r]) * columns;
      for (let c = 0; c < toColumns; c++) out[at++] = labels[start + column[c]];
    }
  return out;
}

function nearestOf(from: number, to: number): Int32Array {
  return Int32Array.from({ length: to }, (_, n) =>
    Math.min(from - 1, Math.floor(((n + 0.5) * from) / to)),
  );
}
