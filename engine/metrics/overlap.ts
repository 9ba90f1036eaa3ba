/** Pixels or voxels of one class: true and false positives, false and true negatives. */
export interface Confusion {
  tp: number;
  fp: number;
  fn: number;
  tn: number;
}

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

/** Overlap of a class; null where a quotient has no denominator. */
export interface Overlap {
  dice: number | null;
  iou: number | null;
  sensitivity: number | null;
  specificity: number | null;
  /** 0 where a class was missed: a network that finds nothing must not raise its mean by it. */
  precision: number | null;
  /** |V_pred - V_ref| / V_ref, in percent. */
  ravd: number | null;
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

/** Whether a case counts, and how: see `ClassMetrics`. */
export type Presence = 'scored' | 'bothEmpty' | 'missed' | 'falseAlarm';

export function presenceOf({ tp, fp, fn }: Confusion): Presence {
  if (tp + fn === 0) return tp + fp === 0 ? 'bothEmpty' : 'falseAlarm';
  return tp + fp === 0 ? 'missed' : 'scored';
}
