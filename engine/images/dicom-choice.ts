/** Which of the images in a folder make the volume: images are grouped to stacks, of which one is chosen. */
import { LinearRegExp, quoted } from '../linear-regexp';
import { UserError } from '../errors';
import { naturalOrder } from '../lists';
import { dot, type DicomFrame, type DicomImage } from './dicom-file';

/** Images of one series, size, colour and direction. */
interface Stack {
  images: DicomImage[];
  /** Slices in all of its images. */
  slices: number;
  /** Where a series UID names several stacks: which of them, from 1; the fullest comes first. */
  part: number | null;
}

/** Directions may differ by as much from slice to slice: rounding and the drift of some scanners, not another plane. */
const sameDirection = Math.cos(Math.PI / 180);

/** True for frames that lie in one plane's direction, or that both state none. */
export function inOneDirection(
  { orientation: a }: Pick<DicomFrame, 'orientation'>,
  { orientation: b }: Pick<DicomFrame, 'orientation'>,
): boolean {
  if (!a || !b) return a === b;
  return (
    dot(a.alongRow, b.alongRow) >= sameDirection &&
    dot(a.alongColumn, b.alongColumn) >= sameDirection
  );
}

/** True for a file that is no volume, since its frames lie in several directions. */
const isMixed = ({ frames }: DicomImage) =>
  !frames.every((frame) => inOneDirection(frame, frames[0]));

/**
 * The images of one stack: of the series that `wanted` names, or of the only one. Of several stacks under one series UID
 * that without the scouts is taken, and a warning names these.
 * @throws UserError where none or several are named, and for a file whose frames lie in several directions
 */
export function chooseStack(
  folder: string,
  images: DicomImage[],
  wanted: string | undefined,
  warnings: string[],
): DicomImage[] {
  const stacks = stacksOf(images);
  const matching = wanted === undefined ? stacks : named(stacks, wanted);
  const described = (some: Stack[]) =>
    some.map((stack) => describe(stack, stacks)).sort(naturalOrder);
  const chosen = matching.length === 1 ? matching[0] : withoutScouts(matching);
  if (!chosen) {
    const listed = described(matching.length === 0 ? stacks : matching).join('; ');
    const all = described(stacks).join('; ');
    throw new UserError(
      wanted === undefined
        ? `${folder} holds ${stacks.length} DICOM series, of which "series" must choose one: ${listed}.`
        : matching.length === 0
          ? `${folder} holds no DICOM series "${wanted}"; it holds: ${listed}.`
          : `${folder} holds ${matching.length} DICOM series "${wanted}", of which "series" must choose one by its number or UID: ${all}.`,
    );
  }
  for (const scout of matching)
    if (scout !== chosen)
      warnings.push(
        `${folder}: ${describe(scout, stacks)}, as ${scout.images[0].path}, is taken for a scout and left out; "series" reads it by "${selectorOf(scout, stacks)}".`,
      );
  const mixed = chosen.images.find(isMixed);
  if (mixed)
    throw new UserError(
      `${mixed.path}: its ${mixed.frames.length} frames do not lie in one direction, as those of a localizer, so that they make no volume.`,
    );
  return chosen.images;
}

function stacksOf(images: DicomImage[]): Stack[] {
  const stacks: { key: string; images: DicomImage[] }[] = [];
  for (const image of images) {
    const { seriesUid, layout, localizer, frames } = image;
    const { rows, columns, samplesPerPixel } = layout;
    const key = JSON.stringify([seriesUid, rows, columns, samplesPerPixel, localizer]);
    const like = stacks.find(
      (stack) =>
        stack.key === key &&
        !isMixed(image) &&
        !isMixed(stack.images[0]) &&
        inOneDirection(stack.images[0].frames[0], frames[0]),
    );
    if (like) like.images.push(image);
    else stacks.push({ key, images: [image] });
  }
  const counted = stacks
    .map(({ images: own }) => ({
      images: own,
      slices: own.reduce((sum, { frames }) => sum + frames.length, 0),
    }))
    .sort((a, b) => b.slices - a.slices || naturalOrder(a.images[0].path, b.images[0].path));
  return counted.map((stack) => {
    const siblings = counted.filter((other) => uidOf(other) === uidOf(stack));
    return { ...stack, part: siblings.length > 1 ? siblings.indexOf(stack) + 1 : null };
  });
}

const uidOf = ({ images: [{ seriesUid }] }: Pick<Stack, 'images'>) => seriesUid;

/**
 * The stack that is no scout, of some under one series UID; null where it is not clear. Scouts say so, lie in several
 * directions in one file, or are few beside the others.
 */
function withoutScouts(stacks: Stack[]): Stack | null {
  if (stacks.length === 0 || stacks.some((stack) => uidOf(stack) !== uidOf(stacks[0]))) return null;
  const isScout = ({ images: [image] }: Stack) => image.localizer || isMixed(image);
  const [fullest] = [...stacks.filter((stack) => !isScout(stack)), ...stacks];
  const few = ({ slices }: Stack) =>
    2 * slices <= fullest.slices && slices <= Math.max(3, fullest.slices / 10);
  return stacks.every((stack) => stack === fullest || isScout(stack) || few(stack))
    ? fullest
    : null;
}

/** Stacks of a number, UID or description, or, followed by a slash, the one of that part. */
function named(stacks: Stack[], wanted: string): Stack[] {
  const whole = stacks.filter((stack) => isNamed(stack, wanted));
  const part = /^(.+)\/(\d+)$/.exec(wanted);
  if (whole.length > 0 || !part) return whole;
  return stacks.filter((stack) => stack.part === Number(part[2]) && isNamed(stack, part[1]));
}

function isNamed({ images: [image] }: Stack, wanted: string): boolean {
  const { seriesUid, seriesNumber, description } = image;
  if (wanted === seriesUid || wanted === seriesNumber) return true;
  const expression = wanted.split('*').map(quoted).join('.*');
  return new LinearRegExp(`^${expression}$`, { ignoreCase: true }).test(description);
}

/** By which `series` names this stack alone. */
function selectorOf(stack: Stack, stacks: Stack[]): string {
  const [{ seriesNumber, seriesUid }] = stack.images;
  const isOwn =
    seriesNumber !== '' &&
    stacks.every(
      (other) => uidOf(other) === seriesUid || other.images[0].seriesNumber !== seriesNumber,
    );
  return `${isOwn ? seriesNumber : seriesUid}${stack.part === null ? '' : `/${stack.part}`}`;
}

/** `number 4 "T2 SPIR" (MR, 30 images of 256 x 256)` */
function describe(stack: Stack, stacks: Stack[]): string {
  const [{ seriesNumber, description, modality, layout, localizer }] = stack.images;
  const { slices } = stack;
  const selector = selectorOf(stack, stacks);
  const isNumber = seriesNumber !== '' && selector.split('/')[0] === seriesNumber;
  return `${isNumber ? 'number' : 'UID'} ${selector}${description === '' ? '' : ` "${description}"`} (${modality || 'unknown modality'}${localizer ? ' localizer' : ''}, ${slices} ${slices === 1 ? 'image' : 'images'} of ${layout.columns} x ${layout.rows})`;
}
