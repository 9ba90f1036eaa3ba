import { join } from 'node:path';
import type { DistillConfig, DomainConfig } from '../config/config';
import { ConfigError } from '../errors';
import { CaseCache } from './case-cache';
import { inputChannels } from './channels';
import { readCaseFiles } from '../cohort/case-files';
import { type Cohort } from '../cohort/cohort';
import { evenly } from '../lists';
import { estimateFieldOfView } from './field-of-view';
import { chooseChannels, normalizeIntensity } from './intensity';
import { mapLabels, mapMask } from './labels';
import { affineOf, axisDirections } from '../images/orientation';
import { resizeLinear, resizeNearest, undoResize } from './resample';
import { isPlaced } from '../images/catalogue';
import type { CohortCase, NativeCase, PreparedCase, Volume } from '../images/volume';
import { predictionName, writeLikeInput, writeVolume } from '../images/write-volume';

/** A voxel axis (0 i, 1 j, 2 k) and whether it is walked from its end. */
export interface Walk {
  axis: 0 | 1 | 2;
  reversed: boolean;
}

/** How slices, rows and columns walk through a file's voxels. */
export interface Walks {
  slice: Walk;
  row: Walk;
  column: Walk;
}

/** All that leads from the prepared grid back to the files. */
export interface CaseGeometry {
  /** Id of the case, after which its predictions are named where its files' own names would not tell it. */
  id: string;
  files: { path: string; format: Volume['format']; shape: Volume['shape']; affine: number[][] }[];
  walks: Walks;
  /** Of each slice: its file and its place along the slicing walk. */
  slices: { file: number; index: number }[];
  /** Rows and columns in the files' grid. */
  native: [rows: number, columns: number];
  /** Rows and columns after resampling; the prepared grid may be padded below and to the right of them. */
  scaled: [rows: number, columns: number];
  prepared: [rows: number, columns: number];
}

export interface PreparedResult {
  prepared: PreparedCase;
  native: NativeCase;
  geometry: CaseGeometry;
  /** What occurs in the label files, also outside the chosen slices: class indices, and the samples themselves. */
  occurring: { classes: Set<number>; values: Set<number> };
  /** What was noticed in the files and bears on the numbers: sentences. */
  warnings: string[];
}

/**
 * The world directions in which slices, rows and columns grow: as radiologists look at a slice, the patient's left to
 * the right of an axial or coronal one. A picture of the default orientation keeps its own rows and columns.
 */
export const viewDirections = {
  axial: { slice: [2, 1], row: [1, -1], column: [0, -1] },
  coronal: { slice: [1, -1], row: [2, -1], column: [0, -1] },
  sagittal: { slice: [0, -1], row: [2, -1], column: [1, -1] },
} as const;

/** Of a volume, how its voxels lie. */
export type Grid = Pick<Volume, 'path' | 'format' | 'shape' | 'affine'>;

/** @throws ConfigError for a `domain.orientation` that is none */
function walksOf(volume: Grid, domain: DomainConfig): Walks {
  const affine = isPlaced(volume) ? volume.affine : affineOf(domain.orientation);
  if (!affine)
    throw new ConfigError(
      `The orientation "${domain.orientation}" given for ${volume.path} is none; three letters are expected, one each of L or R, P or A, I or S.`,
    );
  const directions = axisDirections(affine);
  const view = viewDirections[isPlaced(volume) ? domain.axis : 'axial'];
  const walk = ([world, sign]: readonly [number, number]): Walk => {
    const index = directions.findIndex((direction) => direction.world === world) as 0 | 1 | 2;
    return { axis: index, reversed: directions[index].sign !== sign };
  };
  return { slice: walk(view.slice), row: walk(view.row), column: walk(view.column) };
}

const countAlong = (
  shape: Volume['shape'],
  walks: Walks,
): [slices: number, rows: number, columns: number] => [
  shape[walks.slice.axis],
  shape[walks.row.axis],
  shape[walks.column.axis],
];

/** Offset of (slice, 0, 0) and the steps along rows and columns, in samples of [k][j][i]. */
function strides(shape: Volume['shape'], walks: Walks, slice: number) {
  const step = [1, shape[0], shape[0] * shape[1]];
  const start = ({ axis, reversed }: Walk, at: number) =>
    (reversed ? shape[axis] - 1 - at : at) * step[axis];
  const signed = ({ axis, reversed }: Walk) => (reversed ? -step[axis] : step[axis]);
  return {
    first: start(walks.slice, slice) + start(walks.row, 0) + start(walks.column, 0),
    row: signed(walks.row),
    column: signed(walks.column),
  };
}

/** One slice of a file's plane [k][j][i] as [rows][columns], written into `out` at `at`. */
function takeSlice(
  plane: ArrayLike<number>,
  shape: Volume['shape'],
  walks: Walks,
  slice: number,
  out: Float32Array | Uint8Array,
  at: number,
): void {
  const [, rows, columns] = countAlong(shape, walks);
  const { first, row, column } = strides(shape, walks, slice);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[at++] = plane[first + r * row + c * column];
}

/**
 * Reads a case's files and brings them to the network's scale.
 * Slices run along the domain's axis of the world nearest to it (up for axial), in a fixed in-plane orientation. Then
 * the field of view, the intensities (statistics over the whole case), class indices, and the resampling: images bilinear with averaging,
 * labels and field of view to the nearest pixel. With `fit: "patch"` a slice smaller than `input.size` is padded below
 * and to the right: the image by its last pixels, label and field of view by 0. Labels and masks are null where the
 * case has none. The result is kept in the config's cache, where it has one: then its arrays are read from there as they
 * are used.
 * @throws ConfigError where image and label differ in size, or a spacing is needed and not known.
 */
export async function prepareCase(
  config: DistillConfig,
  item: CohortCase,
): Promise<PreparedResult> {
  const cache = await CaseCache.of(config);
  return cache ? cache.get(config, item, () => prepareNow(config, item)) : prepareNow(config, item);
}

async function prepareNow(config: DistillConfig, item: CohortCase): Promise<PreparedResult> {
  const domain = config.domains[item.domain];
  const { images: volumes, labels, masks } = await readCaseFiles(item, domain);
  const [head] = volumes;
  const walks = walksOf(head, domain);
  const [, rows, columns] = countAlong(head.shape, walks);
  for (const volume of volumes)
    if (volume.shape.join() !== head.shape.join())
      throw new ConfigError(
        `Case ${item.id} of domain ${item.domain} has slices of different size: ${head.path} is ${sizeOf(head)} and ${volume.path} is ${sizeOf(volume)}.`,
      );
  const all = volumes.flatMap((volume, file) =>
    Array.from({ length: countAlong(volume.shape, walks)[0] }, (_, index) => ({ file, index })),
  );
  const slices = evenly(all, domain.maxSlices);
  const pixels = rows * columns;

  const fov = fieldOfView(domain, item, volumes, masks, walks, slices, pixels);
  const channels = inputChannels(config);
  const image = new Float32Array(channels * slices.length * pixels);
  // A grey volume needs no copy of its only plane.
  const planes = volumes.map((volume) =>
    volume.channels === 1 ? volume.data : chooseChannels(volume, domain.channel),
  );
  for (let c = 0; c < channels; c++)
    slices.forEach(({ file, index }, s) => {
      const [i, j, k] = volumes[file].shape;
      const voxels = i * j * k;
      // A grey image among colour ones fills all three channels with its only one.
      const plane = domain.channel === 'rgb' && volumes[file].channels > 1 ? c : 0;
      takeSlice(
        planes[file].subarray(plane * voxels, (plane + 1) * voxels),
        volumes[file].shape,
        walks,
        index,
        image,
        (c * slices.length + s) * pixels,
      );
    });
  normalizeIntensity(image, [channels, slices.length, rows, columns], domain, fov, head.dtype);

  const occurring = { classes: new Set<number>(), values: new Set<number>() };
  const label =
    labels.length === 0
      ? null
      : classIndices(config, item, volumes, labels, domain, slices, pixels, occurring);

  const spacing = nativeSpacing(domain, head, walks);
  const { size, fit } = config.input;
  const scaled = scaledSize(config, item.domain, [rows, columns], spacing, domain, head);
  const prepared: [number, number] =
    fit === 'resize' ? size : [Math.max(scaled[0], size[0]), Math.max(scaled[1], size[1])];
  const geometry: CaseGeometry = {
    id: item.id,
    files: volumes.map(({ path, format, shape, affine }) => ({ path, format, shape, affine })),
    walks,
    slices,
    native: [rows, columns],
    scaled,
    prepared,
  };
  const padded = prepared[0] !== scaled[0] || prepared[1] !== scaled[1];
  const everywhere = () => new Uint8Array(slices.length * pixels).fill(1);
  const scaledLabels = (map: Uint8Array) =>
    padTo(
      resizeNearest(map, slices.length, [rows, columns], scaled),
      slices.length,
      scaled,
      prepared,
    );
  return {
    prepared: {
      case: item,
      slices: slices.length,
      channels,
      rows: prepared[0],
      columns: prepared[1],
      image: scaleImage(image, channels, slices.length, geometry),
      label: label && scaledLabels(label),
      fov: fov || padded ? scaledLabels(fov ?? everywhere()) : null,
    },
    native: { slices: slices.length, rows, columns, label, fov, spacing },
    geometry,
    occurring,
    warnings: [
      ...volumes.flatMap(({ warnings }) => warnings ?? []),
      ...labels.flatMap((file, n) => misplaced('label', volumes[n], walks, file, domain)),
      ...masks.flatMap((file, n) => misplaced('mask', volumes[n], walks, file, domain)),
    ],
  };
}

const sizeOf = (volume: Pick<Volume, 'shape'>) => volume.shape.join(' x ');

function nativeSpacing(
  domain: DomainConfig,
  volume: Volume,
  walks: Walks,
): [number, number, number] {
  return [
    domain.spacing?.[0] ?? volume.spacing[walks.row.axis],
    domain.spacing?.[1] ?? volume.spacing[walks.column.axis],
    volume.spacing[walks.slice.axis],
  ];
}

function scaledSize(
  { input }: DistillConfig,
  name: string,
  [rows, columns]: [number, number],
  spacing: readonly number[],
  domain: DomainConfig,
  volume: Volume,
): [number, number] {
  if (input.fit === 'resize') return input.size;
  if (input.spacing === 0) return [rows, columns];
  if (!domain.spacing && !volume.hasSpacing)
    throw new ConfigError(
      `input.spacing is ${input.spacing} mm, but ${volume.path} states no pixel spacing; give domains.${name}.spacing, or set input.spacing to 0.`,
    );
  return [
    Math.max(1, Math.round((rows * spacing[0]) / input.spacing)),
    Math.max(1, Math.round((columns * spacing[1]) / input.spacing)),
  ];
}

function fieldOfView(
  domain: DomainConfig,
  item: CohortCase,
  volumes: Volume[],
  masks: Volume[],
  walks: Walks,
  slices: CaseGeometry['slices'],
  pixels: number,
): Uint8Array | null {
  if (domain.fov === 'none' || (domain.fov === 'provided' && masks.length === 0)) return null;
  const fov = new Uint8Array(slices.length * pixels);
  if (domain.fov === 'provided') {
    masks.forEach((mask, file) => checkSameSize(item, 'mask', volumes[file], walks, mask, domain));
    const maps = masks.map(mapMask);
    slices.forEach(({ file, index }, s) =>
      takeSlice(
        maps[file],
        masks[file].shape,
        walksLike(volumes[file], walks, masks[file], domain),
        index,
        fov,
        s * pixels,
      ),
    );
    return fov;
  }
  slices.forEach(({ file, index }, s) => {
    const { data, channels, shape } = volumes[file];
    const [, rows, columns] = countAlong(shape, walks);
    const slice = new Float32Array(channels * pixels);
    const voxels = data.length / channels;
    for (let c = 0; c < channels; c++)
      takeSlice(
        data.subarray(c * voxels, (c + 1) * voxels),
        shape,
        walks,
        index,
        slice,
        c * pixels,
      );
    fov.set(estimateFieldOfView(slice, channels, rows, columns), s * pixels);
  });
  return fov;
}

/** A label or mask that states its place is walked by its own affine, which may order its voxels otherwise; a picture like its image. */
function walksLike(image: Grid, walks: Walks, other: Grid, domain: DomainConfig): Walks {
  return isPlaced(image) && isPlaced(other) ? walksOf(other, domain) : walks;
}

/** @throws ConfigError where a label or a mask is not of its image's size, seen along the domain's slices */
export function requireSameSize(
  item: CohortCase,
  what: 'label' | 'mask',
  image: Grid,
  other: Grid,
  domain: DomainConfig,
): void {
  checkSameSize(item, what, image, walksOf(image, domain), other, domain);
}

function checkSameSize(
  item: CohortCase,
  what: 'label' | 'mask',
  image: Grid,
  walks: Walks,
  other: Grid,
  domain: DomainConfig,
): void {
  const ours = countAlong(image.shape, walks).join();
  if (countAlong(other.shape, walksLike(image, walks, other, domain)).join() !== ours)
    throw new ConfigError(
      `Image and ${what} of case ${item.id} of domain ${item.domain} differ in size: ${image.path} is ${sizeOf(image)} and ${other.path} is ${sizeOf(other)}.`,
    );
}

/**
 * Image and label that both state their place should state the same: they are paired voxel by voxel. The sentence tells
 * by how many mm their corners lie apart, where it is more than half a voxel.
 */
function misplaced(
  what: 'label' | 'mask',
  image: Volume,
  walks: Walks,
  other: Volume,
  domain: DomainConfig,
): string[] {
  if (!isPlaced(image) || !isPlaced(other)) return [];
  const corners = (volume: Volume, own: Walks) =>
    [0, 1, 2, 3, 4, 5, 6, 7].map((corner) => {
      const index = [0, 0, 0];
      [own.slice, own.row, own.column].forEach(({ axis, reversed }, n) => {
        const last = ((corner >> n) & 1) === 1;
        index[axis] = last !== reversed ? volume.shape[axis] - 1 : 0;
      });
      return [0, 1, 2].map(
        (row) =>
          volume.affine[row][3] +
          index.reduce((sum, value, axis) => sum + value * volume.affine[row][axis], 0),
      );
    });
  const ours = corners(image, walks);
  const theirs = corners(other, walksOf(other, domain));
  const apart = Math.max(
    ...ours.map((point, n) => Math.hypot(...point.map((value, axis) => value - theirs[n][axis]))),
  );
  if (apart <= 0.5 * Math.min(...image.spacing)) return [];
  return [
    `${other.path}: by its header the ${what} lies up to ${Number(apart.toPrecision(3))} mm away from its image, ${image.path}; the two are paired voxel by voxel all the same.`,
  ];
}

function classIndices(
  config: DistillConfig,
  item: CohortCase,
  volumes: Volume[],
  files: Volume[],
  domain: DomainConfig,
  slices: CaseGeometry['slices'],
  pixels: number,
  occurring: PreparedResult['occurring'],
): Uint8Array {
  const walks = walksOf(volumes[0], domain);
  const maps = files.map((file, n) => {
    checkSameSize(item, 'label', volumes[n], walks, file, domain);
    const { labels, values } = mapLabels(file, config.classes, domain.values);
    values.forEach((value) => occurring.values.add(value));
    for (let index = 1; index <= config.classes.length; index++)
      if (labels.includes(index)) occurring.classes.add(index);
    return labels;
  });
  const label = new Uint8Array(slices.length * pixels);
  slices.forEach(({ file, index }, s) =>
    takeSlice(
      maps[file],
      files[file].shape,
      walksLike(volumes[file], walks, files[file], domain),
      index,
      label,
      s * pixels,
    ),
  );
  return label;
}

/** [channels][slices][native] to [slices][channels][prepared]. */
function scaleImage(
  image: Float32Array,
  channels: number,
  slices: number,
  { native, scaled, prepared }: CaseGeometry,
): Float32Array {
  if (channels === 1 && native.join() === prepared.join()) return image;
  const pixels = native[0] * native[1];
  const out = new Float32Array(slices * channels * prepared[0] * prepared[1]);
  for (let s = 0; s < slices; s++)
    for (let c = 0; c < channels; c++) {
      const at = (c * slices + s) * pixels;
      const plane = resizeLinear(image.subarray(at, at + pixels), 1, native, scaled);
      out.set(
        padTo(plane, 1, scaled, prepared, true),
        (s * channels + c) * prepared[0] * prepared[1],
      );
    }
  return out;
}

/** Grows [planes][rows][columns] below and to the right, by 0 or by the last row and column. */
function padTo<T extends Float32Array | Uint8Array>(
  map: T,
  planes: number,
  [rows, columns]: readonly [number, number],
  [toRows, toColumns]: readonly [number, number],
  replicate = false,
): T {
  if (rows === toRows && columns === toColumns) return map;
  const out = new (map.constructor as new (length: number) => T)(planes * toRows * toColumns);
  for (let plane = 0; plane < planes; plane++)
    for (let r = 0; r < (replicate ? toRows : rows); r++) {
      const from = (plane * rows + Math.min(r, rows - 1)) * columns;
      const to = (plane * toRows + r) * toColumns;
      out.set(map.subarray(from, from + columns), to);
      if (replicate) out.fill(map[from + columns - 1], to + columns, to + toColumns);
    }
  return out;
}

/**
 * Values of one slice on the prepared grid, [planes][rows][columns] (probabilities of classes, for one), on the files'
 * grid: padding cut off, and resampled so that a label map that was made finer comes back exactly.
 */
export function restoreSlice(
  geometry: CaseGeometry,
  values: Float32Array,
  planes: number,
): Float32Array {
  const { native, scaled, prepared } = geometry;
  const cut = new Float32Array(planes * scaled[0] * scaled[1]);
  for (let plane = 0; plane < planes; plane++)
    for (let r = 0; r < scaled[0]; r++) {
      const from = (plane * prepared[0] + r) * prepared[1];
      cut.set(values.subarray(from, from + scaled[1]), (plane * scaled[0] + r) * scaled[1]);
    }
  return undoResize(cut, planes, scaled, native);
}

/** `restoreSlice` for a whole case: [slices][classes][prepared] to [slices][classes][native]. */
export function restoreProbabilities(
  geometry: CaseGeometry,
  probabilities: Float32Array,
  classes: number,
): Float32Array {
  const { native, prepared, slices } = geometry;
  const from = classes * prepared[0] * prepared[1];
  const to = classes * native[0] * native[1];
  const out = new Float32Array(slices.length * to);
  for (let s = 0; s < slices.length; s++)
    out.set(
      restoreSlice(geometry, probabilities.subarray(s * from, (s + 1) * from), classes),
      s * to,
    );
  return out;
}

/**
 * A label map, or another quantity, [slices][native rows][native columns] in each file's own voxel order, [k][j][i]. Slices that were
 * left out by `maxSlices` are 0.
 */
export function labelsInFiles<T extends Uint8Array | Float32Array>(
  geometry: CaseGeometry,
  values: T,
): T[] {
  const { files, walks, slices, native } = geometry;
  const maps = files.map(
    ({ shape }) =>
      new (values.constructor as new (length: number) => T)(shape[0] * shape[1] * shape[2]),
  );
  slices.forEach(({ file, index }, s) => {
    const { first, row, column } = strides(files[file].shape, walks, index);
    let at = s * native[0] * native[1];
    for (let r = 0; r < native[0]; r++)
      for (let c = 0; c < native[1]; c++) maps[file][first + r * row + c * column] = values[at++];
  });
  return maps;
}

/** Writes a label map [slices][native rows][native columns] into `folder`, one file for each image file. */
export async function writePrediction(
  geometry: CaseGeometry,
  labels: Uint8Array,
  folder: string,
): Promise<string[]> {
  const maps = labelsInFiles(geometry, labels);
  return Promise.all(
    geometry.files.map(async (file, n) => {
      const path = join(folder, predictionName(file, geometry.id));
      await writeLikeInput(file, maps[n], path);
      return path;
    }),
  );
}

/**
 * Writes probabilities of the foreground classes, each [slices][native rows][native columns], under the names of label maps: float32
 * NIfTI with a frame a class; for pictures of one class an 8-bit PNG, 255 being 1. Pictures of several classes have no such format.
 */
export async function writeProbabilities(
  geometry: CaseGeometry,
  classes: readonly Float32Array[],
  folder: string,
): Promise<string[]> {
  const planes = classes.map((values) => labelsInFiles(geometry, values));
  const written = geometry.files.map(async (file, n) => {
    const path = join(folder, predictionName(file, geometry.id));
    const { shape, affine } = file;
    if (/\.png$/i.test(path)) {
      if (classes.length > 1) return null;
      await writeVolume(path, {
        shape,
        affine,
        data: Uint8Array.from(planes[0][n], (p) => Math.round(255 * p)),
      });
      return path;
    }
    const data = new Float32Array(classes.length * planes[0][n].length);
    planes.forEach((plane, c) => data.set(plane[n], c * plane[n].length));
    await writeVolume(path, { shape, affine, data, frames: classes.length });
    return path;
  });
  return (await Promise.all(written)).filter((path) => path !== null);
}

/** Where prediction and reference differ: 0 background in both, 1 in agreement, 2 only predicted, 3 only in the reference, 4 another class. */
export function errorMap(prediction: Uint8Array, reference: Uint8Array): Uint8Array {
  return prediction.map((p, n) => {
    const r = reference[n];
    if (p === r) return p === 0 ? 0 : 1;
    return r === 0 ? 2 : p === 0 ? 3 : 4;
  });
}

/**
 * Prepares cases of one domain, and checks that each class occurs in their labels. `onCase` is called after each.
 * @throws ConfigError as `prepareCase`, and for a class of which no pixel is found: with the values that do occur.
 */
export async function prepareDomain(
  config: DistillConfig,
  name: string,
  cases: readonly CohortCase[],
  onCase: (result: PreparedResult) => void = () => {},
): Promise<PreparedResult[]> {
  const results: PreparedResult[] = [];
  for (const item of cases) {
    const result = await prepareCase(config, item);
    results.push(result);
    onCase(result);
  }
  checkClasses(config, name, results);
  return results;
}

/** `prepareDomain` for every domain of a cohort. */
export async function prepareCohort(
  config: DistillConfig,
  cohort: Cohort,
): Promise<Record<string, PreparedResult[]>> {
  const result: Record<string, PreparedResult[]> = {};
  for (const [name, cases] of Object.entries(cohort.domains))
    result[name] = await prepareDomain(config, name, cases);
  return result;
}

/** @throws ConfigError for a class of which no pixel occurs in a domain's labels. */
function checkClasses(config: DistillConfig, name: string, results: PreparedResult[]): void {
  config.classes.forEach((className, n) => {
    if (results.some(({ occurring }) => occurring.classes.has(n + 1))) return;
    const values = [...new Set(results.flatMap(({ occurring }) => [...occurring.values]))].sort(
      (a, b) => a - b,
    );
    const listed =
      values.length <= 12
        ? values.join(', ')
        : `${values.length} values from ${values[0]} to ${values.at(-1)}`;
    throw new ConfigError(
      `domains.${name}.values.${className}: ${JSON.stringify(config.domains[name].values[className])} never occurs in the labels of the ${results.length} cases; these values occur: ${listed}.`,
    );
  });
}
