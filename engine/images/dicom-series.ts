import { UserError } from '../errors';
import { openRegular, readRegular } from '../files';
import { chooseStack } from './dicom-choice';
import {
  cross,
  isDicom,
  minus,
  readDicomHeader,
  type DicomImage,
  type DicomSamples,
  type Vector,
} from './dicom-file';
import { chooseFrame, inOrder, sliceReader, withoutCopies, type Slice } from './dicom-slices';
import type { ReadChoice } from './format';
import { checkDimensions } from './limits';
import { columnNorm, affineOf, orientationOf } from './orientation';
import type { Volume } from './volume';

/** Headers are looked for in so much of each file first: mostly the pixels are what is long. */
const headerBytes = 2 ** 17;

/** Steps between slices that differ by less are rounding: mm, and share of the step. */
const roundingMm = 0.01;
const roundingShare = 0.01;

/**
 * Reads a DICOM series as one volume. Files may come in any order and under any names; those that are no DICOM images are
 * passed over. Slices are sorted by their position along the normal of the image plane, so that k grows along it
 * (alongRow x alongColumn); without positions, by slice location, instance number or name. Copies of a slice count once. The
 * spacing along k is the distance between slices.
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
  const stack = chooseStack(folder, images, choice.series, warnings);
  const positions = await withoutCopies(inOrder(folder, stack, warnings), warnings);
  const slices = chooseFrame(folder, positions, choice.frame, warnings);
  if (slices.some(({ image }) => image.layout.photometricInterpretation === 'MONOCHROME1'))
    warnings.push(
      `${folder}: its samples are stored with white as the least (MONOCHROME1); they are inverted, so that greater ones are brighter.`,
    );
  const geometry = geometryOf(folder, slices, warnings);
  const pixels = await readPixels(folder, slices);
  const { layout } = slices[0].image;
  return {
    path: folder,
    format: 'dicom',
    shape: [layout.columns, layout.rows, slices.length],
    channels: layout.samplesPerPixel,
    dtype: storedType(slices),
    data: pixels,
    ...geometry,
    slices: slices.map(({ image, frame }) => ({
      path: image.path,
      instance: image.frames.length > 1 ? frame : image.instanceNumber,
    })),
    ...(warnings.length > 0 ? { warnings } : {}),
  };
}

/** numpy's name of the type that holds the stored samples of all slices. */
function storedType(slices: Slice[]): string {
  const layouts = slices.map(({ image }) => image.layout);
  const signed = layouts.some(({ pixelRepresentation }) => pixelRepresentation === 1);
  return `${signed ? 'int' : 'uint'}${Math.max(...layouts.map(({ bitsAllocated }) => bitsAllocated))}`;
}

/** The header of a file; null for what is no DICOM image. */
async function readHeader(path: string): Promise<DicomImage | null> {
  const { file, stats } = await openRegular(path);
  const { size } = stats;
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
  return readDicomHeader(path, new Uint8Array(await readRegular(path)), size);
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
  const heights = slices.map(({ height }) => height);
  const distance =
    heights.length > 1 && heights[0] !== null ? distanceOf(folder, slices, warnings) : thickness;
  if (!first.orientation || slices.some(({ geometry }) => geometry.position === null)) {
    const spacing: Volume['spacing'] = [columnMm, rowMm, distance];
    const affine = affineOf()!.map((row) =>
      row.map((value, column) => (column < 3 ? value * spacing[column] : value)),
    );
    return { spacing, hasSpacing: pixel !== null, affine, orientation: orientationOf(affine) };
  }
  const { alongRow, alongColumn } = first.orientation;
  const normal = cross(alongRow, alongColumn);
  const step = stepOf(folder, slices, normal, distance, warnings);
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

/** Between slices, mm: the mean of their steps in height; where they are not even, the usual one, and a warning. */
function distanceOf(folder: string, slices: Slice[], warnings: string[]): number {
  const heights = slices.map(({ height }) => height!);
  const steps = heights.slice(1).map((height, n) => height - heights[n]);
  const usual = [...steps].sort((a, b) => a - b)[Math.floor((steps.length - 1) / 2)];
  const tolerance = Math.max(roundingMm, roundingShare * usual);
  const odd = steps.filter((step) => Math.abs(step - usual) > tolerance);
  if (odd.length === 0) return (heights.at(-1)! - heights[0]) / steps.length;
  // A gap is a step of a whole number of usual ones; anything else is spacing that is not even.
  const gaps = odd.filter((step) => {
    const missing = step / usual - 1;
    return missing > 0.5 && Math.abs(missing - Math.round(missing)) < 0.05;
  });
  if (gaps.length === odd.length) {
    const at = steps.indexOf(gaps[0]);
    const missing = gaps.reduce((sum, step) => sum + Math.round(step / usual) - 1, 0);
    warnings.push(
      `${folder}: ${missing} ${missing === 1 ? 'slice is' : 'slices are'} missing: slices are ${short(usual)} mm apart, but ${slices[at].image.path} and ${slices[at + 1].image.path} ${short(gaps[0])} mm.`,
    );
  } else
    warnings.push(
      `${folder}: its slices are not evenly spaced, ${short(Math.min(...steps))} to ${short(Math.max(...steps))} mm apart; ${short(usual)} mm is taken for all.`,
    );
  return usual;
}

const short = (value: number) => Number(value.toFixed(3));

/** From one slice to the next, mm: along the line from the first to the last, so far that slices are `distance` apart. */
function stepOf(
  folder: string,
  slices: Slice[],
  normal: Vector,
  distance: number,
  warnings: string[],
): Vector {
  if (slices.length === 1) return normal.map((value) => value * distance) as Vector;
  const first = slices[0].geometry.position!;
  const heights = slices.map(({ height }) => height! - slices[0].height!);
  const whole = minus(slices.at(-1)!.geometry.position!, first);
  const along = whole.map((value) => (value / heights.at(-1)!) * distance) as Vector;
  const tilt = (Math.acos(Math.min(1, distance / Math.hypot(...along))) * 180) / Math.PI;
  if (tilt > 0.5)
    warnings.push(
      `${folder}: its slices are shifted against each other by ${short(tilt)} degrees, as a tilted gantry does it; the voxels' axes are not at right angles.`,
    );
  const astray = slices.map(({ geometry }, n) => {
    const onLine = whole.map((value, axis) => first[axis] + (value / heights.at(-1)!) * heights[n]);
    return Math.hypot(...minus(geometry.position!, onLine as Vector));
  });
  const furthest = Math.max(...astray);
  const pixel = Math.min(...(slices[0].geometry.pixelSpacing ?? [1, 1]));
  if (furthest > pixel / 2)
    warnings.push(
      `${folder}: its slices do not lie on one line: ${slices[astray.indexOf(furthest)].image.path} lies ${short(furthest)} mm beside it.`,
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
      : slices.some(({ image }) => image.layout.bitsAllocated === 32)
        ? new Float64Array(total)
        : whole
          ? new Int16Array(total)
          : new Float32Array(total);
  const read = sliceReader();
  for (const [k, slice] of slices.entries()) {
    const samples = await read(slice);
    if (channels === 3) {
      for (let c = 0; c < 3; c++)
        for (let n = 0; n < pixels; n++)
          out[(c * slices.length + k) * pixels + n] = samples[3 * n + c];
      continue;
    }
    const { slope, intercept } = slice.geometry;
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
