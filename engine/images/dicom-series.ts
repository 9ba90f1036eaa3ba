import { open, readFile, stat } from 'node:fs/promises';
import { UserError } from '../errors';
import {
  isDicom,
  openDicomPixels,
  readDicomHeader,
  type DicomFrame,
  type DicomImage,
  type DicomSamples,
  type Vector,
} from './dicom-file';
import type { ReadChoice } from './format';
import { checkDimensions } from './limits';
import { columnNorm, affineOf, orientationOf } from './orientation';
import { naturalOrder } from '../lists';
import type { Volume } from './volume';

/** Headers are looked for in so much of each file first: mostly the pixels are what is long. */
const headerBytes = 2 ** 17;

/** Steps between slices that differ by less are rounding: mm, and share of the step. */
const roundingMm = 0.01;
const roundingShare = 0.01;

/** One slice: a frame of a file. */
interface Slice {
  image: DicomImage;
  frame: number;
  geometry: DicomFrame;
}

/**
 * Reads a DICOM series as one volume. Files may come in any order and under any names; those that are no DICOM images are
 * passed over. Slices are sorted by their position along the normal of the image plane, so that k grows along it
 * (alongRow x alongColumn); without positions, by instance number. The spacing along k is the distance between slices.
 * `folder` is named in messages, and the path of the volume.
 * @throws UserError for a folder without a series, or with several of which `choice` names none, and for damaged files
 */
export async function readSeries(
  folder: string,
  files: readonly string[],
  choice: ReadChoice = {},
): Promise<Volume> {
  const images: DicomImage[] = [];
  for (const file of files) {
    const image = await readHeader(file);
    if (image) images.push(image);
  }
  if (images.length === 0)
    throw new UserError(
      files.length === 1 && files[0] === folder
        ? `${folder} is a DICOM file without an image.`
        : `${folder} holds DICOM files, but none of them has an image.`,
    );
  const warnings: string[] = [];
  const group = chooseSeries(folder, withoutCopies(images, warnings), choice.series);
  const slices = chooseFrame(folder, inOrder(folder, group, warnings), choice.frame, warnings);
  const geometry = geometryOf(folder, slices, warnings);
  const pixels = await readPixels(folder, slices);
  const { layout } = slices[0].image;
  return {
    path: folder,
    format: 'dicom',
    shape: [layout.columns, layout.rows, slices.length],
    channels: layout.samplesPerPixel,
    dtype: `${layout.pixelRepresentation === 1 ? 'int' : 'uint'}${layout.bitsAllocated}`,
    data: pixels,
    ...geometry,
    slices: slices.map(({ image, frame }) => ({
      path: image.path,
      instance: image.frames.length > 1 ? frame : image.instanceNumber,
    })),
    ...(warnings.length > 0 ? { warnings } : {}),
  };
}

/** The header of a file; null for what is no DICOM image. */
async function readHeader(path: string): Promise<DicomImage | null> {
  const { size } = await stat(path);
  const file = await open(path);
  let start: Uint8Array;
  try {
    const buffer = new Uint8Array(Math.min(size, headerBytes));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    start = buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
  if (!isDicom(start)) return null;
  if (start.length < size)
    try {
      const image = readDicomHeader(path, start, size);
      if (image) return image;
    } catch {
      // The header may go on beyond what was read.
    }
  return readDicomHeader(path, new Uint8Array(await readFile(path)), size);
}

/** Copies of one image under several names count once. */
function withoutCopies(images: DicomImage[], warnings: string[]): DicomImage[] {
  const seen = new Map<string, string>();
  const kept = images.filter(({ instanceUid, path }) => {
    const twin = instanceUid === '' ? undefined : seen.get(instanceUid);
    if (twin !== undefined) return false;
    seen.set(instanceUid, path);
    return true;
  });
  if (kept.length < images.length) {
    const copy = images.find((image) => !kept.includes(image))!;
    warnings.push(
      `${images.length - kept.length} files are copies of another's image and are left out, the first of them ${copy.path}.`,
    );
  }
  return kept;
}

/** What all slices of a volume share; the orientation as far as rounding goes. */
function seriesKey({ seriesUid, layout, frames }: DicomImage): string {
  const directions = frames[0].orientation;
  const rounded = directions
    ? [...directions.alongRow, ...directions.alongColumn].map((value) => Math.round(value * 100))
    : null;
  return JSON.stringify([
    seriesUid,
    layout.rows,
    layout.columns,
    layout.samplesPerPixel,
    layout.bitsAllocated,
    layout.pixelRepresentation,
    rounded,
  ]);
}

function chooseSeries(
  folder: string,
  images: DicomImage[],
  wanted: string | undefined,
): DicomImage[] {
  const byKey = new Map<string, DicomImage[]>();
  for (const image of images)
    byKey.set(seriesKey(image), [...(byKey.get(seriesKey(image)) ?? []), image]);
  const groups = [...byKey.values()];
  const matching = wanted === undefined ? groups : groups.filter(([head]) => isNamed(head, wanted));
  if (matching.length === 1) return matching[0];
  const listed = groups.map(describe).sort(naturalOrder).join('; ');
  throw new UserError(
    wanted === undefined
      ? `${folder} holds ${groups.length} DICOM series, of which "series" must choose one: ${listed}.`
      : matching.length === 0
        ? `${folder} holds no DICOM series "${wanted}"; it holds: ${listed}.`
        : `${folder} holds ${matching.length} DICOM series "${wanted}", of which "series" must choose one by its number or UID: ${listed}.`,
  );
}

function isNamed({ seriesUid, seriesNumber, description }: DicomImage, wanted: string): boolean {
  if (wanted === seriesUid || wanted === seriesNumber) return true;
  const expression = wanted
    .split('*')
    .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${expression}$`, 'i').test(description);
}

/** `number 4 "T2 SPIR" (MR, 30 images of 256 x 256)` */
function describe(images: DicomImage[]): string {
  const [{ seriesNumber, description, modality, layout, localizer, seriesUid }] = images;
  const frames = images.reduce((sum, image) => sum + image.frames.length, 0);
  const name = seriesNumber === '' ? `UID ${seriesUid}` : `number ${seriesNumber}`;
  return `${name}${description === '' ? '' : ` "${description}"`} (${modality || 'unknown modality'}${localizer ? ' localizer' : ''}, ${frames} ${frames === 1 ? 'image' : 'images'} of ${layout.columns} x ${layout.rows})`;
}

const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

/** Slices by position; of several at one position, a list each. Without positions, by instance number and name. */
function inOrder(folder: string, images: DicomImage[], warnings: string[]): Slice[][] {
  const slices = images.flatMap((image) =>
    image.frames.map((geometry, frame): Slice => ({ image, frame, geometry })),
  );
  const byNumber = (a: Slice, b: Slice) =>
    (a.image.instanceNumber ?? 0) - (b.image.instanceNumber ?? 0) ||
    naturalOrder(a.image.path, b.image.path) ||
    a.frame - b.frame;
  const { orientation } = slices[0].geometry;
  if (!orientation || slices.some(({ geometry }) => geometry.position === null)) {
    if (slices.length > 1)
      warnings.push(
        `${folder}: its DICOM files state no position, so slices are taken in the order of their numbers.`,
      );
    return slices.sort(byNumber).map((slice) => [slice]);
  }
  const normal = cross(orientation.alongRow, orientation.alongColumn);
  const heights = new Map(slices.map((slice) => [slice, dot(slice.geometry.position!, normal)]));
  const sorted = slices.sort((a, b) => heights.get(a)! - heights.get(b)! || byNumber(a, b));
  const positions: Slice[][] = [];
  for (const slice of sorted) {
    const last = positions.at(-1);
    if (last && heights.get(slice)! - heights.get(last[0])! < 1e-3) last.push(slice);
    else positions.push([slice]);
  }
  return positions;
}

/** Of several images at each position, one: told apart by the first attribute that differs among them all. */
function chooseFrame(
  folder: string,
  positions: Slice[][],
  wanted: number | undefined,
  warnings: string[],
): Slice[] {
  const count = positions[0].length;
  const uneven = positions.find((slices) => slices.length !== count);
  if (uneven)
    throw new UserError(
      `${folder}: its DICOM series has ${count} images at one position and ${uneven.length} at another, as ${uneven[0].image.path}; slices are missing, or several series share one UID.`,
    );
  if (count > 1) {
    const name = attributeThatDiffers(positions);
    if (name === null)
      throw new UserError(
        `${folder}: its DICOM series has ${count} images at each position, as ${positions[0][0].image.path} and ${positions[0][1].image.path}, and no attribute tells them apart.`,
      );
    for (const slices of positions)
      slices.sort((a, b) => naturalOrder(a.geometry.variant[name], b.geometry.variant[name]));
    if (wanted === undefined)
      warnings.push(
        `${folder}: its DICOM series has ${count} images at each position, which differ in ${name} (${positions[0].map(({ geometry }) => geometry.variant[name]).join(', ')}); the first is read, and "frame" chooses another.`,
      );
  }
  const frame = wanted ?? 0;
  if (!Number.isInteger(frame) || frame < 0 || frame >= count)
    throw new UserError(
      `${folder}: frame ${frame} was asked for; it has the frames 0 to ${count - 1}.`,
    );
  return positions.map((slices) => slices[frame]);
}

function attributeThatDiffers(positions: Slice[][]): string | null {
  const names = Object.keys(positions[0][0].geometry.variant);
  const values = (slices: Slice[], name: string) =>
    new Set(slices.map(({ geometry }) => geometry.variant[name]));
  return (
    names.find((name) =>
      positions.every((slices) => {
        const own = values(slices, name);
        return own.size === slices.length && !own.has(undefined as unknown as string);
      }),
    ) ?? null
  );
}

/** Voxel to world, RAS+: DICOM's patient coordinates run to the left and to the back. */
function geometryOf(
  folder: string,
  slices: Slice[],
  warnings: string[],
): Pick<Volume, 'spacing' | 'hasSpacing' | 'affine' | 'orientation'> {
  const first = slices[0].geometry;
  const pixel = first.pixelSpacing;
  if (
    slices.some(
      ({ geometry }) =>
        geometry.pixelSpacing?.some((mm, n) => Math.abs(mm - (pixel?.[n] ?? 0)) > 1e-3 * mm) ??
        pixel !== null,
    )
  )
    throw new UserError(`${folder}: the slices of its DICOM series differ in their pixel spacing.`);
  const [rowMm, columnMm] = pixel ?? [1, 1];
  const thickness = first.sliceSpacing ?? 1;
  if (!first.orientation || slices.some(({ geometry }) => geometry.position === null)) {
    const spacing: Volume['spacing'] = [columnMm, rowMm, thickness];
    const affine = affineOf()!.map((row) =>
      row.map((value, column) => (column < 3 ? value * spacing[column] : value)),
    );
    return { spacing, hasSpacing: pixel !== null, affine, orientation: orientationOf(affine) };
  }
  const { alongRow, alongColumn } = first.orientation;
  const normal = cross(alongRow, alongColumn);
  const step = stepOf(folder, slices, normal, thickness, warnings);
  const columns = [
    alongRow.map((value) => value * columnMm),
    alongColumn.map((value) => value * rowMm),
    step,
    first.position!,
  ];
  const affine = [0, 1, 2]
    .map((row) => columns.map((column) => (row < 2 ? -column[row] : column[row]) + 0))
    .concat([[0, 0, 0, 1]]);
  return {
    spacing: [columnMm, rowMm, columnNorm(affine, 2)],
    hasSpacing: pixel !== null,
    affine,
    orientation: orientationOf(affine),
  };
}

/** From one slice to the next, mm: the mean of the steps; where they are not even, of the usual length, and a warning. */
function stepOf(
  folder: string,
  slices: Slice[],
  normal: Vector,
  thickness: number,
  warnings: string[],
): Vector {
  const positions = slices.map(({ geometry }) => geometry.position!);
  if (positions.length === 1) return normal.map((value) => value * thickness) as Vector;
  const whole = minus(positions.at(-1)!, positions[0]);
  const heights = positions.map((position) => dot(position, normal));
  const steps = heights.slice(1).map((height, n) => height - heights[n]);
  const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)];
  const tolerance = Math.max(roundingMm, roundingShare * usual);
  const odd = steps.filter((mm) => Math.abs(mm - usual) > tolerance);
  const height = heights.at(-1)! - heights[0];
  const mean = height / steps.length;
  const taken = odd.length > 0 ? usual : mean;
  const mm = (value: number) => Number(value.toFixed(3));
  // A gap is a step of a whole number of usual ones; anything else is spacing that is not even.
  const gaps = odd.filter((step) => {
    const missing = step / usual - 1;
    return missing > 0.5 && Math.abs(missing - Math.round(missing)) < 0.05;
  });
  if (odd.length > 0 && gaps.length === odd.length) {
    const at = steps.indexOf(gaps[0]);
    const missing = gaps.reduce((sum, step) => sum + Math.round(step / usual) - 1, 0);
    warnings.push(
      `${folder}: ${missing} ${missing === 1 ? 'slice is' : 'slices are'} missing: slices are ${mm(usual)} mm apart, but ${slices[at].image.path} and ${slices[at + 1].image.path} ${mm(gaps[0])} mm.`,
    );
  } else if (odd.length > 0)
    warnings.push(
      `${folder}: its slices are not evenly spaced, ${mm(Math.min(...steps))} to ${mm(Math.max(...steps))} mm apart; ${mm(usual)} mm is taken for all.`,
    );
  const along = whole.map((value) => (value / height) * taken) as Vector;
  const tilt = (Math.acos(Math.min(1, taken / Math.hypot(...along))) * 180) / Math.PI;
  if (tilt > 0.5)
    warnings.push(
      `${folder}: its slices are shifted against each other by ${mm(tilt)} degrees, as a tilted gantry does it; the voxels' axes are not at right angles.`,
    );
  return along;
}

/** Values of all slices, [channel][k][j][i]: whole numbers where slopes and intercepts are, in 16 bits where they fit. */
async function readPixels(folder: string, slices: Slice[]): Promise<Volume['data']> {
  const { layout } = slices[0].image;
  const { rows, columns, samplesPerPixel: channels } = layout;
  const pixels = rows * columns;
  checkDimensions(folder, [columns, rows, slices.length, channels]);
  const whole = slices.every(
    ({ geometry: { slope, intercept } }) => Number.isInteger(slope) && Number.isInteger(intercept),
  );
  const total = pixels * slices.length * channels;
  let out: Uint8Array | Int16Array | Int32Array | Float32Array | Float64Array =
    channels === 3
      ? new Uint8Array(total)
      : layout.bitsAllocated === 32
        ? new Float64Array(total)
        : whole
          ? new Int16Array(total)
          : new Float32Array(total);
  let opened: DicomImage | null = null;
  let read: ((frame: number) => Promise<DicomSamples>) | null = null;
  for (const [k, { image, frame, geometry }] of slices.entries()) {
    if (opened !== image || !read) {
      read = openDicomPixels(image, new Uint8Array(await readFile(image.path)));
      opened = image;
    }
    const samples = await read(frame);
    if (channels === 3) {
      for (let c = 0; c < 3; c++)
        for (let n = 0; n < pixels; n++)
          out[(c * slices.length + k) * pixels + n] = samples[3 * n + c];
      continue;
    }
    const { slope, intercept } = geometry;
    const at = k * pixels;
    if (out instanceof Int16Array && !fits16(samples, slope, intercept)) out = Int32Array.from(out);
    for (let n = 0; n < pixels; n++) out[at + n] = samples[n] * slope + intercept;
  }
  return out;
}

function fits16(samples: DicomSamples, slope: number, intercept: number): boolean {
  for (const sample of samples) {
    const value = sample * slope + intercept;
    if (value < -32768 || value > 32767) return false;
  }
  return true;
}
