/** A case as the engine works on it, and what leads back to its files: types only. */
import type { CohortCase } from '../cohort/cohort';
import type { Volume } from '../images/volume';
import type { Walks } from '../images/walks';

/**
 * Slices along the chosen axis, at the network's scale.
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
  /** Where a teacher has predicted it: probabilities of the classes of a slice, [classes][rows][columns]; the rest is background. */
  softLabel?: (slice: number) => Float32Array;
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

/** All that leads from the prepared grid back to the files. */
export interface CaseGeometry {
  /** Id of the case, after which its predictions are named where its files' own names would not tell it. */
  id: string;
  files: Pick<Volume, 'path' | 'format' | 'shape' | 'affine' | 'niftiHeader'>[];
  walks: Walks;
  /** Of each slice: its file and its place along the slicing walk. */
  slices: { file: number; index: number }[];
  /** Rows and columns in the files' grid. */
  native: [rows: number, columns: number];
  /** Rows and columns after resampling; the prepared grid may be padded below and to the right of them. */
  scaled: [rows: number, columns: number];
  prepared: [rows: number, columns: number];
}

/** What occurs in the label files, also outside the chosen slices: class indices, and the samples themselves. */
export interface OccurringLabels {
  classes: Set<number>;
  values: Set<number>;
}

export interface PreparedResult {
  prepared: PreparedCase;
  native: NativeCase;
  geometry: CaseGeometry;
  occurring: OccurringLabels;
  /** What was noticed in the files and bears on the numbers: sentences. */
  warnings: string[];
}
