/** An image or a label map as read from files, in the files' own grid and order. */
export interface Volume {
  /** Absolute path of the file, or of the folder of a series. */
  path: string;
  /** A name of a format of the catalogue. */
  format: string;
  /** Samples along i, j, k (i fastest in `data`): columns, rows, slices for a photograph with 1 slice. */
  shape: [number, number, number];
  /** Samples per voxel: 1 grey or label, 3 colour. `data` is [channel][k][j][i]. */
  channels: number;
  /** Type of the samples in the file, e.g. `int16`. */
  dtype: string;
  /** Samples after the file's slope and intercept. */
  data:
    | Float32Array
    | Float64Array
    | Int16Array
    | Uint16Array
    | Int32Array
    | Uint32Array
    | Int8Array
    | Uint8Array;
  /** Voxel size along i, j, k in mm (1 where the format has none). */
  spacing: [number, number, number];
  /** True if the file states a spacing. */
  hasSpacing: boolean;
  /** Voxel (i, j, k) to world mm, RAS+, row-major 4 x 4. */
  affine: number[][];
  /** Three letters: the direction in which i, j, k grow, e.g. `RAS`, `LPS`. */
  orientation: string;
  /** Of a DICOM series or a stack of pictures: each slice's file and its instance number, in the order of k. */
  slices?: { path: string; instance: number | null }[];
  /** Of a NIfTI file, its header in base64: what is written in its grid carries its fields on. */
  niftiHeader?: string;
  /**
   * Of a picture, [k][j][i]: what labels in it are compared by, where that is not its colour. The indices of a palette of
   * colours, or an alpha channel that alone says what is inside.
   */
  marks?: Uint8Array | Uint16Array;
  /** The least difference of two samples that the file can express, where its slope makes that other than the type's. */
  step?: number;
  /** Of a file with several frames of which none was chosen, so that this is the first: how many, and how to choose one. */
  unchosen?: { frames: number; how: string };
  /** What its reader noticed and whoever trusts the numbers should know: sentences. */
  warnings?: string[];
}

/** Of samples, of every `stride` of which the first `channels` count: how many there are, how many of these are no finite numbers, and the range of the others. */
export function finiteRange(
  samples: ArrayLike<number | bigint>,
  channels = 1,
  stride = channels,
): { count: number; missing: number; low: number; high: number } {
  let [missing, low, high] = [0, Infinity, -Infinity];
  for (let first = 0; first < samples.length; first += stride)
    for (let c = 0; c < channels; c++) {
      const value = Number(samples[first + c]);
      if (!Number.isFinite(value)) missing++;
      else {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
  return { count: (samples.length / stride) * channels, missing, low, high };
}

/** What of a file's samples tells that there is little to see in them, in sentences; `scale` gives the value of a sample. */
export function unusualSamples(
  path: string,
  { count, missing, low, high }: ReturnType<typeof finiteRange>,
  scale = (sample: number) => sample,
): string[] {
  if (missing === count)
    return [`${path}: none of its ${count} samples is a finite number, so that it shows nothing.`];
  return [
    ...(missing > 0 ? [`${path}: ${missing} of its ${count} samples are not finite numbers.`] : []),
    ...(low === high
      ? [`${path}: all of its samples are ${scale(low)}, so that it shows nothing.`]
      : []),
  ];
}

/** Least and greatest sample, values that are not a number aside, and NaN where there is no other; of every `stride` samples the first `channels` count: an alpha is no intensity. */
export function extremes(
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
  return min > max ? { min: NaN, max: NaN } : { min, max };
}
