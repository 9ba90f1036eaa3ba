import type { PairedComparison, SignedRankTest } from '../contract/metrics';
import { mean, percentile, bootstrapInterval } from './statistics';
import type { AggregateOptions } from './case';

/** Above so many differences the normal distribution is as good as the exact one. */
const largestExact = 50;

/**
 * Wilcoxon's signed-rank test, two-sided: exact up to 50 differences that are not 0, also with ties (all signs of the ranks
 * as they are, equally likely), above by the normal distribution with its variance corrected for ties and without a
 * correction for continuity. Without such differences p is 1.
 */
export function signedRankTest(differences: readonly number[]): SignedRankTest {
  const signed = differences.filter((d) => d !== 0).sort((a, b) => Math.abs(a) - Math.abs(b));
  const n = signed.length;
  // Twice the rank, so that the mean ranks of ties are whole.
  const ranks = new Int32Array(n);
  let tieTerm = 0;
  for (let start = 0, end = 0; start < n; start = end) {
    while (end < n && Math.abs(signed[end]) === Math.abs(signed[start])) end++;
    ranks.fill(start + 1 + end, start, end);
    tieTerm += (end - start) ** 3 - (end - start);
  }
  const total = n * (n + 1);
  const positive = ranks.reduce((sum, rank, i) => (signed[i] > 0 ? sum + rank : sum), 0);
  const smaller = Math.min(positive, total - positive);
  const exact = n <= largestExact;
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - tieTerm / 48;
  const tail = exact
    ? lowerTail(ranks, smaller)
    : normalTail((total / 4 - smaller / 2) / Math.sqrt(variance));
  return {
    statistic: smaller / 2,
    p: Math.min(1, 2 * tail),
    n,
    method: exact ? 'exact' : 'normal',
  };
}

/** Probability that a sum of `ranks`, each taken or not with even chances, is at most `limit`. */
function lowerTail(ranks: Int32Array, limit: number): number {
  const probabilities = new Float64Array(limit + 1);
  probabilities[0] = 1;
  for (const rank of ranks)
    for (let sum = limit; sum >= 0; sum--)
      probabilities[sum] = (probabilities[sum] + (sum >= rank ? probabilities[sum - rank] : 0)) / 2;
  return probabilities.reduce((a, b) => a + b, 0);
}

/** Probability that a standard normal variable exceeds z >= 0: the series of its distribution, far out a continued fraction. */
function normalTail(z: number): number {
  const density = Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let k = 1; term > 1e-17 * sum; k++) sum += term *= z ** 2 / (2 * k + 1);
    return 0.5 - density * sum;
  }
  let fraction = z;
  for (let k = 100; k >= 1; k--) fraction = z + k / fraction;
  return density / fraction;
}

/** Compares two networks by one metric, case by case; `first` and `second` are in one order of cases. */
export function comparePaired(
  first: readonly (number | null)[],
  second: readonly (number | null)[],
  { resamples, confidence, random }: AggregateOptions,
): PairedComparison {
  if (first.length !== second.length)
    throw new RangeError(`Pairs are of ${first.length} and ${second.length} cases.`);
  const differences = first.flatMap((value, i) => {
    const other = second[i];
    return value === null || other === null ? [] : [value - other];
  });
  const n = differences.length;
  return {
    n,
    leftOut: first.length - n,
    mean: n ? mean(differences) : null,
    median: n ? percentile(differences, 50) : null,
    ci: bootstrapInterval(differences, resamples, confidence, random),
    test: n ? signedRankTest(differences) : null,
  };
}
