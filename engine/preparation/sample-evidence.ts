import type { Volume } from '../images/volume';

/** What a file of one sample a voxel holds, as all of its samples say: whole numbers, or fractions from 0 to 1, or neither. */
export type Content = 'labels' | 'probabilities' | 'neither';

/** How far rounding takes a probability out of 0 to 1: half floats are that coarse at 1. */
const slack = 1e-3;

/** Labels that a slope made uneven are few; saturated probabilities have more values than this. */
const fewValues = 16;

/** How far a label may lie from a whole number, in a file whose samples are `step` apart by its slope. */
export const wholeWithin = (step = 0): number => Math.max(1e-3, Math.min(0.51 * step, 0.05));

/** Goes through all samples of a file, piece by piece, so that no single one decides what the file is. */
export class SampleEvidence {
  /** Samples seen, those that are not a number, and those that are near to a whole number without being one. */
  count = 0;
  missing = 0;
  uneven = 0;
  /** Samples outside of 0 to 1. */
  outside = 0;
  low = Infinity;
  high = -Infinity;
  /** A sample that is not near to a whole number. */
  fraction: number | null = null;
  private readonly unevenValues = new Set<number>();
  private readonly tolerance: number;

  /** `step`: see `Volume`. */
  constructor(step?: number) {
    this.tolerance = wholeWithin(step);
  }

  add(samples: Volume['data']): this {
    this.count += samples.length;
    for (let n = 0; n < samples.length; n++) {
      const value = samples[n];
      if (Number.isNaN(value)) {
        this.missing++;
        continue;
      }
      if (value < this.low) this.low = value;
      if (value > this.high) this.high = value;
      if (value < 0 || value > 1) this.outside++;
      const off = Math.abs(value - Math.round(value));
      if (off === 0) continue;
      // An infinite sample is off by what is not a number.
      if (!(off <= this.tolerance)) this.fraction ??= value;
      else {
        this.uneven++;
        if (this.unevenValues.size <= fewValues) this.unevenValues.add(value);
      }
    }
    return this;
  }

  get content(): Content {
    const inRange = this.low >= -slack && this.high <= 1 + slack;
    if (inRange && (this.fraction !== null || this.unevenValues.size > fewValues))
      return 'probabilities';
    return this.fraction === null ? 'labels' : 'neither';
  }
}

/**
 * True for whole numbers that are many and change from sample to sample, as those of a picture, of a JPEG's edges or of probabilities
 * times 255 do; labels and numbered objects, however many, come in runs.
 */
export function areGraded(samples: ArrayLike<number>): boolean {
  const values = new Set<number>();
  let neighbours = 0;
  let changes = 0;
  for (let n = 1; n < samples.length; n++) {
    if (samples[n] === 0 && samples[n - 1] === 0) continue;
    neighbours++;
    if (samples[n] === samples[n - 1]) continue;
    changes++;
    if (values.size <= manyValues) values.add(samples[n]);
  }
  return values.size > manyValues && changes > neighbours / 4;
}

const manyValues = 32;
