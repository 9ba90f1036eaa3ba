import { mul, stopGradient, sub } from '../../graph/operators/elementwise';
import type { Value } from '../../graph/graph';
import { meanAll, reduceSum } from '../../graph/operators/reduction';
import { reshape, slice } from '../../graph/operators/shape';
import { crossEntropy } from '../segmentation-loss';
import { softmax } from '../../graph/operators/softmax';
import { unit } from './vectors';

/** What alignment consistency training sees of one network, for an image batch in all its views. */
export interface Alignment {
  /** F_m and its reconstruction, [B (1 + N), C, h, w]. */
  bottleneck: Value;
  reconstructed: Value;
  /** The network's logits from each, [B (1 + N), classes + 1, H, W]. */
  logits: Value;
  reconstructedLogits: Value;
  /** v_m, [B (1 + N), K]: the images themselves, then N views of each, image by image. */
  vectors: Value;
  /** P-SAE's semantic vectors of the same views, standardised, [B (1 + N), K]. */
  semantic: Value;
  /** B */
  images: number;
}

const squaredMean = (difference: Value) => meanAll(mul(difference, difference));

/**
 * The terms of alignment consistency training (ACT): feature reconstruction mean (F^ - F)^2; output reconstruction, the
 * cross-entropy of the reconstructed prediction against the network's own; regularisation, the mean of 1 - cos(v, s); consistency,
 * the mean over augmented views of 1 - cos(v(a x), v(x)) [the forms of both are our choice].
 */
export function alignmentTerms(a: Alignment) {
  const z = unit(a.vectors);
  const [rows, k] = z.shape;
  const anchors = reshape(slice(z, [0], [0], [a.images]), [a.images, 1, k]);
  const views = reshape(slice(z, [0], [a.images], [rows]), [a.images, rows / a.images - 1, k]);
  const cosine = reduceSum(mul(views, anchors), [2]);
  return {
    features: squaredMean(sub(a.reconstructed, a.bottleneck)),
    output: crossEntropy(a.reconstructedLogits, stopGradient(softmax(a.logits, 1))),
    regularisation: vectorDistance(a.vectors, a.semantic),
    consistency: sub(z.graph.scalar(1), meanAll(cosine)),
  };
}

/** The mean over rows of 1 - cos between vectors [n, K]. */
export const vectorDistance = (v: Value, other: Value): Value =>
  sub(v.graph.scalar(1), meanAll(reduceSum(mul(unit(v), unit(other)), [1])));
