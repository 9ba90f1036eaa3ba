import type { Static, TObject, TProperties } from 'typebox';
import type { Graph, Value } from '../graph/graph';
import type { Encoding } from '../networks/architecture';
import type { Network } from '../networks/network';
import type { Named } from '../options';
import type { Scaling, Stage, Term } from '../training/stage';
import type { MethodOptions } from './options';
import type { Setup } from './setup';

/**
 * A method of distillation: what a student learns of the teacher beside its labels. One file or folder, and one line in the catalogue;
 * the config's schema, the stages of a run and all that shows them follow from what stands here. `O`: its options, every one filled in.
 */
export interface Method<P extends TProperties = TProperties, O = Static<TObject<P>>> extends Named<
  string,
  P
> {
  /** Where it was published. */
  readonly source: string;
  /** What it is, for the choice by name alone. */
  readonly summary: string;
  /** What it adds to the supervised loss, in one line for hovers; T and S are the two networks. */
  readonly formula: string;
  /** Its options from those that a student was given, where these are not all; `shared` is the setting `method`. */
  complete?(given: Static<TObject<P>>, shared: MethodOptions): O;
  /** Stages trained before it, whose weights it takes frozen, in their order; students that need the same one share it. */
  readonly before: readonly ((setup: Setup) => Stage)[];
  /** Augmented views beside each image of a batch, of those that the config allows. */
  views(options: O, allowed: number): number;
  /** Whether the student's own prediction is taken of the images alone, or of their views too. */
  predicts(options: O): 'images' | 'views';
  /** Names of weights that are trained beside the student's begin with one of these. */
  readonly trains?: readonly string[];
  /** Of a method that aligns vectors of both networks: what its inter-coupling graph spans, as the dashboard shows it. */
  contrastiveGraphs?(options: O): { scope: 'image' | 'batch' };
  /**
   * True where its terms are means over images, each with its views, so that a batch may be taken in parts; left out: they compare the
   * images of a batch with each other.
   */
  byImage?(options: O): boolean;
  /** True where it takes soft labels: the teacher's class probabilities of the slices as they are, predicted once before the stage. */
  softLabels?(options: O): boolean;
  /** What is added to the supervised loss. */
  terms(seen: Seen, options: O): Record<string, Term>;
}

/** Declares a method, with its types taken from its options. */
export const method = <P extends TProperties, O = Static<TObject<P>>>(
  it: Method<P, O>,
): Method<P, O> => it;

/** Both networks at work on one batch. */
export interface Seen {
  readonly graph: Graph;
  readonly setup: Setup;
  /** Images B of the batch, and augmented views N of each: rows are all images first, then the views image by image. */
  readonly images: number;
  readonly views: number;
  /** Frozen, batch norms in evaluation mode; a pass through it is taken by methods that ask for it. */
  readonly teacher: SeenNetwork;
  readonly student: SeenNetwork;
  /** The student's logits on the rows that `predicts` names, [rows, classes + 1, h, w]. */
  readonly logits: Value;
  /** One-hot, of all rows, [B (1 + N), classes + 1, h, w]: those of a view are moved with it. */
  readonly labels: Value;
  /** The teacher's class probabilities, as `labels`, moved with each row in the same way, for a method that takes `softLabels`. */
  readonly softLabels: Value;
  /** Takes the next value of a parameter that no gradient updates, for the method to find at the next step. */
  readonly keep: (parameter: Value, next: Value) => void;
  /** How terms are scaled that a method does not scale itself, as the config asks for it. */
  readonly scaling: Scaling;
}

export interface SeenNetwork {
  readonly network: Network;
  /** Of all B (1 + N) rows. */
  readonly encoding: Encoding;
}
