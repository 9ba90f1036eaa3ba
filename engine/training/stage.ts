import type { StageInfo, TermInfo } from '../contract/plan';
import type { Graph, Value } from '../graph/graph';
import type { Shapes, Weights } from '../weights';

/** How a term is scaled before it is weighted: to the size that `like` has at the first step, or by its gradient. */
export interface Scaling {
  like?: Value;
  /**
   * Its gradient's norm on what is trained is to have this share of that of the unscaled terms' sum; found anew now and then, see
   * `rescaled`.
   */
  share?: number;
}

/** A term of a loss, with its weight. */
export interface WeightedTerm extends Scaling {
  value: Value;
  weight: number;
}

/** A term of a stage's loss, with how it is shown. */
export interface Term extends WeightedTerm, TermInfo {}

/** A loss, as built into a graph. */
export interface Loss<T extends WeightedTerm = Term> {
  terms: Record<string, T>;
  /** Weights whose name starts with one of these are trained; all others are frozen. */
  trains: readonly string[];
  /** Next values of running statistics, and of what else is kept from step to step. */
  statistics?: ReadonlyMap<string, Value>;
}

/** A stage of training: what it computes, from what, and which weights it leaves behind. */
export interface Stage extends StageInfo {
  batchSize: number;
  /** Its batch is taken in so many parts, one after the other, for one step of the optimiser; left out: as a whole. */
  accumulate?: number;
  learningRate: number;
  /** Stages whose weights it uses: as the start of what it trains, or frozen. */
  needs: readonly string[];
  /** The network that it trains, whose Dice on the source's validation cases chooses among checkpoints; null: the last one counts. */
  network: { name: string; architecture: 'teacher' | 'student' } | null;
  /** A file whose weights are taken instead of training. */
  weights?: string;
  /** Augmented views beside each image of a batch. */
  views: number;
  /** Its batches have the class probabilities that the teacher, whose weights it needs, gives for the slices as they are. */
  softLabels?: boolean;
  /** It goes on until it has lasted as long by the clock as each of these stages before it; `steps` are then its fewest. */
  atLeastAsLongAs?: readonly string[];
  /** Where its vectors form contrastive graphs, which are watched: what the inter-coupling graph spans. */
  contrastiveGraphs?: { scope: 'image' | 'batch' };
  /** Its batches are drawn from this stream of random numbers: stages of one stream see the same ones. */
  stream: string;
  /** All of the config that it reads beside data, input and training, for telling whether it would train the same again. */
  depends: unknown;
  /** True where its loss compares the images of a batch with each other, so that a batch cannot be taken in parts. */
  whole?: boolean;
  /** Builds the loss; inputs are `images` [batch (1 + views), channels, h, w], one-hot `labels`, `softLabels` and random numbers, as far as used. */
  build(graph: Graph, batchSize: number): Loss;
}

/** Names of a stage's inputs that random numbers fill begin so. */
export const randomPrefix = 'random/';

/** A stage in progress: state of weights and optimiser after `step` steps, and the best weights so far. */
export interface Checkpoint {
  hash: string;
  step: number;
  seconds: number;
  /** Of these, those that were not spent in evaluating or compiling. */
  trainingSeconds: number;
  state: Weights;
  best: { step: number; dice: number; weights: Weights } | null;
}

/** Where a stage in progress is kept. */
export interface CheckpointStore {
  /** The checkpoint of a stage in progress, if there is one that has this hash; what it has of `shapes` is of these. */
  readCheckpoint(stage: string, hash: string, shapes: Shapes): Promise<Checkpoint | null>;
  /** `about`: what else is to be known of it, as metadata of the file. */
  writeCheckpoint(
    stage: string,
    checkpoint: Checkpoint,
    shapes: Shapes,
    about: Record<string, string>,
  ): Promise<void>;
  /** Drops what was reported of a stage after `step`, which it reports again. */
  truncateLog(stage: string, step: number): Promise<void>;
}
