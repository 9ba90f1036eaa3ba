import type { Confusion, Overlap, Presence } from '../contract/metrics';
import type { Metric } from './metric';

/** Counts for `label` in two label maps of one length, within `fov` where there is one. */
export function confusion(
  prediction: Uint8Array,
  reference: Uint8Array,
  label: number,
  fov: Uint8Array | null = null,
): Confusion {
  const { length } = prediction;
  let [tp, found, expected, inside] = [0, 0, 0, length];
  // Without branches, which labels at random make slow.
  for (let i = 0; i < length; i++) {
    const counts = fov === null || fov[i] ? 1 : 0;
    const p = counts & (prediction[i] === label ? 1 : 0);
    const r = counts & (reference[i] === label ? 1 : 0);
    tp += p & r;
    found += p;
    expected += r;
    inside -= 1 - counts;
  }
  return { tp, fp: found - tp, fn: expected - tp, tn: inside - found - expected + tp };
}

const quotient = (a: number, b: number): number | null => (b === 0 ? null : a / b);

export function overlap({ tp, fp, fn, tn }: Confusion): Overlap {
  return {
    dice: quotient(2 * tp, 2 * tp + fp + fn),
    iou: quotient(tp, tp + fp + fn),
    sensitivity: quotient(tp, tp + fn),
    specificity: quotient(tn, tn + fp),
    precision: tp + fp === 0 && fn > 0 ? 0 : quotient(tp, tp + fp),
    ravd: quotient(100 * Math.abs(fp - fn), tp + fn),
  };
}

const titles: Record<keyof Overlap, readonly [title: string, digits: number]> = {
  dice: ['Dice', 3],
  iou: ['IoU', 3],
  sensitivity: ['Sensitivity', 3],
  specificity: ['Specificity', 3],
  precision: ['Precision', 3],
  ravd: ['RAVD, %', 1],
};

export const overlapMetrics: readonly Metric[] = Object.entries(titles).map(
  ([name, [title, digits]]) => ({
    name,
    title,
    digits,
    of: ({ counts }) => overlap(counts)[name as keyof Overlap],
    fromCounts: true,
  }),
);

export function presenceOf({ tp, fp, fn }: Confusion): Presence {
  if (tp + fn === 0) return tp + fp === 0 ? 'bothEmpty' : 'falseAlarm';
  return tp + fp === 0 ? 'missed' : 'scored';
}
