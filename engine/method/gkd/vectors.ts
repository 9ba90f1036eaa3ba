import { add, div, mul, sqrt } from '../../graph/elementwise';
import type { Operator, Value } from '../../graph/graph';
import { reduceSum } from '../../graph/reduction';

/** Vectors [..., K] scaled to length 1. */
export function unit(v: Value): Value {
  const squared = reduceSum(mul(v, v), [v.rank - 1]);
  return div(v, sqrt(add(squared, v.graph.scalar(1e-12))));
}

const identityOperator: Operator = {
  name: 'Identity',
  infer: ([x]) => [{ type: x.type, shape: x.shape }],
  gradient: () => [null],
};

/** x, taken as a constant by differentiation. */
export const stopGradient = (x: Value): Value => x.graph.apply(identityOperator, [x]);
