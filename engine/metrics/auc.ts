/**
 * Area under the ROC curve of scores for a binary reference, within `fov` where there is one: the share of pairs of a positive
 * and a negative in which the positive has the higher score, ties counting half (Mann-Whitney). Null with one class only.
 * `positive(i)` says whether pixel i is of the class.
 */
export function areaUnderRoc(
  scores: Float32Array,
  positive: (index: number) => boolean,
  fov: Uint8Array | null = null,
): number | null {
  const all: number[] = [];
  for (let i = 0; i < scores.length; i++) if (!fov || fov[i]) all.push(i);
  // Sorted by score without a comparison function: scores are packed above their class bit.
  const keys = new Float64Array(all.length);
  const bits = new Uint32Array(1);
  const view = new Float32Array(bits.buffer);
  let positives = 0;
  all.forEach((index, n) => {
    view[0] = scores[index] + 0;
    // A float32's bits as an integer that grows with its value.
    const ordered = bits[0] & 0x80000000 ? ~bits[0] >>> 0 : (bits[0] | 0x80000000) >>> 0;
    const isPositive = positive(index);
    if (isPositive) positives++;
    keys[n] = ordered * 2 + (isPositive ? 1 : 0);
  });
  const negatives = all.length - positives;
  if (positives === 0 || negatives === 0) return null;
  keys.sort();
  let rankSum = 0;
  for (let start = 0; start < keys.length;) {
    let end = start;
    let tied = 0;
    const score = Math.floor(keys[start] / 2);
    while (end < keys.length && Math.floor(keys[end] / 2) === score) tied += keys[end++] % 2;
    rankSum += (tied * (start + 1 + end)) / 2;
    start = end;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
