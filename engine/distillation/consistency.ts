import { mul, sub } from '../graph/elementwise';
import type { Value } from '../graph/graph';
import { meanAll, reduceSum } from '../graph/reduction';
import { concat, slice } from '../graph/shape';
import { crossEntropy } from './segmentation-loss';
import { softmax } from '../graph/softmax';
import { stopGradient, unit } from './vectors';

/** What alignment consistency training sees of one network, for an image batch in all its views. */
export interface Alignment {
  /** F_m and its reconstruction, [views * B, C, h, w]. */
  bottleneck: Value;
  reconstructed: Value;
  /** The network's logits from each, [views * B, classes + 1, H, W]. */
  logits: Value;
  reconstructedLogits: Value;
  /** v_m, [views * B, K]; the first B are the images themselves. */
  vectors: Value;
  /** P-SAE's semantic vectors of the same views, [views * B, K]. */
  semantic: Value;
  /** B */
  images: number;
}

const squaredMean = (difference: Value) => meanAll(mul(difference, difference));

/**
 * The terms of alignment consistency training (ACT): feature reconstruction mean (F^ - F)^2; output reconstruction, the
 * cross-entropy of the reconstructed prediction against the network's own; regularisation mean (unit(v) - unit(s))^2;
 * consistency, the mean over augmented views of 1 - cos(v(a x), v(x)) [its form is our choice].
 */
export function alignmentTerms(a: Alignment) {
  const z = unit(a.vectors);
  const rows = z.shape[0];
  const anchors = slice(z, [0], [0], [a.images]);
  const views = rows / a.images - 1;
  // cos is the inner product of unit vectors; the anchors repeat for every view.
  const repeated = concat(
    Array.from({ length: views }, () => anchors),
    0,
  );
  const cosine = reduceSum(mul(slice(z, [0], [a.images], [rows]), repeated), [1]);
  return {
    features: squaredMean(sub(a.reconstructed, a.bottleneck)),
    output: crossEntropy(a.reconstructedLogits, stopGradient(softmax(a.logits, 1))),
    regularisation: squaredMean(sub(z, unit(a.semantic))),
    consistency: sub(z.graph.scalar(1), meanAll(cosine)),
  };
}
