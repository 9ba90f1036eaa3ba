/** Numbers of the strip below the slices. Counts are [class][slice][true positive, false positive, false negative]. */

/** Dice of the classes that count, their mean by slice; null where none of them is in either map. */
export function diceBySlice(
  counts: Uint32Array,
  classes: number,
  counted: (label: number) => boolean,
): (number | null)[] {
  const slices = counts.length / (3 * classes);
  return Array.from({ length: slices }, (_, slice) => {
    const values: number[] = [];
    for (let label = 1; label <= classes; label++) {
      if (!counted(label)) continue;
      const at = ((label - 1) * slices + slice) * 3;
      const dice = diceOf(counts[at], counts[at + 1], counts[at + 2]);
      if (dice !== null) values.push(dice);
    }
    return values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : null;
  });
}

/** Dice of one class over all slices. */
export function diceOfClass(counts: Uint32Array, classes: number, label: number): number | null {
  const slices = counts.length / (3 * classes);
  const sum = [0, 0, 0];
  for (let slice = 0; slice < slices; slice++)
    for (let part = 0; part < 3; part++)
      sum[part] += counts[((label - 1) * slices + slice) * 3 + part];
  return diceOf(sum[0], sum[1], sum[2]);
}

const diceOf = (tp: number, fp: number, fn: number): number | null =>
  tp + fp + fn > 0 ? (2 * tp) / (2 * tp + fp + fn) : null;

/** The slice after `current` in the order from the worst to the best, from the best on to the worst again; null where there is none. */
export function nextWorst(dice: readonly (number | null)[], current: number): number | null {
  const order = [...dice.keys()]
    .filter((slice) => dice[slice] !== null)
    .sort((a, b) => dice[a]! - dice[b]! || a - b);
  if (order.length === 0) return null;
  return order[(order.indexOf(current) + 1) % order.length];
}
