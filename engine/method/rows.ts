import { inputChannels } from '../preparation/channels';
import type { Setup } from './setup';
import type { Graph, Value } from '../graph/graph';
import { randomPrefix } from '../training/stage';
import { slice } from '../graph/operators/shape';
import type { Encoding } from '../networks/network';

/** A stage's input `images`, [n, channels, h, w]. */
export const imagesInput = (graph: Graph, setup: Setup, n: number): Value =>
  graph.input('images', 'float32', [n, inputChannels(setup), ...setup.input.size]);

/** A stage's input `labels`, one-hot, [n, classes + 1, h, w]. */
export const labelsInput = (graph: Graph, setup: Setup, n: number): Value =>
  graph.input('labels', 'float32', [n, setup.classes.length + 1, ...setup.input.size]);

/** A stage's input `softLabels`, the class probabilities that the teacher gave before the stage, [n, classes + 1, h, w]. */
export const softLabelsInput = (graph: Graph, setup: Setup, n: number): Value =>
  graph.input('softLabels', 'float32', [n, setup.classes.length + 1, ...setup.input.size]);

/**
 * An input of this shape that a stage finds filled with uniform random numbers in 0..1, others at each step; see `training/feeds.ts`.
 */
export const randomInput = (graph: Graph, name: string, shape: readonly number[]): Value =>
  graph.input(randomPrefix + name, 'float32', shape);

/** The first n rows. */
export const firstRows = (x: Value, n: number): Value =>
  n === x.shape[0] ? x : slice(x, [0], [0], [n]);

/** An encoding of the first n rows. */
export const firstEncodings = (e: Encoding, n: number): Encoding => ({
  bottleneck: firstRows(e.bottleneck, n),
  skips: e.skips.map((skip) => firstRows(skip, n)),
});
