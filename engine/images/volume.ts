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
  /** What its reader noticed and whoever trusts the numbers should know: sentences. */
  warnings?: string[];
}

/** Least and greatest sample, values that are not a number aside; of every `stride` samples the first `channels` count: an alpha is no intensity. */
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
  return { min, max };
}

/** What identifies a case within a cohort and where its files are. */
export interface CohortCase {
  domain: string;
  id: string;
  /** Cases of one subject are never split apart. */
  subject: string;
  split: 'train' | 'validation' | 'test';
  /** One file for a volume or photograph, or one folder for a DICOM series; one file a slice for loose slices, in slice order. */
  images: string[];
  labels: string[];
  masks: string[];
}

/**
 * A case as the engine works on it: slices along the chosen axis, at the network's scale.
 * `image` is [slices][channels][rows][columns], `label` (class indices) and `fov` [slices][rows][columns].
 */
export interface PreparedCase {
  case: CohortCase;
  slices: number;
  channels: number;
  rows: number;
  columns: number;
  image: Float32Array;
  label: Uint8Array | null;
  fov: Uint8Array | null;
  /** Of a case that lies on disk: one slice, read without the others. */
  slice?: (index: number) => Pick<PreparedCase, 'image' | 'label' | 'fov'>;
}

/** The same case in its files' own in-plane grid, for metrics and predictions. */
export interface NativeCase {
  slices: number;
  rows: number;
  columns: number;
  label: Uint8Array | null;
  fov: Uint8Array | null;
  /** Row, column and slice spacing in mm. */
  spacing: [number, number, number];
}
