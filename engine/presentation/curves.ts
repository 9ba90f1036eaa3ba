import { bisectLeft } from 'd3-array';

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
  return new Smoother(factor).extend(y);
}

/** A smoothed curve that goes on where it ended: of a live curve only the new points cost time. */
export class Smoother {
  private mean = 0;
  private weight = 0;
  private length = 0;
  private buffer = new Float64Array(0);

  constructor(readonly factor: number) {}

  /** The whole curve smoothed; `y` is what it was before, and more. Valid until the next call. */
  extend(y: Float64Array | Float32Array): Float64Array {
    if (y.length > this.buffer.length) {
      const larger = new Float64Array(this.length === 0 ? y.length : 2 * y.length);
      larger.set(this.buffer.subarray(0, this.length));
      this.buffer = larger;
    }
    const { factor, buffer } = this;
    for (let i = this.length; i < y.length; i++) {
      if (Number.isNaN(y[i])) {
        buffer[i] = NaN;
        continue;
      }
      this.mean = factor * this.mean + (1 - factor) * y[i];
      this.weight = factor * this.weight + (1 - factor);
      buffer[i] = this.mean / this.weight;
    }
    this.length = y.length;
    return buffer.subarray(0, y.length);
  }
}

/** Curves on one common x: null is a gap, undefined a place where the curve merely has no point of its own. */
export interface AlignedCurves {
  x: number[];
  y: (number | null | undefined)[][];
}

/**
 * Brings curves to one x axis with at most about `2 * buckets` points a curve in the range (inclusive). Few points stay as they are;
 * of many, every bucket keeps the least and the greatest in their order, so that no spike is lost and what is drawn at `buckets` pixels
 * looks the same. A point beyond each end is kept, so that lines run to the edge. With `positive`, for logarithmic axes, what is not
 * above 0 is a gap.
 */
export function alignCurves(
  curves: readonly Points[],
  range: readonly [number, number] | null,
  buckets: number,
  positive = false,
): AlignedCurves {
  const least = positive ? Number.MIN_VALUE : -Infinity;
  const parts = curves.map(({ x, y }) => {
    const from = range ? Math.max(0, bisectLeft(x, range[0]) - 1) : 0;
    const to = range ? Math.min(x.length, bisectLeft(x, range[1]) + 2) : x.length;
    return { x: x.subarray(from, to), y: y.subarray(from, to) };
  });
  return parts.some((part) => part.x.length > 2 * buckets)
    ? bucketed(parts, buckets, least)
    : joined(parts, least);
}

/** All points of all curves on the union of their x. */
function joined(parts: readonly Points[], least: number): AlignedCurves {
  const shown = (v: number) => (v >= least ? v : null);
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
      y: parts.map(({ y }) => Array.from(y, shown)),
    };
  const x = [...new Set(parts.flatMap((part) => [...part.x]))].sort((a, b) => a - b);
  const place = new Map(x.map((value, i) => [value, i]));
  return {
    x,
    y: parts.map((part) => {
      const y = new Array<number | null | undefined>(x.length).fill(undefined);
      part.x.forEach((value, i) => (y[place.get(value)!] = shown(part.y[i])));
      return y;
    }),
  };
}

function bucketed(parts: readonly Points[], buckets: number, lowest: number): AlignedCurves {
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
        if (!(value >= lowest)) {
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
