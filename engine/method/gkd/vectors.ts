import { add, div, mul, sqrt, sub } from '../../graph/operators/elementwise';
import type { Value } from '../../graph/graph';
import { reduceMean, reduceSum } from '../../graph/operators/reduction';

/** Vectors along an axis, the last one if none is said, scaled to length 1. */
export function unit(v: Value, axis = v.rank - 1): Value {
  const squared = reduceSum(mul(v, v), [axis]);
  return div(v, sqrt(add(squared, v.graph.scalar(1e-12))));
}

/** Vectors [n, K], each number less its mean over the rows and divided by its standard deviation there. */
export function standardized(v: Value): Value {
  const centred = sub(v, reduceMean(v, [0]));
  const variance = reduceMean(mul(centred, centred), [0]);
  return div(centred, sqrt(add(variance, v.graph.scalar(1e-5))));
}
