import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { mapLabels } from '../preparation/labels';
import { naturalOrder } from '../lists';
import { formatOf, isPictureName, pictureTitles } from '../images/catalogue';
import { cornersApart, shareOfVoxel } from '../images/grid';
import { nifti } from '../images/nifti';
import { readVolume } from '../images/read-volume';
import type { Volume } from '../images/volume';
import { storedWalks } from '../images/walks';
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
}
type Nullable<T> = { [K in keyof T]: T[K] | null };

/**
 * Every metric for a prediction and its reference: two label maps of any format that `readVolume` takes, or folders of
 * slices. Files with samples between 0 and 1 hold probabilities: foreground from 0.5 on, and the AUC is taken from them.
 * Voxels are compared by their place in the files; files that state where their voxels lie must agree in it, unless a
 * spacing is given.
 * @throws UserError for what cannot be read, for shapes or counts of slices that differ, and for grids that do
 */
export async function score(options: ScoreOptions): Promise<Score> {
  const { label, spacing: given } = options;
  if (given && !given.every((size) => Number.isFinite(size) && size > 0))
    throw new UserError(`The spacing is ${given.join(',')}; three sizes in mm above 0 are needed.`);
  const prediction = await openMap(options.prediction);
  const reference = await openMap(options.reference);
  requireOneShape(prediction, reference);
  if (!given) requireOneGrid(prediction, reference);

  const stated = [reference, prediction].find((map) => map.slices[0].hasSpacing);
  const spacing = given ?? (stated ?? reference).slices[0].spacing;
  const outside =
    options.outside ?? (prediction.isFolder && reference.isFolder ? 'foreground' : 'background');
  const shape = prediction.shape;
  const [p, r] = [prediction, reference].map((map) => foregroundOf(map, label));
  const scores = label === undefined ? probabilitiesOf(prediction) : null;
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
  };
}

/** One file, or the slices of a folder. */
interface ScoredMap {
  path: string;
  isFolder: boolean;
  slices: Volume[];
  shape: Shape;
}

async function openMap(path: string): Promise<ScoredMap> {
  const full = resolve(path);
  const isFolder = (await stat(full).catch(() => null))?.isDirectory() ?? false;
  if (!isFolder) {
    const volume = await readVolume(full);
    const [columns, rows, slices] = volume.shape;
    return { path: full, isFolder, slices: [volume], shape: [slices, rows, columns] };
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
    const slice = await readVolume(join(full, name));
    const [first] = slices;
    if (first && (slice.shape[0] !== first.shape[0] || slice.shape[1] !== first.shape[1]))
      throw new UserError(
        `${slice.path} has ${slice.shape[0]} x ${slice.shape[1]} pixels and ${first.path} ${first.shape[0]} x ${first.shape[1]}; the slices of one folder must be of one size.`,
      );
    slices.push(slice);
  }
  const [columns, rows] = slices[0].shape;
  return { path: full, isFolder, slices, shape: [slices.length, rows, columns] };
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

/** Two files that state a grid must have their corners within half a voxel of each other. */
function requireOneGrid(prediction: ScoredMap, reference: ScoredMap): void {
  const [p, r] = [prediction.slices[0], reference.slices[0]];
  if (!isNifti(p) || !isNifti(r)) return;
  const apart = cornersApart([p, storedWalks], [r, storedWalks]);
  if (apart > shareOfVoxel(r, 0.5))
    throw new UserError(
      `${p.path} (${p.orientation}) and ${r.path} (${r.orientation}) do not lie on the same grid, their corners are up to ${apart.toFixed(1)} mm apart; resample one, or give the spacing to compare voxel by voxel.`,
    );
}

const isNifti = (volume: Volume) => formatOf(volume) === nifti;

/** 1 inside, 0 outside, [slices][rows][columns]. */
function foregroundOf(map: ScoredMap, label: number | undefined): Uint8Array {
  const masks = map.slices.map((slice) => {
    if (label !== undefined) return mapLabels(slice, ['label'], { label }).labels;
    const { data, channels } = slice;
    const inside = isProbability(slice)
      ? (value: number) => value >= 0.5
      : // Neither 0 nor NaN.
        (value: number) => value > 0 || value < 0;
    const mask = new Uint8Array(data.length / channels);
    for (let channel = 0, at = 0; channel < channels; channel++)
      for (let n = 0; n < mask.length; n++, at++) if (inside(data[at])) mask[n] = 1;
    return mask;
  });
  return masks.length === 1 ? masks[0] : Uint8Array.from(Buffer.concat(masks));
}

/** The samples of a file of probabilities; null for a label map. */
function probabilitiesOf({ slices }: ScoredMap): Float32Array | null {
  return slices.length === 1 && isProbability(slices[0]) ? Float32Array.from(slices[0].data) : null;
}

/** All samples in 0 to 1, and some in between. */
function isProbability({ data, channels }: Volume): boolean {
  if (channels !== 1 || !(data instanceof Float32Array || data instanceof Float64Array))
    return false;
  let between = false;
  for (const value of data) {
    if (!(value >= 0 && value <= 1)) return false;
    if (value !== 0 && value !== 1) between = true;
  }
  return between;
}
