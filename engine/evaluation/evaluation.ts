import type { DistillConfig } from '../config/config';
import { isPlaced } from '../images/catalogue';
import { keepLargestComponent } from './components';
import { errorMap, writePrediction, writeProbabilities } from '../preparation/write-prediction';
import { restoreProbabilities } from '../preparation/restore';
import type { PreparedResult } from '../preparation/prepared-case';
import { aggregate, caseMean, caseMetrics, summarize } from '../metrics/case';
import { metricNames } from '../metrics/catalogue';
import { comparePaired } from '../metrics/paired-comparison';
import { mean } from '../metrics/statistics';
import type { Spacing } from '../metrics/shape';
import { Random } from '../random';
import type { Device } from '../runtime/runtime';
import type { MetricName, Aggregate, ClassMetrics } from '../contract/metrics';
import type { CaseReport, DomainReport, NetworkReport, Threshold } from '../contract/report';
import type { NetworkInfo } from '../contract/plan';
import type { Weights } from '../weights';
import { Segmenter, type Segmenting } from './segmenter';

/** Class indices of probabilities [slices][planes][rows][columns], `pixels` = rows * columns. */
export function labelsOf(
  probabilities: Float32Array,
  planes: number,
  pixels: number,
  threshold: Threshold,
): Uint8Array {
  const slices = probabilities.length / (planes * pixels);
  const labels = new Uint8Array(slices * pixels);
  for (let s = 0; s < slices; s++)
    for (let p = 0; p < pixels; p++) {
      const at = s * planes * pixels + p;
      if (threshold !== 'argmax') {
        labels[s * pixels + p] = probabilities[at + pixels] >= threshold ? 1 : 0;
        continue;
      }
      let best = 0;
      for (let c = 1; c < planes; c++)
        if (probabilities[at + c * pixels] > probabilities[at + best * pixels]) best = c;
      labels[s * pixels + p] = best;
    }
  return labels;
}

/** One class's plane of every slice, [slices][rows][columns]. */
export function classPlane(
  probabilities: Float32Array,
  planes: number,
  pixels: number,
  label: number,
): Float32Array {
  const slices = probabilities.length / (planes * pixels);
  const plane = new Float32Array(slices * pixels);
  for (let s = 0; s < slices; s++) {
    const from = (s * planes + label) * pixels;
    plane.set(probabilities.subarray(from, from + pixels), s * pixels);
  }
  return plane;
}

/** Mean of Dice over the classes of each case, then over cases; cases and classes without it are left out. */
export function meanDice(cases: readonly Record<string, ClassMetrics>[]): number | null {
  const scores = cases.flatMap((classes) => {
    const dice = Object.values(classes).flatMap((c) => (c.dice === null ? [] : [c.dice]));
    return dice.length ? [mean(dice)] : [];
  });
  return scores.length ? mean(scores) : null;
}

/** Mean Dice of cases on their prepared grid, by the most probable class: quick, for watching training. */
export async function quickDice(
  config: DistillConfig,
  role: 'teacher' | 'student',
  weights: Weights,
  device: Device,
  groups: readonly (readonly PreparedResult[])[],
): Promise<(number | null)[]> {
  const segmenter = await Segmenter.open(config, role, weights, device);
  try {
    const results: (number | null)[] = [];
    for (const group of groups) {
      const cases: Record<string, ClassMetrics>[] = [];
      for (const { prepared } of group) {
        if (!prepared.label) continue;
        const planes = config.classes.length + 1;
        const pixels = prepared.rows * prepared.columns;
        const prediction = labelsOf(
          await segmenter.probabilities(prepared),
          planes,
          pixels,
          'argmax',
        );
        const { label: reference, fov } = prepared;
        cases.push(caseMetrics({ prediction, reference, fov, classes: config.classes }));
      }
      results.push(meanDice(cases));
    }
    return results;
  } finally {
    await segmenter.release();
  }
}

/** A case's class probabilities in its files' in-plane grid, [slices][classes + 1][rows][columns]. */
export async function nativeProbabilities(
  config: DistillConfig,
  segmenter: Segmenting,
  { prepared, geometry }: PreparedResult,
): Promise<Float32Array> {
  const probabilities = await segmenter.probabilities(prepared);
  return restoreProbabilities(geometry, probabilities, config.classes.length + 1);
}

/** The probability from which on the mean Dice over cases is best, of 0.05, 0.10, ... 0.95. */
export async function chooseThreshold(
  config: DistillConfig,
  segmenter: Segmenting,
  cases: readonly PreparedResult[],
): Promise<number> {
  const steps = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);
  const scores = steps.map(() => [] as Record<string, ClassMetrics>[]);
  for (const item of cases) {
    const { label: reference, fov, rows, columns } = item.native;
    if (!reference) continue;
    const probabilities = await nativeProbabilities(config, segmenter, item);
    steps.forEach((threshold, i) => {
      const prediction = labelsOf(probabilities, 2, rows * columns, threshold);
      scores[i].push(caseMetrics({ prediction, reference, fov, classes: config.classes }));
    });
  }
  const dice = scores.map((s) => meanDice(s) ?? 0);
  return steps[dice.indexOf(Math.max(...dice))];
}

/** A case's label map in its files' in-plane grid, cleaned up as the config says, and the probabilities it is from. */
export async function segmentCase(
  config: DistillConfig,
  segmenter: Segmenting,
  item: PreparedResult,
  threshold: Threshold,
): Promise<{ labels: Uint8Array; probabilities: Float32Array }> {
  const { slices, rows, columns } = item.native;
  const probabilities = await nativeProbabilities(config, segmenter, item);
  const labels = labelsOf(probabilities, config.classes.length + 1, rows * columns, threshold);
  for (const name of config.evaluation.keepLargest)
    keepLargestComponent(
      labels,
      [slices, rows, columns],
      config.classes.indexOf(name) + 1,
      item.geometry.files.length > 1,
    );
  return { labels, probabilities };
}

/** Label maps, probabilities, and where prediction and reference differ. */
export type OutputKind = 'predictions' | 'probabilities' | 'errors';

/** What `evaluateNetwork` needs beside a network. */
export interface EvaluationOptions {
  config: DistillConfig;
  /** The folder that files of a kind go to which the config asks for, one for each image file; null: none are written. */
  output: ((kind: OutputKind) => string) | null;
  threshold: Threshold;
  /** Called before each case; throws to stop. */
  beforeCase: () => void;
}

/** Segments cases, writes their label maps and returns every metric, by case and put together. */
export async function evaluateNetwork(
  segmenter: Segmenting,
  cases: readonly PreparedResult[],
  { config, output, threshold, beforeCase }: EvaluationOptions,
): Promise<NetworkReport> {
  const { classes, evaluation, training } = config;
  const planes = classes.length + 1;
  const found: CaseReport[] = [];
  for (const item of cases) {
    beforeCase();
    const { labels: prediction, probabilities } = await segmentCase(
      config,
      segmenter,
      item,
      threshold,
    );
    const pixels = item.native.rows * item.native.columns;
    const inClass = (label: number) => classPlane(probabilities, planes, pixels, label);
    if (output) await writeOutputs(output, config, item, prediction, inClass);
    const { label: reference, fov, slices, rows, columns } = item.native;
    if (!reference) continue;
    const whole = evaluation.aggregate !== 'slice';
    const spacing = spacingOf(config, item);
    for (let part = 0; part < (whole ? 1 : slices); part++) {
      const range = whole ? [0, slices * pixels] : [part * pixels, (part + 1) * pixels];
      found.push({
        id: whole ? item.prepared.case.id : `${item.prepared.case.id}#${part}`,
        classes: caseMetrics({
          prediction: prediction.subarray(...range),
          reference: reference.subarray(...range),
          fov: fov && fov.subarray(...range),
          probabilities: (label) => inClass(label).subarray(...range),
          classes,
          shape: [whole ? slices : 1, rows, columns],
          spacing,
        }),
      });
    }
  }
  return summarizeNetwork(found, threshold, config, new Random(training.seed, 'bootstrap'));
}

async function writeOutputs(
  into: NonNullable<EvaluationOptions['output']>,
  { classes, output }: DistillConfig,
  { geometry, native }: PreparedResult,
  prediction: Uint8Array,
  inClass: (label: number) => Float32Array,
): Promise<void> {
  if (output.predictions) await writePrediction(geometry, prediction, into('predictions'));
  if (output.errors && native.label)
    await writePrediction(geometry, errorMap(prediction, native.label), into('errors'));
  if (output.probabilities)
    await writeProbabilities(
      geometry,
      classes.map((_, i) => inClass(i + 1)),
      into('probabilities'),
    );
}

/**
 * [slice, row, column] in mm, for surface distances: only where the files or the config state one, and not of loose slices, between
 * which others may be missing.
 */
function spacingOf(config: DistillConfig, item: PreparedResult): Spacing | undefined {
  const { files } = item.geometry;
  const known =
    isPlaced(files[0]) || config.domains[item.prepared.case.domain].spacing !== undefined;
  if (!known || files.length > 1) return undefined;
  const [row, column, slice] = item.native.spacing;
  return [slice, row, column];
}

const defined = (values: (number | null)[]) => values.filter((v) => v !== null);

/** Each distilled student's gain in Dice over each baseline on a domain's cases, where both were evaluated. */
export function gainsOf(
  found: DomainReport['networks'],
  networks: readonly NetworkInfo[],
  { evaluation, training }: DistillConfig,
): DomainReport['gain'] {
  const dice = (network: string) =>
    found[network]?.cases.map((item) => caseMean(item.classes, 'dice'));
  const named = (role: NetworkInfo['role']) =>
    networks.flatMap(({ name, role: own }) => (own === role ? [name] : []));
  const gain: DomainReport['gain'] = {};
  for (const student of named('student'))
    for (const baseline of named('baseline')) {
      const [first, second] = [dice(student), dice(baseline)];
      if (!first || !second) continue;
      (gain[student] ??= {})[baseline] = comparePaired(first, second, {
        resamples: evaluation.bootstrap,
        confidence: evaluation.confidence,
        random: new Random(training.seed, 'bootstrap', baseline),
      });
    }
  return gain;
}

/** Cases put together: by class, and over the means of each case's classes. */
function summarizeNetwork(
  cases: CaseReport[],
  threshold: Threshold,
  { classes, evaluation }: DistillConfig,
  random: Random,
): NetworkReport {
  const options = {
    resamples: evaluation.bootstrap,
    confidence: evaluation.confidence,
    random,
  };
  const byClass = Object.fromEntries(
    classes.map((name) => [
      name,
      summarize(
        cases.map((item) => item.classes[name]),
        evaluation.aggregate,
        options,
      ),
    ]),
  );
  const over = (name: MetricName): Aggregate => {
    if (evaluation.aggregate === 'global') {
      const values = defined(classes.map((c) => byClass[c].metrics[name].mean));
      return {
        mean: values.length ? mean(values) : null,
        sd: null,
        median: null,
        ci: null,
        n: cases.length,
      };
    }
    return aggregate(
      cases.map((item) => caseMean(item.classes, name)),
      options,
    );
  };
  const overall: Record<MetricName, Aggregate> = Object.fromEntries(
    metricNames.map((name) => [name, over(name)]),
  );
  return Object.assign(overall, { threshold, classes: byClass, cases });
}
