import type {
  Aggregate,
  ClassMetrics,
  ClassSummary,
  Confusion,
  MetricName,
  Presence,
} from '../contract/metrics';
import type { Random } from '../random';
import { metricNames, metrics } from './catalogue';
import type { ClassCase, Metric } from './metric';
import { confusion, presenceOf } from './overlap';
import { bootstrapInterval, mean, percentile, standardDeviation } from './statistics';
import { surfaceMetrics } from './surface';
import { type Shape, type Spacing } from './shape';

export interface CaseInput {
  /** Class indices, 0 the background; any shape, all of one length. */
  prediction: Uint8Array;
  reference: Uint8Array;
  /** 1 where pixels count; null: everywhere. */
  fov: Uint8Array | null;
  /** Probabilities of a class, as long as the maps; for the AUC. */
  probabilities?: (label: number) => Float32Array;
  /** Names of the classes 1, 2, ... */
  classes: readonly string[];
  /** Of the maps; surface distances and clDice need it. */
  shape?: Shape;
  /** In mm; surface distances need it. */
  spacing?: Spacing;
  /** Whether clDice is wanted; by default of pictures only, since the skeletons of a large volume take seconds. */
  cldice?: boolean;
}

export function caseMetrics(input: CaseInput): Record<string, ClassMetrics> {
  return Object.fromEntries(input.classes.map((name, i) => [name, classMetrics(input, i + 1)]));
}

function classMetrics(input: CaseInput, label: number): ClassMetrics {
  const { prediction, reference, fov, probabilities, shape = null, spacing = null } = input;
  const counts = confusion(prediction, reference, label, fov);
  const masks = once(() => ({
    prediction: maskOf(prediction, label, fov),
    reference: maskOf(reference, label, fov),
  }));
  const c: ClassCase = {
    counts,
    fov,
    probabilities: probabilities ? () => probabilities(label) : null,
    isReference: (pixel) => reference[pixel] === label,
    masks,
    shape,
    spacing,
    centrelines: input.cldice ?? shape?.[0] === 1,
    surface: once(() =>
      shape && spacing
        ? surfaceMetrics(masks().prediction, masks().reference, shape, spacing)
        : null,
    ),
  };
  return metricsOf((metric) => metric.of(c), counts);
}

/** Every metric by what `value` says, and what a case counts for. */
const metricsOf = (
  value: (metric: Metric) => number | null,
  confusion: Confusion,
): ClassMetrics => {
  const values: Record<MetricName, number | null> = Object.fromEntries(
    metrics.map((metric) => [metric.name, value(metric)]),
  );
  return Object.assign(values, { presence: presenceOf(confusion), confusion });
};

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** 1 where a label map has `label` within `fov`. */
function maskOf(labels: Uint8Array, label: number, fov: Uint8Array | null): Uint8Array {
  const mask = new Uint8Array(labels.length);
  for (let n = 0; n < mask.length; n++)
    if (labels[n] === label && (fov === null || fov[n] !== 0)) mask[n] = 1;
  return mask;
}

/** A metric's mean over the classes that a case has in either map; null where none has it. */
export function caseMean(classes: Record<string, ClassMetrics>, name: MetricName): number | null {
  const values = Object.values(classes).flatMap((c) =>
    c.presence === 'bothEmpty' || typeof c[name] !== 'number' ? [] : [c[name]],
  );
  return values.length ? mean(values) : null;
}

export interface AggregateOptions {
  resamples: number;
  confidence: number;
  random: Random;
}

/** Mean, spread and interval of what is defined among `values`. */
export function aggregate(values: readonly (number | null)[], o: AggregateOptions): Aggregate {
  const defined = values.filter((v) => v !== null);
  return {
    mean: defined.length ? mean(defined) : null,
    sd: standardDeviation(defined),
    median: defined.length ? percentile(defined, 50) : null,
    ci: bootstrapInterval(defined, o.resamples, o.confidence, o.random),
    n: defined.length,
  };
}

/**
 * Cases of one class put together: `case` and `slice` average over what is given (cases or slices); `global` takes one confusion matrix
 * over all, without spread.
 */
export function summarize(
  cases: readonly ClassMetrics[],
  how: 'case' | 'slice' | 'global',
  o: AggregateOptions,
): ClassSummary {
  const count = (presence: Presence) => cases.filter((c) => c.presence === presence).length;
  const counted = cases.filter((c) => c.presence !== 'bothEmpty');
  let rows: readonly ClassMetrics[] = counted;
  if (how === 'global') {
    const total = { tp: 0, fp: 0, fn: 0, tn: 0 };
    for (const { confusion: c } of cases)
      for (const key of Object.keys(total) as (keyof Confusion)[]) total[key] += c[key];
    // Of the rest there is no value over all cases at once.
    const whole = { counts: total } as ClassCase;
    rows = [metricsOf((metric) => (metric.fromCounts ? metric.of(whole) : null), total)];
  }
  return {
    metrics: Object.fromEntries(
      metricNames.map((name) => [
        name,
        aggregate(
          rows.map((row) => row[name]),
          o,
        ),
      ]),
    ),
    nBothEmpty: count('bothEmpty'),
    nMissed: count('missed'),
    nFalseAlarm: count('falseAlarm'),
  };
}
