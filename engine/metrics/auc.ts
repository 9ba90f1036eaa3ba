import type { Metric } from './metric';

/**
 * Area under the ROC curve of scores for a binary reference, within `fov` where there is one: the share of pairs of a positive
 * and a negative in which the positive has the higher score, ties counting half (Mann-Whitney). Null with one class only.
 * `positive(i)` says whether pixel i is of the class. Holds 12 bytes a pixel at most.
 */
export function areaUnderRoc(
  scores: Float32Array,
  positive: (index: number) => boolean,
  fov: Uint8Array | null = null,
): number | null {
  let positives = 0;
  let negatives = 0;
  for (let i = 0; i < scores.length; i++) {
    if (fov && !fov[i]) continue;
    if (positive(i)) positives++;
    else negatives++;
  }
  if (positives === 0 || negatives === 0) return null;
  const ofPositives = new Uint32Array(positives);
  const ofNegatives = new Uint32Array(negatives);
  const score = new Float32Array(1);
  const bits = new Uint32Array(score.buffer);
  for (let i = 0, p = 0, n = 0; i < scores.length; i++) {
    if (fov && !fov[i]) continue;
    // Without the sign of a negative zero.
    score[0] = scores[i] + 0;
    const key = sortable(bits[0]);
    if (positive(i)) ofPositives[p++] = key;
    else ofNegatives[n++] = key;
  }
  const higher = sorted(ofPositives);
  const lower = sorted(ofNegatives);
  // For each positive the negatives below it, and half of those level with it; twice that, to stay with whole numbers.
  let pairs = 0;
  let below = 0;
  let notAbove = 0;
  for (const key of higher) {
    while (below < negatives && lower[below] < key) below++;
    while (notAbove < negatives && lower[notAbove] <= key) notAbove++;
    pairs += below + notAbove;
  }
  return pairs / 2 / (positives * negatives);
}

/** A float32's bits as an unsigned integer that grows with its value. */
const sortable = (bits: number): number =>
  bits & 0x80000000 ? ~bits >>> 0 : (bits | 0x80000000) >>> 0;

/** In ascending order, by radix; may use `keys` up. */
function sorted(keys: Uint32Array): Uint32Array {
  // Below this the counts cost more than they save.
  if (keys.length < 4096) return keys.sort();
  let from = keys;
  let to: Uint32Array = new Uint32Array(keys.length);
  for (const shift of [0, 11, 22]) {
    const starts = new Uint32Array(2049);
    for (const key of from) starts[((key >>> shift) & 2047) + 1]++;
    for (let digit = 0; digit < 2048; digit++) starts[digit + 1] += starts[digit];
    for (const key of from) to[starts[(key >>> shift) & 2047]++] = key;
    [from, to] = [to, from];
  }
  return from;
}

export const auc: Metric = {
  name: 'auc',
  title: 'AUC',
  digits: 3,
  of: ({ probabilities, isReference, fov }) =>
    probabilities && areaUnderRoc(probabilities(), isReference, fov),
};
