import type { Static, TSchema } from 'typebox';
import type { DistillConfig } from '../config/config';
import type { Graph, Value } from '../graph/graph';
import type { Encoding, Network } from '../networks/network';
import type { Stage, Term } from '../training/stage';

/**
 * A method of distillation: what a student learns of the teacher beside its labels. One file or folder, and one line in the catalogue;
 * the config's schema, the stages of a run and all that shows them follow from what stands here.
 */
export interface Method<O extends TSchema = TSchema> {
  /** By this the config names it. */
  readonly name: string;
  readonly title: string;
  /** Where it was published. */
  readonly source: string;
  /** One sentence for the config's hovers. */
  readonly description: string;
  readonly options: O;
  /** Stages trained before it, whose weights it takes frozen, in their order; students that need the same one share it. */
  readonly before: readonly ((config: DistillConfig) => Stage)[];
  /** Augmented views beside each image of a batch, of those that the config allows. */
  views(options: Static<O>, allowed: number): number;
  /** Whether the student's own prediction is taken of the images alone, or of their views too. */
  predicts(options: Static<O>): 'images' | 'views';
  /** Names of weights that are trained beside the student's begin with one of these. */
  readonly trains?: readonly string[];
  /** Of a method that aligns vectors of both networks: what its inter-coupling graph spans, as the dashboard shows it. */
  contrastiveGraphs?(options: Static<O>): { scope: 'image' | 'batch' };
  /** What is added to the supervised loss. */
  terms(seen: Seen, options: Static<O>): Record<string, Term>;
}

/** Both networks at work on one batch. */
export interface Seen {
  readonly graph: Graph;
  readonly config: DistillConfig;
  /** Images B of the batch, and augmented views N of each: rows are all images first, then the views image by image. */
  readonly images: number;
  readonly views: number;
  /** Frozen, batch norms in evaluation mode. */
  readonly teacher: SeenNetwork;
  readonly student: SeenNetwork;
  /** The student's logits on the rows that `predicts` names, [rows, classes + 1, h, w]. */
  readonly logits: Value;
  /** What terms are first scaled to where the config asks for that. */
  readonly like: Value | undefined;
}

export interface SeenNetwork {
  readonly network: Network;
  /** Of all B (1 + N) rows. */
  readonly encoding: Encoding;
}
