import type { Random } from '../random';

export const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / values.length;

/** Sample standard deviation (n - 1); null below two values. */
export function standardDeviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const m = mean(values);
  return Math.sqrt(values.reduce((a, b) => a + (b - m) ** 2, 0) / (values.length - 1));
}

/** The p-th percentile (0 to 100) with linear interpolation, as NumPy's default. */
export function percentile(values: readonly number[] | Float64Array, p: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = ((sorted.length - 1) * p) / 100;
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

/**
 * Percentile bootstrap interval of the mean over cases: `resamples` draws of n cases with replacement. Null below two cases, of which
 * an interval would say nothing.
 */
export function bootstrapInterval(
  values: readonly number[],
  resamples: number,
  confidence: number,
  random: Random,
): [low: number, high: number] | null {
  if (values.length < 2 || resamples < 1) return null;
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[random.integer(values.length)];
    return sum / values.length;
  });
  const tail = (100 * (1 - confidence)) / 2;
  return [percentile(means, tail), percentile(means, 100 - tail)];
}
