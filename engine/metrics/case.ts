import type {
  Aggregate,
  ClassMetrics,
  ClassSummary,
  Confusion,
  MetricName,
  Presence,
} from '../contract/metrics';
import type { Random } from '../random';
import { areaUnderRoc } from './auc';
import { centrelineDice } from './cldice';
import { confusion, overlap, presenceOf } from './overlap';
import { bootstrapInterval, mean, percentile, standardDeviation } from './statistics';
import { surfaceMetrics, type Shape, type Spacing } from './surface';

export const metricNames = [
  'dice',
  'iou',
  'sensitivity',
  'specificity',
  'precision',
  'ravd',
  'auc',
  'assd',
  'hd95',
  'hd',
  'cldice',
] as const satisfies readonly MetricName[];
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
  const { prediction, reference, fov } = input;
  return Object.fromEntries(
    input.classes.map((name, i) => {
      const label = i + 1;
      const counts = confusion(prediction, reference, label, fov);
      const auc = input.probabilities
        ? areaUnderRoc(input.probabilities(label), (p) => reference[p] === label, fov)
        : null;
      const presence = presenceOf(counts);
      return [
        name,
        { ...overlap(counts), auc, ...shapeMetrics(input, label), presence, confusion: counts },
      ];
    }),
  );
}

/** What depends on where the voxels lie, not on their number alone. */
type ShapeMetrics = Pick<ClassMetrics, 'assd' | 'hd95' | 'hd' | 'cldice'>;

const noShapeMetrics: ShapeMetrics = { assd: null, hd95: null, hd: null, cldice: null };

function shapeMetrics(input: CaseInput, label: number): ShapeMetrics {
  const { shape, spacing, fov } = input;
  const wantsCentrelines = input.cldice ?? shape?.[0] === 1;
  if (!shape || !(spacing || wantsCentrelines)) return noShapeMetrics;
  const prediction = maskOf(input.prediction, label, fov);
  const reference = maskOf(input.reference, label, fov);
  return {
    ...noShapeMetrics,
    ...(spacing && surfaceMetrics(prediction, reference, shape, spacing)),
    cldice: wantsCentrelines ? centrelineDice(prediction, reference, shape) : null,
  };
}

/** 1 where a label map has `label` within `fov`. */
function maskOf(labels: Uint8Array, label: number, fov: Uint8Array | null): Uint8Array {
  const mask = new Uint8Array(labels.length);
  for (let n = 0; n < mask.length; n++)
    if (labels[n] === label && (fov === null || fov[n] !== 0)) mask[n] = 1;
  return mask;
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
  let rows: readonly Pick<ClassMetrics, MetricName>[] = counted;
  if (how === 'global') {
    const total = { tp: 0, fp: 0, fn: 0, tn: 0 };
    for (const { confusion: c } of cases)
      for (const key of Object.keys(total) as (keyof Confusion)[]) total[key] += c[key];
    rows = [{ ...overlap(total), auc: null, ...noShapeMetrics }];
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
    ) as Record<MetricName, Aggregate>,
    nBothEmpty: count('bothEmpty'),
    nMissed: count('missed'),
    nFalseAlarm: count('falseAlarm'),
  };
}
