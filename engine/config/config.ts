/**
 * A distillation config with every default filled in and every path absolute: what the engine works from.
 * The file that a user writes is described by `distill.schema.json`; `loadConfig` turns one into the other.
 */
export interface DistillConfig {
  /** Absolute path of the config file. */
  file: string;
  /** Names of the foreground classes; class 0 is the background. At least one. */
  classes: string[];
  domains: Record<string, DomainConfig>;
  input: InputConfig;
  teacher: NetworkConfig;
  student: NetworkConfig;
  method: MethodConfig;
  /** The distilled students, each by one method. */
  methods: StudentConfig[];
  /** Undistilled students beside the one trained alone, by their names. */
  baselines: string[];
  training: TrainingConfig;
  evaluation: EvaluationConfig;
  device: DeviceName;
  /** Threads of the runtime; 0: one per core. */
  threads: number;
  output: { folder: string; predictions: boolean; probabilities: boolean; errors: boolean };
  /** Prepared cases on disk, at most so many GB (10^9 bytes); 0: none, all are kept in memory. */
  cache: { folder: string; gigabytes: number };
}

export type DeviceName = 'auto' | 'cpu' | 'webgpu' | 'cuda' | 'directml' | 'coreml' | 'wasm';

/** Data from one scanner, site or modality. */
export interface DomainConfig {
  /** `source` is trained on; `target` is only evaluated on. */
  role: 'source' | 'target';
  /** Absolute pattern of the images, e.g. `/data/images/{case}_{slice}.png`. */
  images: string;
  /** Absolute pattern of the labels; its placeholders match those of `images`. */
  labels: string;
  /** Absolute pattern of field-of-view masks, where there are some. */
  masks?: string;
  /** For each class name, which samples of the label file mean it. */
  values: Record<string, LabelValue>;
  /** What becomes the network's channel(s). Ignored for single-channel files. */
  channel: 'grey' | 'red' | 'green' | 'blue' | 'rgb';
  /** How intensities become network input (see engine/preparation/intensity.ts). */
  intensity:
    { window: [low: number, high: number] } | { normalize: 'zscore' | 'minmax' | 'percentile' };
  /** Contrast-limited adaptive histogram equalisation before normalisation; null: none. */
  clahe: { clipLimit: number; tiles: number } | null;
  /** [row, column] pixel spacing in mm; for files that have none, or to overrule them. */
  spacing?: [number, number];
  /**
   * For pictures, which state none: where their columns, rows and slices grow to in the patient, e.g. `LPS` (default:
   * a radiological axial slice) or `PRS`. Slices of all domains are brought to one orientation.
   */
  orientation?: string;
  /** Which DICOM series of a folder with several: its number, description (with `*`) or UID. */
  series?: string;
  /** Which frame of images with several, from 0; default: the first. */
  frame?: number;
  /** Slicing axis of volumes. */
  axis: 'axial' | 'coronal' | 'sagittal';
  /** Field of view for metrics. */
  fov: 'provided' | 'estimated' | 'none';
  /** Share of the cases (by subject), or explicit lists of case ids. Targets: all cases are `test`. */
  split: Split;
  /** At most so many cases / slices per case (evenly spread), to try things out; 0: all. */
  maxCases: number;
  maxSlices: number;
}

/** A sample value, several, everything above a threshold, or a colour. */
export type LabelValue =
  number | number[] | { above: number } | { color: [number, number, number]; tolerance: number };

export type Split =
  | { train: number; validation: number; test: number }
  | { train: string[]; validation: string[]; test: string[] };

export interface InputConfig {
  /** Rows and columns of the network's input. */
  size: [rows: number, columns: number];
  /** `resize`: a whole slice is resampled to `size`; `patch`: patches of `size`, tiled at inference. */
  fit: 'resize' | 'patch';
  /** With `patch`: slices are first resampled to this pixel spacing in mm; 0: as they are. */
  spacing: number;
  /** With `patch`: share of a tile that overlaps its neighbour at inference, 0 to below 1. */
  overlap: number;
}

export type NetworkConfig = { weights?: string } & (
  { network: 'unet'; width: number; depth: number } | { network: 'mobilenetv2-unet'; width: number }
);

/** One distilled student. */
export interface StudentConfig {
  name: string;
  /** Name of its method. */
  method: string;
  /** The method's options, every default filled in. */
  options: unknown;
}

export interface MethodConfig {
  psae: { input: 'mask' | 'image'; channels: number };
  /** Weights of output reconstruction, regularisation, consistency; feature reconstruction has weight 1. */
  act: { output: number; regularisation: number; consistency: number };
  /** Augmented views per image. */
  augmentations: number;
  temperature: number;
  graphLoss: 'kl' | 'mse';
  intra: { weight: number };
  inter: { weight: number; scope: 'image' | 'batch' };
  cross: { weight: number; scope: 'image' | 'views' };
  /** `match`: each term is scaled to the cross-entropy's size at the first step. */
  scale: 'match' | 'none';
  studentStart: 'warmup' | 'random';
  fsd: { dims: number; vectors: number };
}

export interface TrainingConfig {
  seed: number;
  optimizer:
    | { name: 'adam' | 'adamw'; beta1: number; beta2: number; epsilon: number; weightDecay: number }
    | { name: 'sgd'; momentum: number; nesterov: boolean; weightDecay: number };
  schedule:
    | { name: 'constant'; warmup: number }
    | { name: 'cosine'; warmup: number; final: number }
    | { name: 'polynomial'; warmup: number; power: number }
    | { name: 'step'; warmup: number; milestones: number[]; gamma: number };
  /** Largest global L2 norm of the gradient; 0: no clipping. */
  clipNorm: number;
  loss: { crossEntropy: number; dice: number };
  augmentation: AugmentationConfig;
  /** Steps between evaluations on the source's validation cases; 0: only at the end of a stage. */
  evaluateEvery: number;
  /** Steps between checkpoints. */
  checkpointEvery: number;
  stages: Record<StageName, { steps: number; batchSize: number; learningRate: number }>;
}

/** Stages whose length a config sets; baselines and students have that of `distill`. */
export type StageName = 'teacher' | 'warmup' | 'psae' | 'act' | 'distill';

export interface AugmentationConfig {
  /** Probabilities and ranges; 0 switches a part off. */
  flip: { horizontal: number; vertical: number };
  /** Degrees, uniform in [-rotate, rotate]. */
  rotate: number;
  /** Zoom factor, uniform in [1 - scale, 1 + scale]. */
  scale: number;
  /** Share of the image's size, uniform in [-translate, translate]. */
  translate: number;
  /** Multiplicative contrast, uniform in [1 - contrast, 1 + contrast]. */
  contrast: number;
  /** Additive, in units of the normalised input. */
  brightness: number;
  /** Exponent, log-uniform in [1 / (1 + gamma), 1 + gamma]. */
  gamma: number;
  /** Standard deviation of Gaussian noise, uniform in [0, noise]. */
  noise: number;
  /** Largest standard deviation in pixels of a Gaussian blur, uniform in [0, blur]. */
  blur: number;
}

export interface EvaluationConfig {
  aggregate: 'case' | 'slice' | 'global';
  /** `argmax`, or for one foreground class a probability threshold, or `source`: chosen on its validation cases. */
  threshold: 'argmax' | 'source' | number;
  /** Bootstrap resamples over cases for the 95% confidence interval. */
  bootstrap: number;
  confidence: number;
  /** Classes of which only the largest connected part of a prediction is kept. */
  keepLargest: string[];
  /** Cases of each target whose Dice is reported during training; nothing is chosen by them. */
  watch: number;
}
