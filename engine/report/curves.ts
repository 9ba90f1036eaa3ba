/** A curve's points: x ascending; y NaN where there is a gap. */
export interface Points {
  x: Float64Array;
  y: Float64Array | Float32Array;
}

/**
 * Exponential moving average of a curve, corrected for its start as Adam's moments are, so that the first value is the first point.
 * `factor` is the share that the past keeps, 0 (as it is) to below 1. NaN stays a gap.
 */
export function smooth(y: Float64Array | Float32Array, factor: number): Float64Array {
  const out = new Float64Array(y.length);
  let mean = 0;
  let weight = 0;
  for (let i = 0; i < y.length; i++) {
    if (Number.isNaN(y[i])) {
      out[i] = NaN;
      continue;
    }
    mean = factor * mean + (1 - factor) * y[i];
    weight = factor * weight + (1 - factor);
    out[i] = mean / weight;
  }
  return out;
}

/** The first index whose x is not below `value`. */
export function lowerBound(x: Float64Array, value: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Curves on one common x: null is a gap, undefined a place where the curve merely has no point of its own. */
export interface AlignedCurves {
  x: number[];
  y: (number | null | undefined)[][];
}

/**
 * Brings curves to one x axis with at most about `2 * buckets` points a curve in the range (inclusive). Few points stay as they are;
 * of many, every bucket keeps the least and the greatest in their order, so that no spike is lost and what is drawn at `buckets` pixels
 * looks the same. A point beyond each end is kept, so that lines run to the edge.
 */
export function alignCurves(
  curves: readonly Points[],
  range: readonly [number, number] | null,
  buckets: number,
): AlignedCurves {
  const parts = curves.map(({ x, y }) => {
    const from = range ? Math.max(0, lowerBound(x, range[0]) - 1) : 0;
    const to = range ? Math.min(x.length, lowerBound(x, range[1]) + 2) : x.length;
    return { x: x.subarray(from, to), y: y.subarray(from, to) };
  });
  return parts.some((part) => part.x.length > 2 * buckets)
    ? bucketed(parts, buckets)
    : joined(parts);
}

/** All points of all curves on the union of their x. */
function joined(parts: readonly Points[]): AlignedCurves {
  const first = parts[0];
  const shared =
    parts.length > 0 &&
    parts.every(
      ({ x }) =>
        x === first.x || (x.length === first.x.length && x.every((v, i) => v === first.x[i])),
    );
  if (shared)
    return {
      x: [...first.x],
      y: parts.map(({ y }) => Array.from(y, (v) => (Number.isNaN(v) ? null : v))),
    };
  const x = [...new Set(parts.flatMap((part) => [...part.x]))].sort((a, b) => a - b);
  const place = new Map(x.map((value, i) => [value, i]));
  return {
    x,
    y: parts.map((part) => {
      const y = new Array<number | null | undefined>(x.length).fill(undefined);
      part.x.forEach(
        (value, i) => (y[place.get(value)!] = Number.isNaN(part.y[i]) ? null : part.y[i]),
      );
      return y;
    }),
  };
}

function bucketed(parts: readonly Points[], buckets: number): AlignedCurves {
  let low = Infinity;
  let high = -Infinity;
  for (const { x } of parts)
    if (x.length) {
      low = Math.min(low, x[0]);
      high = Math.max(high, x[x.length - 1]);
    }
  const width = (high - low) / buckets || 1;
  // Two places a bucket, for its extremes in the order in which they came.
  const x = Array.from({ length: 2 * buckets }, (_, i) => low + ((i + 0.5) * width) / 2);
  const y = parts.map((part) => {
    const out = new Array<number | null | undefined>(2 * buckets).fill(undefined);
    let i = 0;
    for (let b = 0; b < buckets && i < part.x.length; b++) {
      const end = b === buckets - 1 ? Infinity : low + (b + 1) * width;
      let least = NaN;
      let greatest = NaN;
      let leastFirst = true;
      let points = 0;
      let gap = false;
      for (; i < part.x.length && part.x[i] < end; i++) {
        const value = part.y[i];
        points++;
        if (Number.isNaN(value)) {
          gap = true;
          continue;
        }
        if (!(value >= least)) {
          least = value;
          leastFirst = false;
        }
        if (!(value <= greatest)) {
          greatest = value;
          leastFirst = true;
        }
      }
      if (points === 0) continue;
      if (Number.isNaN(least)) {
        out[2 * b] = null;
        continue;
      }
      out[2 * b] = leastFirst ? least : greatest;
      out[2 * b + 1] = gap ? null : leastFirst ? greatest : least;
    }
    return out;
  });
  return { x, y };
}
