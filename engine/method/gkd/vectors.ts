import { add, div, mul, sqrt } from '../../graph/operators/elementwise';
import type { Value } from '../../graph/graph';
import { reduceSum } from '../../graph/operators/reduction';

/** Vectors [..., K] scaled to length 1. */
export function unit(v: Value): Value {
  const squared = reduceSum(mul(v, v), [v.rank - 1]);
  return div(v, sqrt(add(squared, v.graph.scalar(1e-12))));
}
