import type { Tested } from '../contract/comparison';
import type { AggregateOptions } from './case';
import { percentile } from './statistics';

/**
 * Hierarchical bootstrap of a mean difference over seeds and cases: each resample draws seeds, then cases, both with replacement; a seed's
 * difference is the mean over the drawn cases that it has, the resample's the mean over the drawn seeds. Cases are drawn once for all seeds,
 * for what is hard for one seed is hard for the next: the same case in several seeds is no new case. The interval is the percentiles'; p,
 * two-sided, twice the smaller share of resamples on one side of 0, each counted one more than found, so that it is never 0.
 *
 * `seeds`: the difference of each case, by its name. Null below three seeds or two cases, of which resamples would say nothing.
 */
export function seedsAndCasesBootstrap(
  seeds: readonly ReadonlyMap<string, number>[],
  { resamples, confidence, random }: AggregateOptions,
): Tested | null {
  const own = seeds.filter(({ size }) => size > 0);
  const cases = [...new Set(own.flatMap((seed) => [...seed.keys()]))];
  if (own.length < fewestSeeds || cases.length < fewestCases || resamples < 1) return null;
  const rows = own.map((seed) => Float64Array.from(cases, (id) => seed.get(id) ?? NaN));
  const drawn = new Int32Array(cases.length);
  const means = new Float64Array(resamples);
  for (let n = 0; n < resamples;) {
    drawn.fill(0);
    for (let i = 0; i < cases.length; i++) drawn[random.integer(cases.length)]++;
    let [sum, count] = [0, 0];
    for (let i = 0; i < rows.length; i++) {
      const value = weightedMean(rows[random.integer(rows.length)], drawn);
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    // Where no drawn seed has any of the drawn cases there is nothing to count.
    if (count > 0) means[n++] = sum / count;
  }
  const tail = (100 * (1 - confidence)) / 2;
  const share = (fits: (value: number) => boolean) =>
    (1 + means.reduce((n, value) => n + Number(fits(value)), 0)) / (resamples + 1);
  return {
    ci: [percentile(means, tail), percentile(means, 100 - tail)],
    p: Math.min(
      1,
      2 *
        Math.min(
          share((value) => value <= 0),
          share((value) => value >= 0),
        ),
    ),
  };
}

const fewestSeeds = 3;
const fewestCases = 2;

/** Mean of the values that are there; NaN where none is. */
function weightedMean(values: Float64Array, weights: Int32Array): number {
  let [sum, weight] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (weights[i] === 0 || Number.isNaN(values[i])) continue;
    sum += weights[i] * values[i];
    weight += weights[i];
  }
  return sum / weight;
}
