import { endianness } from 'node:os';
import { inflateRawSync, constants } from 'node:zlib';
import {
  createJPEGBasicOffsetTable,
  parseDicom,
  readEncapsulatedImageFrame,
  readEncapsulatedPixelDataFromFragments,
  readPart10Header,
  type DataSet,
  type Element,
} from 'dicom-parser';
import { UserError } from '../errors';
import { decodeFrame, isCompressed, type FrameLayout } from './dicom-codec';
import { checkDimensions, checkPlausible } from './limits';
import { reasonOf } from './reason';

export type Vector = [x: number, y: number, z: number];

export const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

/** One slice of a DICOM file, in the patient's coordinates: LPS+, mm. Null: the file does not say. */
export interface DicomFrame {
  /** Centre of the first pixel. */
  position: Vector | null;
  /** Directions in which columns and rows are counted. */
  orientation: { alongRow: Vector; alongColumn: Vector } | null;
  /** Along an axis that is not known, as the file states it: what orders slices that have no position. */
  location: number | null;
  /** Distance of rows and of columns. */
  pixelSpacing: [row: number, column: number] | null;
  /** Distance of slices as stated, or their thickness. */
  sliceSpacing: number | null;
  /** stored * slope + intercept */
  slope: number;
  intercept: number;
  /** What may tell it from another slice at the same position, by the attribute's name. */
  variant: Record<string, string>;
}

/** What a DICOM file states about its image. */
export interface DicomImage {
  path: string;
  instanceUid: string;
  seriesUid: string;
  seriesNumber: string;
  description: string;
  modality: string;
  instanceNumber: number | null;
  /** A scout view. */
  localizer: boolean;
  transferSyntax: string;
  layout: FrameLayout & { highBit: number };
  frames: DicomFrame[];
}

const implicitLittle = '1.2.840.10008.1.2';
const explicitLittle = '1.2.840.10008.1.2.1';
const deflated = '1.2.840.10008.1.2.1.99';
const explicitBig = '1.2.840.10008.1.2.2';
const uncompressed = [implicitLittle, explicitLittle, deflated, explicitBig];

/** A deflated data set may grow to this multiple of its file, or to this many bytes: far beyond any image's own ratio. */
const inflateRatio = 64;
const inflateLeast = 2 ** 26;

const hasPreamble = (bytes: Uint8Array) =>
  bytes.length > 132 && String.fromCharCode(...bytes.subarray(128, 132)) === 'DICM';

/** A data set without preamble begins with group 8, explicit or implicit, little endian. */
function startsAsDataSet(bytes: Uint8Array): 'explicit' | 'implicit' | null {
  if (bytes.length < 16 || bytes[0] !== 8 || bytes[1] !== 0 || bytes[3] !== 0) return null;
  if (/^[A-Z]{2}$/.test(String.fromCharCode(bytes[4], bytes[5]))) return 'explicit';
  return bytes[6] === 0 && bytes[7] === 0 ? 'implicit' : null;
}

/** True for bytes that begin as a DICOM file does, with its preamble or without. */
export const isDicom = (bytes: Uint8Array): boolean =>
  hasPreamble(bytes) || startsAsDataSet(bytes) !== null;

/** The data set and its transfer syntax; up to the pixels where `pixels` is false, for which a file's beginning is enough. */
function parse(
  path: string,
  bytes: Uint8Array,
  pixels: boolean,
): { dataSet: DataSet; transferSyntax: string } {
  const untilTag = pixels ? undefined : 'x7fe00010';
  try {
    if (!hasPreamble(bytes)) {
      const TransferSyntaxUID =
        startsAsDataSet(bytes) === 'explicit' ? explicitLittle : implicitLittle;
      return {
        dataSet: parseDicom(bytes, { TransferSyntaxUID, untilTag }),
        transferSyntax: TransferSyntaxUID,
      };
    }
    const meta = readPart10Header(bytes.subarray(0, metaEnd(bytes)));
    // Many a careless writer leaves it out; the default of the standard is meant then.
    const transferSyntax = meta.string('x00020010') ?? implicitLittle;
    if (transferSyntax !== deflated)
      return {
        dataSet: parseDicom(bytes, {
          untilTag,
          ...(meta.elements['x00020010'] ? {} : { TransferSyntaxUID: transferSyntax }),
        }),
        transferSyntax,
      };
    const inflated = inflateRawSync(bytes.subarray(metaEnd(bytes)), {
      maxOutputLength: Math.max(inflateLeast, inflateRatio * bytes.length),
      // Of a file's beginning, what there is.
      finishFlush: pixels ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
    });
    return {
      dataSet: parseDicom(new Uint8Array(inflated), {
        TransferSyntaxUID: explicitLittle,
        untilTag,
      }),
      transferSyntax,
    };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
        ? `${path}: its deflated data set grows beyond ${inflateRatio} times the file's size, which no image does.`
        : `${path} is a truncated or damaged DICOM file (${reasonOf(error)}).`,
    );
  }
}

/** Where the file meta information ends. */
function metaEnd(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stated =
    bytes.length >= 144 && view.getUint32(132, true) === 2 ? 144 + view.getUint32(140, true) : 0;
  return stated > 144 && stated < bytes.length ? stated : bytes.length;
}

const printable = (text: string | undefined) => (text ?? '').replace(/[^\x20-\x7e\xa0-\xff]/g, '');

/** Numbers of a decimal string; null unless there are `count` finite ones. */
function decimals(dataSet: DataSet | undefined, tag: string, count: number): number[] | null {
  const text = dataSet?.string(tag);
  const values = text?.split('\\').map(Number) ?? [];
  return values.length >= count && values.slice(0, count).every(Number.isFinite)
    ? values.slice(0, count)
    : null;
}

/** Attributes by which slices at one position differ: name, tag, and how it is read. */
const variantTags: readonly (readonly [string, string, 'text' | 'double'])[] = [
  ['Acquisition Number', 'x00200012', 'text'],
  ['Temporal Position Identifier', 'x00200100', 'text'],
  ['Echo Time', 'x00180081', 'text'],
  ['Echo Numbers', 'x00180086', 'text'],
  ['Inversion Time', 'x00180082', 'text'],
  ['Trigger Time', 'x00181060', 'text'],
  ['Diffusion b-value', 'x00189087', 'double'],
  ['Image Type', 'x00080008', 'text'],
  ['Acquisition Time', 'x00080032', 'text'],
];

function variantOf(dataSet: DataSet): Record<string, string> {
  const variant: Record<string, string> = {};
  for (const [name, tag, kind] of variantTags) {
    const value = kind === 'double' ? dataSet.double(tag) : dataSet.string(tag);
    if (value !== undefined && value !== '') variant[name] = printable(String(value));
  }
  return variant;
}

/**
 * What a DICOM file states about its image: null where it holds none (a report, a directory, a structure set).
 * `start` is the file or its beginning, `size` the length of the whole.
 * @throws UserError for a damaged file, and for pixels of a kind that is not read
 */
export function readDicomHeader(path: string, start: Uint8Array, size: number): DicomImage | null {
  const { dataSet, transferSyntax } = parse(path, start, false);
  try {
    return describe(path, dataSet, transferSyntax, size);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} is a truncated or damaged DICOM file (${reasonOf(error)}).`);
  }
}

function describe(
  path: string,
  dataSet: DataSet,
  transferSyntax: string,
  size: number,
): DicomImage | null {
  if (!dataSet.elements['x7fe00010']) {
    if (dataSet.elements['x7fe00008'] || dataSet.elements['x7fe00009'])
      throw new UserError(`${path}: DICOM pixels stored as floats are not read; integers are.`);
    return null;
  }
  if (!uncompressed.includes(transferSyntax) && !isCompressed(transferSyntax))
    throw new UserError(
      `${path}: the DICOM transfer syntax ${printable(transferSyntax)} is not read; uncompressed, deflated, RLE, JPEG, JPEG-LS and JPEG 2000 ones are.`,
    );
  const layout = {
    rows: dataSet.uint16('x00280010') ?? 0,
    columns: dataSet.uint16('x00280011') ?? 0,
    samplesPerPixel: dataSet.uint16('x00280002') ?? 1,
    bitsAllocated: dataSet.uint16('x00280100') ?? 0,
    bitsStored: dataSet.uint16('x00280101') ?? dataSet.uint16('x00280100') ?? 0,
    highBit: dataSet.uint16('x00280102') ?? -1,
    pixelRepresentation: dataSet.uint16('x00280103') ?? 0,
    planarConfiguration: dataSet.uint16('x00280006') ?? 0,
    photometricInterpretation: printable(dataSet.string('x00280004')) || 'MONOCHROME2',
  };
  checkLayout(path, layout, transferSyntax);
  const count = Number(dataSet.string('x00280008') ?? 1);
  checkDimensions(path, [layout.columns, layout.rows, count, layout.samplesPerPixel]);
  // A compressed frame is at least an item header long.
  const perFrame = isCompressed(transferSyntax)
    ? 8
    : (layout.rows * layout.columns * layout.samplesPerPixel * layout.bitsAllocated) / 8;
  checkPlausible(path, size, count * perFrame, transferSyntax === deflated ? undefined : 1);
  if (dataSet.elements['x00283000'] && dataSet.string('x00281053') === undefined)
    throw new UserError(
      `${path}: its samples become values by a look-up table, which is not read; a slope and an intercept are.`,
    );
  return {
    path,
    instanceUid: printable(dataSet.string('x00080018')),
    seriesUid: printable(dataSet.string('x0020000e')),
    seriesNumber: printable(dataSet.string('x00200011')),
    description: printable(dataSet.string('x0008103e') ?? dataSet.string('x00181030')),
    modality: printable(dataSet.string('x00080060')),
    instanceNumber: decimals(dataSet, 'x00200013', 1)?.[0] ?? null,
    localizer: /LOCALIZER/.test(dataSet.string('x00080008') ?? ''),
    transferSyntax,
    layout,
    frames: placedOneByOne(
      dataSet,
      Array.from({ length: count }, (_, frame) => frameOf(path, dataSet, frame)),
    ),
  };
}

/**
 * The frames of a file that states the position of the first one alone, each at its own: by the offsets of all (Grid Frame
 * Offset Vector), or by the distance between them (Spacing Between Slices). Frames that follow each other in time stay.
 */
function placedOneByOne(dataSet: DataSet, frames: DicomFrame[]): DicomFrame[] {
  const [{ position, orientation: directions }] = frames;
  const isGrouped = dataSet.elements['x52009230'] ?? dataSet.elements['x52009229'];
  if (frames.length === 1 || isGrouped || !position || !directions || isInTime(dataSet))
    return frames;
  const normal = cross(directions.alongRow, directions.alongColumn);
  const stated = decimals(dataSet, 'x3004000c', frames.length);
  const between = decimals(dataSet, 'x00180088', 1)?.[0] ?? 0;
  if (!stated && between === 0) return frames;
  // Offsets that do not begin with 0 are the frames' own places along z.
  const alongZ = stated !== null && stated[0] !== 0;
  return frames.map((frame, n) => {
    const offset = stated ? stated[n] - stated[0] : n * between;
    const step: Vector = alongZ ? [0, 0, offset] : (normal.map((v) => v * offset) as Vector);
    return { ...frame, position: position.map((v, axis) => v + step[axis]) as Vector };
  });
}

/** True where Frame Increment Pointer names Frame Time or Frame Time Vector. */
function isInTime(dataSet: DataSet): boolean {
  const group = dataSet.uint16('x00280009', 0);
  const element = dataSet.uint16('x00280009', 1);
  return group === 0x0018 && (element === 0x1063 || element === 0x1065);
}

function checkLayout(path: string, layout: DicomImage['layout'], transferSyntax: string): void {
  const { bitsAllocated, bitsStored, samplesPerPixel, photometricInterpretation } = layout;
  layout.highBit = layout.highBit < 0 ? bitsStored - 1 : layout.highBit;
  if (![8, 16, 32].includes(bitsAllocated))
    throw new UserError(
      `${path}: DICOM pixels with ${bitsAllocated} bits allocated; 8, 16 and 32 are read.`,
    );
  if (bitsStored < 1 || layout.highBit >= bitsAllocated || layout.highBit + 1 < bitsStored)
    throw new UserError(
      `${path}: the header states ${bitsStored} bits stored up to bit ${layout.highBit} of ${bitsAllocated}, which do not fit.`,
    );
  const grey = samplesPerPixel === 1 && /^MONOCHROME[12]$/.test(photometricInterpretation);
  // Decoders give RGB; without one, YBR of full resolution is converted here.
  const colour =
    samplesPerPixel === 3 &&
    bitsAllocated === 8 &&
    (isCompressed(transferSyntax)
      ? /^(RGB|YBR_(FULL|FULL_422|ICT|RCT))$/
      : /^(RGB|YBR_FULL)$/
    ).test(photometricInterpretation);
  if (!grey && !colour)
    throw new UserError(
      `${path}: DICOM pixels of the kind ${photometricInterpretation} with ${samplesPerPixel} samples of ${bitsAllocated} bits are not read; grey ones and 8-bit colours are.`,
    );
}

/** Geometry and scaling of one frame: from the functional groups of a multi-frame file, or from the data set itself. */
function frameOf(path: string, dataSet: DataSet, frame: number): DicomFrame {
  const groups = [
    dataSet.elements['x52009230']?.items?.[frame]?.dataSet,
    dataSet.elements['x52009229']?.items?.[0]?.dataSet,
  ];
  /** The first of the groups that has a macro, or the data set itself. */
  const macro = (tag: string): DataSet =>
    groups
      .map((group) => group?.elements[tag]?.items?.[0]?.dataSet)
      .find((found) => found !== undefined) ?? dataSet;
  // Nuclear medicine states the place of its frames with its only detector.
  const detectors = dataSet.elements['x00540022']?.items ?? [];
  const detector = detectors.length === 1 ? detectors[0].dataSet : undefined;
  const position = (decimals(macro('x00209113'), 'x00200032', 3) ??
    decimals(detector, 'x00200032', 3)) as Vector | null;
  const directions =
    decimals(macro('x00209116'), 'x00200037', 6) ?? decimals(detector, 'x00200037', 6);
  const measures = macro('x00289110');
  const transformation = macro('x00289145');
  const spacing = (decimals(measures, 'x00280030', 2) ??
    decimals(dataSet, 'x00181164', 2)) as DicomFrame['pixelSpacing'];
  if (spacing?.some((mm) => !(mm > 0)))
    throw new UserError(
      `${path}: the header states a pixel spacing of ${spacing.join(' x ')} mm; both must be above 0.`,
    );
  const slope = decimals(transformation, 'x00281053', 1)?.[0] ?? 1;
  const between = decimals(measures, 'x00180088', 1) ?? decimals(measures, 'x00180050', 1);
  const content = macro('x00209111');
  const variant = variantOf(dataSet);
  if (content !== dataSet) {
    const index = content.uint32('x00209128');
    if (index !== undefined) variant['Temporal Position Index'] = String(index);
    const echo = macro('x00189114').double('x00189082');
    if (echo !== undefined) variant['Effective Echo Time'] = String(echo);
    const diffusion = macro('x00189117');
    if (diffusion !== dataSet) Object.assign(variant, variantOf(diffusion));
  }
  return {
    position,
    orientation: directions && orientation(path, directions),
    location: decimals(dataSet, 'x00201041', 1)?.[0] ?? null,
    pixelSpacing: spacing,
    sliceSpacing: between && Math.abs(between[0]) > 0 ? Math.abs(between[0]) : null,
    slope: slope === 0 ? 1 : slope,
    intercept: decimals(transformation, 'x00281052', 1)?.[0] ?? 0,
    variant,
  };
}

/** Unit vectors from direction cosines, which must be at right angles as far as their rounding goes. */
function orientation(path: string, cosines: number[]): DicomFrame['orientation'] {
  const [alongRow, alongColumn] = [cosines.slice(0, 3), cosines.slice(3, 6)].map((vector) => {
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length) as Vector;
  });
  const dot = alongRow.reduce((sum, value, n) => sum + value * alongColumn[n], 0);
  if (!(Math.abs(dot) < 0.01))
    throw new UserError(
      `${path}: the header's image orientation, ${cosines.join(', ')}, is not of two directions at right angles.`,
    );
  return { alongRow, alongColumn };
}

/** Samples of one frame: stored values, those of MONOCHROME1 inverted, not yet scaled, [row][column] or, in colour, [row][column][RGB]. */
export type DicomSamples =
  Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

/**
 * Opens the pixels of a file whose header was read before; frames are decoded as they are asked for.
 * @throws UserError where pixels are missing or damaged
 */
export function openDicomPixels(
  image: DicomImage,
  bytes: Uint8Array,
): (frame: number) => Promise<DicomSamples> {
  const { path, layout, transferSyntax, frames } = image;
  const { dataSet } = parse(path, bytes, true);
  const element = dataSet.elements['x7fe00010'] as Element | undefined;
  if (!element) throw new UserError(`${path} is a truncated DICOM file.`);
  const samples = layout.rows * layout.columns * layout.samplesPerPixel;
  if (isCompressed(transferSyntax)) {
    const fragments = element.fragments;
    if (!fragments?.length)
      throw new UserError(
        `${path}: its pixels are to be compressed, but no compressed frame is there.`,
      );
    const offsetTable = () =>
      element.basicOffsetTable?.length
        ? element.basicOffsetTable
        : createJPEGBasicOffsetTable(dataSet, element);
    return async (frame) => {
      let stream: Uint8Array;
      try {
        stream =
          frames.length === 1
            ? readEncapsulatedPixelDataFromFragments(dataSet, element, 0, fragments.length)
            : fragments.length === frames.length
              ? readEncapsulatedPixelDataFromFragments(dataSet, element, frame, 1)
              : readEncapsulatedImageFrame(dataSet, element, frame, offsetTable());
      } catch (error) {
        throw new UserError(
          `${path}: frame ${frame + 1} of its compressed pixels is missing or damaged (${reasonOf(error)}).`,
        );
      }
      return toSamples(image, await decodeFrame(path, transferSyntax, stream, layout), true);
    };
  }
  const frameBytes = samples * (layout.bitsAllocated / 8);
  if (element.length < frameBytes * frames.length || element.fragments)
    throw new UserError(
      `${path} is truncated: its header promises ${frameBytes * frames.length} bytes of pixels, but there are ${element.fragments ? 0 : element.length}.`,
    );
  const end = element.dataOffset + frameBytes * frames.length;
  if (end > dataSet.byteArray.length) throw new UserError(`${path} is a truncated DICOM file.`);
  const width = layout.bitsAllocated / 8;
  // Big endian, 8-bit samples come in 16-bit words too.
  const swapped =
    transferSyntax !== explicitBig ? 1 : element.vr === 'OW' ? Math.max(2, width) : width;
  const whole = frameBytes * frames.length;
  const content = dataSet.byteArray.slice(
    element.dataOffset,
    element.dataOffset + whole + (whole % 2),
  );
  if (swapped > 1) {
    const words = Buffer.from(
      content.buffer,
      content.byteOffset,
      content.length - (content.length % swapped),
    );
    if (swapped === 2) words.swap16();
    else words.swap32();
  }
  return (frame) =>
    Promise.resolve(
      toSamples(image, content.slice(frame * frameBytes, (frame + 1) * frameBytes), false),
    );
}

/** Little-endian bytes as samples: the stored bits alone, with their sign; colours interleaved. */
function toSamples({ layout }: DicomImage, raw: Uint8Array, decoded: boolean): DicomSamples {
  const count = layout.rows * layout.columns * layout.samplesPerPixel;
  // A decoder gives as many bytes a sample as its stream has, whatever was allocated.
  const width = raw.length / count;
  const signed = layout.pixelRepresentation === 1;
  const own = raw.byteOffset % width === 0 ? raw : raw.slice();
  if (endianness() === 'BE' && width === 2) Buffer.from(own.buffer).swap16();
  if (endianness() === 'BE' && width === 4) Buffer.from(own.buffer).swap32();
  const at = [own.buffer as ArrayBuffer, own.byteOffset, count] as const;
  const values =
    width === 1
      ? new (signed ? Int8Array : Uint8Array)(...at)
      : width === 2
        ? new (signed ? Int16Array : Uint16Array)(...at)
        : new (signed ? Int32Array : Uint32Array)(...at);
  if (layout.samplesPerPixel === 3) {
    if (!decoded) unplanar(values as Uint8Array, layout);
    return values;
  }
  // Bits beyond the stored ones may hold overlays, or anything.
  const unused = 8 * width - Math.min(layout.bitsStored, 8 * width);
  const shift = decoded ? unused : 8 * width - 1 - layout.highBit;
  if (unused > 0) {
    const up = shift + 32 - 8 * width;
    const down = unused + 32 - 8 * width;
    for (let n = 0; n < count; n++)
      values[n] = signed ? (values[n] << up) >> down : (values[n] << up) >>> down;
  }
  // Where the least is white, they are turned round, so that the greatest is.
  if (layout.photometricInterpretation === 'MONOCHROME1') {
    const ends = signed ? -1 : 2 ** (8 * width - unused) - 1;
    for (let n = 0; n < count; n++) values[n] = ends - values[n];
  }
  return values;
}

/** Uncompressed colours: made interleaved where they are planar, and RGB where they are YBR (ITU-R BT.601, full range). */
function unplanar(values: Uint8Array, layout: FrameLayout): void {
  const pixels = layout.rows * layout.columns;
  const stored = values.slice();
  const [step, plane] = layout.planarConfiguration === 1 ? [1, pixels] : [3, 1];
  for (let n = 0; n < pixels; n++) {
    const [a, b, c] = [0, 1, 2].map((channel) => stored[n * step + channel * plane]);
    const rgb =
      layout.photometricInterpretation === 'RGB'
        ? [a, b, c]
        : [
            a + 1.402 * (c - 128),
            a - 0.344136 * (b - 128) - 0.714136 * (c - 128),
            a + 1.772 * (b - 128),
          ];
    for (let channel = 0; channel < 3; channel++)
      values[3 * n + channel] = Math.min(255, Math.max(0, Math.round(rgb[channel])));
  }
}
