/** Numbers of an evaluation as they are reported: types only. How each is taken: engine/metrics. */

/** Pixels or voxels of one class: true and false positives, false and true negatives. */
export interface Confusion {
  tp: number;
  fp: number;
  fn: number;
  tn: number;
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

/** Where a class occurs: `scored` in both maps, in neither, only in the reference, only in the prediction. */
export type Presence = 'scored' | 'bothEmpty' | 'missed' | 'falseAlarm';

/** By this a metric is known in reports; which there are: engine/metrics/catalogue.ts. */
export type MetricName = string;

/** Every metric of one class in one case, by its name; null where it is undefined or was not asked for. */
export type ClassMetrics = {
  /**
   * `bothEmpty`: the class is in neither map; the case is left out of means and counted. `missed`: only in the reference,
   * `falseAlarm`: only in the prediction; Dice and clDice are 0, distances the image's diagonal, and the case counts.
   */
  presence: Presence;
  confusion: Confusion;
} & Record<MetricName, number | null>;

/** A metric over cases. */
export interface Aggregate {
  mean: number | null;
  sd: number | null;
  median: number | null;
  /** Bootstrap interval of the mean. */
  ci: [low: number, high: number] | null;
  /** Cases that the mean is over. */
  n: number;
}

/** A class over cases: every metric's aggregate, and how many cases were left out, missed or false alarms. */
export interface ClassSummary {
  metrics: Record<MetricName, Aggregate>;
  nBothEmpty: number;
  nMissed: number;
  nFalseAlarm: number;
}

/** Wilcoxon's signed-rank test of paired differences. */
export interface SignedRankTest {
  /** The smaller of the sums of the ranks of positive and of negative differences. */
  statistic: number;
  /** Two-sided probability of a statistic as small, if neither sign were favoured. */
  p: number;
  /** Differences that are not 0; those that are say nothing of a sign and are dropped (Wilcoxon 1945). */
  n: number;
  method: 'exact' | 'normal';
}

/** Two networks compared by one metric, case by case: the first minus the second. */
export interface PairedComparison {
  /** Cases in which both have a value. */
  n: number;
  /** Cases in which at least one has none. */
  leftOut: number;
  mean: number | null;
  median: number | null;
  /** Bootstrap interval of the mean difference over cases. */
  ci: [low: number, high: number] | null;
  test: SignedRankTest | null;
}

/** A Fréchet Semantic Distance and what it was taken from. */
export interface FrechetSemanticDistance {
  value: number;
  /** Vectors of each side. */
  n: number;
  /** Principal components. */
  dims: number;
}
