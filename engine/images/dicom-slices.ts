/** The slices of a stack of DICOM images: in order, each once, and one at each position. */
import { createHash } from 'node:crypto';
import { UserError } from '../errors';
import { readRegular } from '../files';
import { naturalOrder } from '../lists';
import {
  cross,
  dot,
  minus,
  openDicomPixels,
  type DicomFrame,
  type DicomImage,
  type DicomSamples,
} from './dicom-file';

/** One slice: a frame of a file. */
export interface Slice {
  image: DicomImage;
  frame: number;
  geometry: DicomFrame;
  /** Along the normal of the plane, or as its slice location states it, in mm; null where neither is known. */
  height: number | null;
}

/** Heights that differ by less are one position: mm. */
const sameHeight = 1e-3;
/** Places within a plane that differ by less are one: mm. */
const samePlace = 0.01;

/**
 * Slices by position; of several at one position, a list each. Without positions, by slice location; without these, by
 * instance number; without numbers of their own, by name.
 */
export function inOrder(folder: string, images: DicomImage[], warnings: string[]): Slice[][] {
  const slices = images.flatMap((image) =>
    image.frames.map((geometry, frame): Slice => ({ image, frame, geometry, height: null })),
  );
  const { orientation } = slices[0].geometry;
  const isStated = slices.every(({ geometry }) => geometry.position !== null);
  const locations = new Set(slices.map(({ geometry }) => geometry.location));
  const isLocated =
    images.every(({ frames }) => frames.length === 1) && !locations.has(null) && locations.size > 1;
  // One position for slices of as many locations is an anonymiser's.
  const isOne =
    isStated && new Set(slices.map(({ geometry }) => geometry.position!.join())).size === 1;
  const isPlaced =
    orientation && isStated && !(isOne && locations.size === slices.length && isLocated);
  if (isPlaced) {
    const normal = cross(orientation.alongRow, orientation.alongColumn);
    for (const slice of slices) slice.height = dot(slice.geometry.position!, normal);
  } else
    for (const slice of slices) {
      slice.geometry = { ...slice.geometry, position: null };
      if (isLocated) slice.height = slice.geometry.location;
    }
  if (!isPlaced && slices.length > 1) {
    const isNumbered =
      images.length === 1 ||
      (new Set(images.map(({ instanceNumber }) => instanceNumber)).size > 1 &&
        images.every(({ instanceNumber }) => instanceNumber !== null));
    warnings.push(
      `${folder}: its DICOM files state ${isOne && slices.length > 1 ? 'one position for all' : 'no position'}, so slices are taken in the order of their ${isLocated ? 'slice locations' : isNumbered ? 'numbers' : 'names'}.`,
    );
  }
  slices.sort((a, b) => (a.height ?? 0) - (b.height ?? 0) || byNumber(a, b));
  const positions: Slice[][] = [];
  for (const slice of slices) {
    const last = positions.at(-1);
    if (last && slice.height !== null && slice.height - last[0].height! < sameHeight)
      last.push(slice);
    else positions.push([slice]);
  }
  for (const position of positions) position.sort(byNumber);
  return positions;
}

const byNumber = (a: Slice, b: Slice) =>
  (a.image.instanceNumber ?? 0) - (b.image.instanceNumber ?? 0) ||
  naturalOrder(a.image.path, b.image.path) ||
  a.frame - b.frame;

/** Reads the samples of slices; of those that come one after the other from one file, it is read once. */
export function sliceReader(): (slice: Slice) => Promise<DicomSamples> {
  let opened: DicomImage | null = null;
  let read: ReturnType<typeof openDicomPixels> | null = null;
  return async ({ image, frame }) => {
    if (opened !== image || !read) {
      read = openDicomPixels(image, new Uint8Array(await readRegular(image.path)));
      opened = image;
    }
    return read(frame);
  };
}

/**
 * Copies of one image count once: those that show the same at the same place. What tells images at one position apart must
 * be the same too, but where a position has more of them than most have.
 */
export async function withoutCopies(positions: Slice[][], warnings: string[]): Promise<Slice[][]> {
  const read = sliceReader();
  const digests = new Map<Slice, string>();
  const digest = async (slice: Slice) => {
    const known = digests.get(slice);
    if (known !== undefined) return known;
    const { slope, intercept } = slice.geometry;
    const values = Float64Array.from(await read(slice), (sample) => sample * slope + intercept);
    const own = createHash('sha256').update(values).digest('hex');
    digests.set(slice, own);
    return own;
  };
  const dropped: Slice[] = [];
  /** Drops of these each that shows the same as one before it and is like it. */
  const distinct = async (slices: Slice[], alike: (a: Slice, b: Slice) => boolean) => {
    const kept: Slice[] = [];
    for (const slice of slices) {
      let isCopy = false;
      for (const other of kept.filter(
        (before) => inOnePlace(before, slice) && alike(before, slice),
      ))
        isCopy ||= (await digest(other)) === (await digest(slice));
      (isCopy ? dropped : kept).push(slice);
    }
    return kept;
  };
  // Without heights, each slice is a list of its own; what could be a copy has the same number or UID.
  if (positions.every(([{ height }]) => height === null)) {
    const kept = await distinct(
      positions.flat(),
      ({ image: a, frame }, { image: b, frame: other }) =>
        frame === other &&
        a !== b &&
        ((a.instanceUid !== '' && a.instanceUid === b.instanceUid) ||
          (a.instanceNumber !== null && a.instanceNumber === b.instanceNumber)),
    );
    tellCopies(dropped, warnings);
    return kept.map((slice) => [slice]);
  }
  const once: Slice[][] = [];
  for (const slices of positions)
    once.push(
      await distinct(
        slices,
        ({ geometry: a }, { geometry: b }) =>
          JSON.stringify(a.variant) === JSON.stringify(b.variant),
      ),
    );
  const usual = usualLength(once);
  const kept: Slice[][] = [];
  for (const slices of once)
    kept.push(slices.length > usual ? await distinct(slices, () => true) : slices);
  tellCopies(dropped, warnings);
  return kept;
}

const inOnePlace = ({ geometry: a }: Slice, { geometry: b }: Slice): boolean =>
  !a.position || !b.position || Math.hypot(...minus(a.position, b.position)) < samePlace;

function tellCopies(dropped: Slice[], warnings: string[]): void {
  if (dropped.length > 0)
    warnings.push(
      `${dropped.length} files are copies of another's image and are left out, the first of them ${dropped[0].image.path}.`,
    );
}

/** The number of slices that most positions have. */
function usualLength(positions: Slice[][]): number {
  const counts = new Map<number, number>();
  for (const { length } of positions) counts.set(length, (counts.get(length) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || a - b)[0][0];
}

/**
 * Of several images at each position, one: told apart by the first attribute that differs among them all, or by their
 * order. Where positions have unequal numbers of them, `wanted` must choose: it counts the values of the attribute where
 * positions share these, so that a position without the value is left out, or else those at each position, of which the
 * last stands for what it lacks.
 */
export function chooseFrame(
  folder: string,
  positions: Slice[][],
  wanted: number | undefined,
  warnings: string[],
): Slice[] {
  const fullest = positions.reduce((a, b) => (b.length > a.length ? b : a));
  const count = fullest.length;
  const frame = wanted ?? 0;
  if (!Number.isInteger(frame) || frame < 0 || frame >= count)
    throw new UserError(
      `${folder}: frame ${frame} was asked for; it has the frames 0 to ${count - 1}.`,
    );
  if (count === 1) return positions.map(([slice]) => slice);
  const name = attributeThatDiffers(positions.filter(({ length }) => length > 1));
  const valueOf = ({ geometry }: Slice) => geometry.variant[name!];
  if (name !== null)
    for (const slices of positions) slices.sort((a, b) => naturalOrder(valueOf(a), valueOf(b)));
  const differing =
    name === null
      ? 'no attribute tells them apart'
      : `they differ in ${name} (${fullest.map(valueOf).join(', ')})`;
  const uneven = positions.find(({ length }) => length !== count);
  if (uneven) {
    if (wanted === undefined)
      throw new UserError(
        `${folder}: its DICOM series has ${count} images at one position, as ${fullest[0].image.path} and ${fullest[1].image.path}, and ${uneven.length} at another, as ${uneven[0].image.path}; ${differing}; slices are missing or were acquired again, and "frame" chooses of them, 0 to ${count - 1}.`,
      );
    const values = name === null ? [] : [...new Set(positions.flat().map(valueOf))];
    if (values.length !== count)
      return positions.map((slices) => slices[Math.min(frame, slices.length - 1)]);
    const value = values.sort(naturalOrder)[frame];
    return positions.flatMap((slices) => slices.filter((slice) => valueOf(slice) === value));
  }
  if (wanted === undefined) {
    if (name === null)
      throw new UserError(
        `${folder}: its DICOM series has ${count} images at each position, as ${fullest[0].image.path} and ${fullest[1].image.path}, and no attribute tells them apart; "frame" chooses of them in the order of their numbers, 0 to ${count - 1}.`,
      );
    warnings.push(
      `${folder}: its DICOM series has ${count} images at each position, which differ in ${name} (${positions[0].map(valueOf).join(', ')}); the first is read, and "frame" chooses another.`,
    );
  }
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
