import { add, div, mul, neg, sub } from '../graph/operators/elementwise';
import type { Value } from '../graph/graph';
import { meanAll, reduceSum } from '../graph/operators/reduction';
import { slice } from '../graph/operators/shape';
import { logSoftmax, softmax } from '../graph/operators/softmax';

/** Mean over all pixels of a quantity [n, c, h, w] summed over its channels. */
const perPixel = (x: Value): Value => meanAll(reduceSum(x, [1]));

/**
 * Cross-entropy of logits against class probabilities (one-hot labels, or another network's soft output), both
 * [n, classes + 1, h, w]; mean over pixels, in nats.
 */
export const crossEntropy = (logits: Value, target: Value): Value =>
  neg(perPixel(mul(target, logSoftmax(logits, 1))));

/**
 * KL(target || prediction) between the class distributions of two sets of logits [n, classes + 1, h, w]; mean over pixels,
 * in nats.
 */
export function klDivergence(targetLogits: Value, logits: Value): Value {
  const difference = sub(logSoftmax(targetLogits, 1), logSoftmax(logits, 1));
  return perPixel(mul(softmax(targetLogits, 1), difference));
}

/**
 * Soft Dice loss: one minus the mean over foreground classes of (2 sum(p g) + 1) / (sum p + sum g + 1), sums over the whole
 * batch, so that a batch in which a class is absent does not blow up. Logits and one-hot labels [n, classes + 1, h, w].
 */
export function softDice(logits: Value, labels: Value): Value {
  const g = logits.graph;
  const classes = logits.shape[1];
  const foreground = (x: Value) => slice(x, [1], [1], [classes]);
  const p = foreground(softmax(logits, 1));
  const y = foreground(labels);
  const sum = (x: Value) => reduceSum(x, [0, 2, 3]);
  const overlap = add(mul(sum(mul(p, y)), g.scalar(2)), g.scalar(1));
  const total = add(add(sum(p), sum(y)), g.scalar(1));
  return sub(g.scalar(1), meanAll(div(overlap, total)));
}
