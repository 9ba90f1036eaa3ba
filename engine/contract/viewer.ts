/** What crosses between the engine and the viewer's page: types only. */
import type { NetworkInfo, NetworkRole } from './plan';

export type PlaneName = 'axial' | 'coronal' | 'sagittal';

/** What the viewer shows: a case of a run with its predictions, or any file with label files laid over it. */
export type ViewerSource =
  | { kind: 'case'; run: string; domain: string; id: string }
  | { kind: 'file'; path: string; overlays: string[] };

/** A label map over the image: `reference`, a network by its name, or `overlay N`, the overlay of that number. */
export type LayerName = string;

/** One of the three ways to look at a volume; a picture has one. */
export interface PlaneInfo {
  name: PlaneName;
  title: string;
  slices: number;
  rows: number;
  columns: number;
  /** Distance of rows and of columns in mm (1 where none is known). */
  spacing: [row: number, column: number];
  /** The patient's side at each edge; null where the file states none. */
  letters: { left: string; right: string; top: string; bottom: string } | null;
  /** Voxel of slice 0, row 0, column 0. */
  origin: Vector;
  /** Voxel steps to the next slice, row and column. */
  steps: { slice: Vector; row: Vector; column: Vector };
}

export type Vector = [i: number, j: number, k: number];

export interface LayerInfo {
  name: LayerName;
  title: string;
  /** Of a network, what it is to the run. */
  role?: NetworkRole;
  /** Of a network, which of the palette's colours it is drawn with, from 0. */
  color?: number;
  /** The file, or the first of a stack. */
  path: string;
  /** True where probabilities are stored, so that another threshold can be tried. */
  probabilities: boolean;
  /** The threshold behind the label map; null where the most probable class was taken. */
  threshold: number | null;
  /** Something to know about it, as a sentence. */
  note: string | null;
  /** Why it cannot be shown, as a sentence. */
  error: string | null;
}

export interface Window {
  name: string;
  low: number;
  high: number;
}

/** All that is to be known of what is shown, but for the samples. */
export interface SceneInfo {
  title: string;
  path: string;
  format: string;
  dtype: string;
  shape: Vector;
  channels: number;
  frames: number;
  /** Of several frames, the one to begin with. */
  frame: number;
  /** Voxel size along i, j, k in mm. */
  spacing: Vector;
  /** Voxel to world mm, RAS+; null where the file states none. */
  affine: number[][] | null;
  orientation: string | null;
  planes: PlaneInfo[];
  /** The plane that the networks see. */
  plane: PlaneName;
  layers: LayerInfo[];
  /** Of label maps: index n + 1 in a slice means classes[n]. */
  classes: string[];
  /** What the readers of its files noticed, in sentences, those of one kind in one. */
  warnings: string[];
  /** Something to know about what is shown, as a sentence. */
  note: string | null;
  /** Intensity windows to choose from, the first to begin with. */
  windows: Window[];
}

export interface SliceQuery {
  source: ViewerSource;
  plane: PlaneName;
  index: number;
  frame: number;
  image: boolean;
  layers: LayerName[];
  /** In place of each layer's own, where it has probabilities. */
  threshold: number | null;
}

export type Samples = Uint8Array | Int8Array | Int16Array | Uint16Array | Float32Array;

export interface ImageSlice {
  rows: number;
  columns: number;
  /** 1 grey, 3 red, green, blue; `data` is [channel][row][column]. */
  channels: number;
  data: Samples;
}

/** Class indices [row][column], or a sentence that says why there are none. */
export type LabelSlice = { labels: Uint8Array } | { error: string };

export interface SliceResult {
  image: ImageSlice | { error: string } | null;
  layers: Partial<Record<LayerName, LabelSlice>>;
}

/** Counts of pixels [class][slice][true positive, false positive, false negative], by plane. */
export type SliceCounts = Partial<Record<PlaneName, Uint32Array>>;

/** Every layer against the reference, slice by slice; null where there is no reference. */
export interface DiceResult {
  layers: Partial<Record<LayerName, SliceCounts | { error: string }>>;
}

/** The cases of a run that can be looked at. */
export interface RunCases {
  run: string;
  title: string;
  classes: string[];
  networks: NetworkInfo[];
  /** The network that the distilled students' gain is counted from. */
  baseline: string | null;
  domains: RunDomain[];
}

export interface RunDomain {
  name: string;
  role: 'source' | 'target';
  cases: RunCase[];
}

export interface RunCase {
  id: string;
  /** Mean Dice over the classes; null where it is undefined. */
  dice: Record<string, number | null>;
  /** By class. */
  classes: Record<string, Record<string, number | null>>;
}

/** What the engine answers for the viewer. */
export interface ViewerCalls {
  /** The cases of a finished run. */
  viewerRun: { params: { run: string }; result: RunCases };
  viewerOpen: { params: { source: ViewerSource }; result: SceneInfo };
  viewerSlice: { params: SliceQuery; result: SliceResult };
  viewerDice: {
    params: { source: ViewerSource; frame: number; threshold: number | null };
    result: DiceResult;
  };
}
