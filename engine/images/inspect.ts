import { openFile } from './read-volume';
import { orientationOf } from './orientation';
import type { SeriesChoice } from './series';
import { isPlaced } from './volume';

/** What a file holds. */
export interface Inspection {
  path: string;
  format: string;
  /** NIfTI: every dimension as stated, i first; series: columns, rows, slices; pictures: columns, rows. */
  shape: number[];
  /** numpy's name of the type of the stored samples. */
  dtype: string;
  channels: number;
  /** Voxel size along i, j, k in mm; 1 where the file states none. */
  spacing: [number, number, number];
  hasSpacing: boolean;
  /** The direction in which i, j, k grow. */
  orientation: string;
  /** Voxel to world mm, RAS+. */
  affine: number[][];
  /** Least and greatest sample of all frames and channels, scaled, values that are not a number aside. */
  min: number;
  max: number;
  /** What its reader noticed and whoever trusts the numbers should know: sentences. */
  warnings?: string[];
}

/** Describes an image file; for NIfTI the values agree with nibabel's. @throws UserError as `readVolume` */
export async function inspect(path: string, choice: SeriesChoice = {}): Promise<Inspection> {
  const { path: file, content } = await openFile(path, choice);
  if (!('header' in content)) {
    const { format, shape, dtype, channels, spacing, hasSpacing, orientation, affine } = content;
    return {
      path: file,
      format,
      shape: isPlaced(content) || shape[2] > 1 ? shape : shape.slice(0, 2),
      dtype,
      channels,
      spacing,
      hasSpacing,
      orientation,
      affine,
      ...extremes(content.data),
      ...(content.warnings ? { warnings: content.warnings } : {}),
    };
  }
  const { format, dimensions, dtype, channels, spacing, affine, slope, intercept } = content.header;
  const { min, max } = extremes(content.stored, channels, content.storedChannels);
  const ends = [min * slope + intercept, max * slope + intercept];
  return {
    path: file,
    format,
    shape: dimensions,
    dtype,
    channels,
    spacing,
    hasSpacing: true,
    orientation: orientationOf(affine),
    affine,
    min: Math.min(...ends),
    max: Math.max(...ends),
  };
}

/** Of every `stride` samples the first `channels` count: an alpha is no intensity. */
function extremes(
  samples: ArrayLike<number | bigint>,
  channels = 1,
  stride = channels,
): { min: number; max: number } {
  let min = Infinity;
  let max = -Infinity;
  for (let first = 0; first < samples.length; first += stride)
    for (let c = 0; c < channels; c++) {
      const value = Number(samples[first + c]);
      if (value < min) min = value;
      if (value > max) max = value;
    }
  return { min, max };
}
