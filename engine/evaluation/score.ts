import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { labelSamples, mapLabels, mapMask, requireNumbers } from '../preparation/labels';
import { areGraded, SampleEvidence } from '../preparation/sample-evidence';
import { naturalOrder } from '../lists';
import { isPictureName, isPlaced, pictureTitles } from '../images/catalogue';
import type { ReadChoice } from '../images/format';
import { cornersApart, shareOfVoxel } from '../images/grid';
import { readVolume } from '../images/read-volume';
import type { Volume } from '../images/volume';
import { countAlong, storedWalks, takeSlice, walksLike, type Walks } from '../images/walks';
import { UserError } from '../errors';
import { areaUnderRoc } from '../metrics/auc';
import { centrelineDice } from '../metrics/cldice';
import { confusion, overlap, presenceOf } from '../metrics/overlap';
import { type Overlap, type Presence } from '../contract/metrics';
import { surfaceMetrics, type Outside } from '../metrics/surface';
import { type SurfaceMetrics } from '../metrics/metric';
import { type Shape } from '../metrics/shape';

export interface ScoreOptions {
  /** A label map, or a folder of slices in natural order of their names. */
  prediction: string;
  reference: string;
  /** The value that is foreground; default: every value but 0. */
  label?: number;
  /** Of files with several frames or pages: the one that is scored, from 0, or `one-hot` where they are the classes, background first. */
  frame?: number | 'one-hot';
  /** Voxel size along columns, rows, slices in mm; default: as the files state it. */
  spacing?: [x: number, y: number, z: number];
  /**
   * See `Outside`. Default: `foreground` for two folders of slices, as the CHAOS evaluation scores them, else `background`,
   * as MONAI and MedPy do. It matters only to masks that touch the image's border.
   */
  outside?: Outside;
}

/** Every metric of one pair; null where it is undefined. */
export interface Score extends Overlap, Nullable<SurfaceMetrics> {
  /** From probabilities; of a label map, whose curve has one point, the mean of sensitivity and specificity. */
  auc: number | null;
  cldice: number | null;
  presence: Presence;
  /** What the distances are in, and the voxel size that they were taken with; `voxel` where no file states one. */
  unit: 'mm' | 'voxel';
  spacing: [x: number, y: number, z: number];
  outside: Outside;
  /** What the prediction was taken for. */
  prediction: 'labels' | 'probabilities';
  /** What is unusual about the files, and how they were taken: sentences. */
  warnings: string[];
}
type Nullable<T> = { [K in keyof T]: T[K] | null };

/**
 * Every metric for a prediction and its reference: two label maps of any format that `readVolume` takes, or folders of
 * slices. Files of fractions from 0 to 1 hold probabilities: foreground from 0.5 on, and the AUC is taken from them.
 * Voxels are compared by their place in the files; of files that state where their voxels lie, by that place, whatever the
 * order of their axes, and the files must agree in it, unless a spacing is given.
 * @throws UserError for what cannot be read, for shapes or counts of slices that differ, and for grids that do
 */
export async function score(options: ScoreOptions): Promise<Score> {
  const { label, spacing: given } = options;
  if (given && !given.every((size) => Number.isFinite(size) && size > 0))
    throw new UserError(`The spacing is ${given.join(',')}; three sizes in mm above 0 are needed.`);
  const choice: ReadChoice =
    options.frame === 'one-hot' ? { oneHot: true } : { frame: options.frame };
  const reference = await openMap(options.reference, choice);
  const prediction = await openMap(options.prediction, choice);
  if (!given) layOver(prediction, reference);
  requireOneShape(prediction, reference);
  if (!given) requireOneGrid(prediction, reference);

  const stated = [reference, prediction].find((map) => map.slices[0].hasSpacing);
  const spacing = given ?? (stated ?? reference).slices[0].spacing;
  const outside =
    options.outside ?? (prediction.isFolder && reference.isFolder ? 'foreground' : 'background');
  const shape = prediction.shape;
  const [predicted, referred] = [prediction, reference].map((map) => foregroundOf(map, label));
  const [p, r] = [predicted.mask, referred.mask];
  const scores = predicted.probabilities;
  const counts = confusion(p, r, 1);
  const { sensitivity, specificity, ...others } = overlap(counts);
  const surface = surfaceMetrics(p, r, shape, [spacing[2], spacing[1], spacing[0]], outside);
  const auc = scores
    ? areaUnderRoc(scores, (n) => r[n] === 1)
    : sensitivity === null || specificity === null
      ? null
      : (sensitivity + specificity) / 2;
  return {
    dice: others.dice,
    iou: others.iou,
    sensitivity,
    specificity,
    precision: others.precision,
    ravd: others.ravd,
    assd: surface?.assd ?? null,
    hd95: surface?.hd95 ?? null,
    hd: surface?.hd ?? null,
    auc,
    cldice: centrelineDice(p, r, shape),
    presence: presenceOf(counts),
    unit: given || stated ? 'mm' : 'voxel',
    spacing: [...spacing],
    outside,
    prediction: scores ? 'probabilities' : 'labels',
    warnings: [...predicted.warnings, ...referred.warnings],
  };
}

/** One file, or the slices of a folder. */
interface ScoredMap {
  path: string;
  isFolder: boolean;
  slices: Volume[];
  /** Slices, rows and columns along the walks. */
  shape: Shape;
  walks: Walks;
}

async function openMap(path: string, choice: ReadChoice): Promise<ScoredMap> {
  const full = resolve(path);
  const isFolder = (await stat(full).catch(() => null))?.isDirectory() ?? false;
  if (!isFolder) {
    const volume = await readVolume(full, choice);
    const shape = countAlong(volume.shape, storedWalks);
    return { path: full, isFolder, slices: [volume], shape, walks: storedWalks };
  }
  const names = (await readdir(full))
    .filter((name) => isPictureName(name) && !name.startsWith('.'))
    .sort(naturalOrder);
  if (names.length === 0)
    throw new UserError(
      `${full} holds no slices; a folder of ${pictureTitles('or')} files is expected.`,
    );
  const slices: Volume[] = [];
  for (const name of names) {
    const slice = await readVolume(join(full, name), choice);
    const [first] = slices;
    if (slice.shape[2] !== 1)
      throw new UserError(
        `${slice.path} has ${slice.shape[2]} pages; each file of a folder of slices is one slice.`,
      );
    if (first && (slice.shape[0] !== first.shape[0] || slice.shape[1] !== first.shape[1]))
      throw new UserError(
        `${slice.path} has ${slice.shape[0]} x ${slice.shape[1]} pixels and ${first.path} ${first.shape[0]} x ${first.shape[1]}; the slices of one folder must be of one size.`,
      );
    slices.push(slice);
  }
  const [columns, rows] = slices[0].shape;
  return {
    path: full,
    isFolder,
    slices,
    shape: [slices.length, rows, columns],
    walks: storedWalks,
  };
}

function requireOneShape(prediction: ScoredMap, reference: ScoredMap): void {
  if (prediction.shape.every((samples, axis) => samples === reference.shape[axis])) return;
  const folders = prediction.isFolder && reference.isFolder;
  if (folders && prediction.shape[0] !== reference.shape[0])
    throw new UserError(
      `${prediction.path} holds ${prediction.shape[0]} slices and ${reference.path} ${reference.shape[0]}; prediction and reference must have the same number.`,
    );
  const described = ({ shape }: ScoredMap) => [...shape].reverse().join(' x ');
  throw new UserError(
    `${prediction.path} has ${described(prediction)} voxels and ${reference.path} ${described(reference)}; prediction and reference must have the same shape.`,
  );
}

/** The prediction is walked in the order of the reference's voxels, where both state where these lie. */
function layOver(prediction: ScoredMap, reference: ScoredMap): void {
  const [p, r] = [prediction.slices[0], reference.slices[0]];
  if (!isPlaced(p) || !isPlaced(r)) return;
  prediction.walks = walksLike(p.affine, r.affine);
  prediction.shape = countAlong(p.shape, prediction.walks);
}

/** Two files that state a grid must have their corners within half a voxel of each other. */
function requireOneGrid(prediction: ScoredMap, reference: ScoredMap): void {
  const [p, r] = [prediction.slices[0], reference.slices[0]];
  if (!isPlaced(p) || !isPlaced(r)) return;
  const apart = cornersApart([p, prediction.walks], [r, storedWalks]);
  if (apart > shareOfVoxel(r, 0.5))
    throw new UserError(
      `${p.path} (${p.orientation}) and ${r.path} (${r.orientation}) do not lie on the same grid, their corners are up to ${apart.toFixed(1)} mm apart; resample one, or give the spacing to compare voxel by voxel.`,
    );
}

/** What of a map is inside, [slices][rows][columns], and the probabilities that say so, where these are what it holds. */
interface Foreground {
  /** 1 inside, 0 outside. */
  mask: Uint8Array;
  probabilities: Float32Array | null;
  warnings: string[];
}

function foregroundOf(map: ScoredMap, label: number | undefined): Foreground {
  const { slices } = map;
  slices.forEach(requireNumbers);
  const warnings = slices.flatMap((slice) => slice.warnings ?? []);
  if (label !== undefined) {
    const mapped = slices.map((slice) => mapLabels(slice, ['label'], { label }));
    warnings.push(...mapped.flatMap((each) => each.warnings));
    const labels = mapped.map((each) => each.labels);
    return { mask: inOrder(map, labels, Uint8Array), probabilities: null, warnings };
  }
  if (slices.some(({ format }) => format === 'jpeg')) {
    warnings.push(
      `${map.path}: JPEG rounds samples, so that those brighter than half of the brightest are taken for the foreground; a format without loss says what it is.`,
    );
    const mask = inOrder(map, slices.map(mapMask), Uint8Array);
    return { mask, probabilities: null, warnings };
  }
  if (slices.some(({ marks, channels }) => channels > 1 && !marks)) {
    const mask = inOrder(map, slices.map(notBlack), Uint8Array);
    return { mask, probabilities: null, warnings };
  }
  const probabilities = probabilitiesOf(map);
  if (probabilities) {
    warnings.push(...probabilities.warnings);
    const mask = Uint8Array.from(probabilities.samples, (value) => (value >= 0.5 ? 1 : 0));
    return { mask, probabilities: probabilities.samples, warnings };
  }
  const read = slices.map(labelSamples);
  warnings.push(...read.flatMap((each) => each.warnings));
  const graded = read.findIndex(({ samples }) => areGraded(samples));
  if (graded >= 0)
    throw new UserError(
      `${slices[graded].path} has many values that change from sample to sample, as those of a picture or of probabilities times 255, so that not every value but 0 can be meant: give the one that counts as the label (--label), or a label map, or probabilities as fractions from 0 to 1.`,
    );
  const masks = read.map(({ samples }) => Uint8Array.from(samples, (value) => +(value !== 0)));
  return { mask: inOrder(map, masks, Uint8Array), probabilities: null, warnings };
}

/** Of a colour picture: wherever it is not black. */
function notBlack({ data, channels }: Volume): Uint8Array {
  const mask = new Uint8Array(data.length / channels);
  data.forEach((value, at) => {
    if (value !== 0) mask[at % mask.length] = 1;
  });
  return mask;
}

/**
 * The samples of a map of probabilities, 0 where one is not a number; null for a label map, as the evidence of all of its
 * samples says. @throws UserError for what is neither
 */
function probabilitiesOf(map: ScoredMap): { samples: Float32Array; warnings: string[] } | null {
  const { slices, path } = map;
  const evidence = new SampleEvidence(slices[0].step);
  for (const { data, marks } of slices) {
    if (marks || !(data instanceof Float32Array || data instanceof Float64Array)) return null;
    evidence.add(data);
  }
  if (slices.some(({ unchosen }) => unchosen)) return null;
  const { content, low, high, count, missing, outside } = evidence;
  if (content === 'labels') return null;
  if (content === 'neither')
    throw new UserError(
      `${path} has samples from ${low} to ${high} with fractions, such as ${evidence.fraction}; a label map has whole numbers, and probabilities are from 0 to 1.`,
    );
  const warnings: string[] = [];
  if (missing > 0)
    warnings.push(
      `${path} holds probabilities, but ${missing} of ${count} samples are not a number; they count as background.`,
    );
  if (outside > 0)
    warnings.push(
      `${path} holds probabilities, but ${outside} of ${count} samples lie outside of 0 to 1, the least being ${low} and the greatest ${high}; they are taken for a rounding.`,
    );
  const numbers = slices.map(({ data }) =>
    Float32Array.from(data, (value) => (Number.isNaN(value) ? 0 : value)),
  );
  return { samples: inOrder(map, numbers, Float32Array), warnings };
}

/** Samples of each file, [k][j][i], as one array [slice][row][column] along the walks. */
function inOrder<T extends Uint8Array | Float32Array>(
  { slices, walks, shape: [, rows, columns] }: ScoredMap,
  samples: readonly T[],
  Kind: new (length: number) => T,
): T {
  const each = samples[0].length;
  const out = new Kind(samples.length * each);
  samples.forEach((own, file) => {
    const { shape } = slices[file];
    const count = each / (rows * columns);
    for (let index = 0; index < count; index++)
      takeSlice(own, { shape, walks, index }, out, file * each + index * rows * columns);
  });
  return out;
}
