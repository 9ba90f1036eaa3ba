import { mean, standardDeviation } from './statistics';
import type { SeedsInterval } from '../contract/comparison';

/** Of two values the interval is 12.7 standard errors wide on either side: no better than none, and easily taken for more. */
export const fewestForInterval = 3;

/**
 * Mean of independent values, its interval by Student's t distribution, and the two-sided p of the t test that the mean is 0. No interval and
 * no p below three values, nor where all are equal: repetitions that change nothing were none.
 */
export function meanOverSeeds(values: readonly number[], confidence: number): SeedsInterval {
  const n = values.length;
  if (n === 0) return { n, mean: null, sd: null, ci: null, p: null };
  const centre = mean(values);
  const sd = standardDeviation(values);
  // Rounding alone is no spread.
  const varies = sd !== null && sd > 1e-12 * Math.abs(centre);
  if (n < fewestForInterval || !varies) return { n, mean: centre, sd, ci: null, p: null };
  const error = sd / Math.sqrt(n);
  const half = error * tQuantile(confidence, n - 1);
  return {
    n,
    mean: centre,
    sd,
    ci: [centre - half, centre + half],
    p: 1 - shareWithin(Math.abs(centre / error), n - 1),
  };
}

/**
 * Probability that a variable of Student's t distribution is between -t and t, for t >= 0 and a whole number of degrees of freedom: the
 * finite series of Abramowitz and Stegun, 26.7.3 and 26.7.4.
 */
export function shareWithin(t: number, degrees: number): number {
  const angle = Math.atan2(t, Math.sqrt(degrees));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = degrees % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = degrees > 1 ? term : 0;
  for (let power = isOdd ? 3 : 2; power <= degrees - 2; power += 2)
    sum += term *= (cosine ** 2 * (power - 1)) / power;
  return isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}

/** The t with so large a share of Student's t distribution between -t and t, to the last digits. `share` in (0, 1). */
export function tQuantile(share: number, degrees: number): number {
  let [low, high] = [0, 1];
  while (shareWithin(high, degrees) < share) [low, high] = [high, 2 * high];
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (shareWithin(middle, degrees) < share) low = middle;
    else high = middle;
  }
}
