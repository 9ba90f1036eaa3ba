/**
 * Of the npm readers geotiff 3 was tried instead: it reads some files wrong without a word (floats of big endian with a predictor, the
 * last bit first, YCbCr), is not bounded by the file's size, follows a loop of pages for ever and takes 1.5 to 4 times as long.
 */
import { endianness } from 'node:os';
import { UserError } from '../errors';
import { codestreamSize } from './codestream';
import { asShown } from './exif';
import { decodeJpeg } from './jpeg';
import { checkDimensions, checkPlausible } from './limits';
import { pictureFormat, pictureFromPalette, pictureVolume, unpackBits } from './picture';
import { reasonOf } from './reason';
import type { ReadChoice } from './format';
import { compressionNames, unpack, unpacked } from './tiff-compression';
import { readDirectories, tags, type Directory } from './tiff-directory';
import type { Volume } from './volume';

export const tiff = pictureFormat({
  names: ['tiff'],
  titles: ['TIFF'],
  extensions: ['tif', 'tiff'],
  is: (bytes) =>
    (bytes[0] === 0x49 && bytes[1] === 0x49 && isVersion(bytes[2], bytes[3])) ||
    (bytes[0] === 0x4d && bytes[1] === 0x4d && isVersion(bytes[3], bytes[2])),
  decode: readTiff,
});

/** 42, and 43 of BigTIFF. */
const isVersion = (low: number, high: number) => (low === 42 || low === 43) && high === 0;

const jpegCompression = 7;

/**
 * A TIFF or BigTIFF: grey, colour or palette; integers of 1 to 32 bits or floats of 16 to 64; in strips or tiles,
 * interleaved or in planes; uncompressed, LZW, Deflate, PackBits or JPEG; the way up in which its orientation says. Several
 * pages of one size and kind are the slices of a volume, unless a frame is asked for; reduced copies and masks of a page
 * are passed over. Alpha is dropped.
 */
function readTiff(path: string, bytes: Uint8Array, { frame }: ReadChoice): Volume {
  try {
    const { littleEndian, pages } = readDirectories(bytes);
    // Bit 0: a reduced copy of another page; bit 2: where another page is opaque.
    const whole = pages.filter((page) => ((page.get(tags.subfile)?.[0] ?? 0) & 5) === 0);
    if (whole.length === 0) throw new Error('it has no page');
    if (frame !== undefined && !(frame < whole.length))
      throw new UserError(
        `${path}: page ${frame} was asked for; it has the pages 0 to ${whole.length - 1}.`,
      );
    const chosen = frame === undefined ? whole : [whole[frame]];
    const layouts = chosen.map((page) => layoutOf(path, page));
    checkDimensions(path, [layouts[0].columns, layouts[0].rows, layouts.length]);
    const volumes = layouts.map((layout) => pageVolume(path, bytes, layout, littleEndian));
    return volumes.length === 1 ? volumes[0] : pagesVolume(path, volumes);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${path} is a TIFF file that is truncated, damaged or of an unusual kind (${reasonOf(error)}).`,
    );
  }
}

/** Pages as the slices of a volume. @throws UserError where they differ in size or kind */
function pagesVolume(path: string, pages: readonly Volume[]): Volume {
  const [head] = pages;
  const [columns, rows] = head.shape;
  const { channels } = head;
  const kindOf = (page: Volume) =>
    `${page.shape[0]} x ${page.shape[1]} ${page.dtype} with ${page.channels} channels`;
  pages.forEach((page, n) => {
    if (kindOf(page) !== kindOf(head) || (page.marks === undefined) !== (head.marks === undefined))
      throw new UserError(
        `${path} has ${pages.length} pages that are no volume, the first being ${kindOf(head)} and page ${n} ${kindOf(page)}; "frame" chooses one, from 0 ("labelFrame" of labels, --frame of "meddistill score").`,
      );
  });
  const pixels = columns * rows;
  const count = pages.length;
  const data = new (head.data.constructor as new (length: number) => Volume['data'])(
    count * pixels * channels,
  );
  const marks = head.marks && new Uint16Array(count * pixels);
  pages.forEach((page, k) => {
    for (let c = 0; c < channels; c++)
      data.set(page.data.subarray(c * pixels, (c + 1) * pixels), (c * count + k) * pixels);
    marks?.set(page.marks!, k * pixels);
  });
  const warnings = [...new Set(pages.flatMap((page) => page.warnings ?? []))];
  return {
    ...head,
    shape: [columns, rows, count],
    data,
    ...(marks && { marks }),
    ...(warnings.length > 0 && { warnings }),
  };
}

type SampleKind = 'uint' | 'int' | 'float';

/** How the samples of a page are stored. */
interface PageLayout {
  columns: number;
  rows: number;
  bits: number;
  kind: SampleKind;
  samplesPerPixel: number;
  compression: number;
  photometric: number;
  predictor: number;
  /** True where each sample of a pixel lies in a plane of its own. */
  planes: boolean;
  /** True where the last bit of a byte comes first. */
  lowBitsFirst: boolean;
  /** Of a strip or a tile. */
  blockColumns: number;
  blockRows: number;
  offsets: number[];
  lengths: number[];
  palette: number[][] | null;
  jpegTables: Uint8Array | null;
  alpha: boolean;
  orientation: number;
}

/** @throws UserError for what is not read, by its name */
function layoutOf(path: string, page: Directory): PageLayout {
  const one = (name: string, tag: number, missing?: number): number => {
    const values = page.get(tag) ?? (missing === undefined ? [] : [missing]);
    if (values.length !== 1)
      throw new UserError(`${path}: the TIFF's ${name} is not one number; the file is damaged.`);
    return values[0];
  };
  const columns = one('width', tags.columns);
  const rows = one('height', tags.rows);
  const samplesPerPixel = one('samples per pixel', tags.samplesPerPixel, 1);
  const compression = one('compression', tags.compression, 1);
  const photometric = one('photometric interpretation', tags.photometric, 1);
  checkDimensions(path, [columns, rows, samplesPerPixel]);
  const bitsOf = page.get(tags.bits) ?? [1];
  const formats = page.get(tags.sampleFormat) ?? [1];
  const [bits] = bitsOf;
  const kind = ({ 1: 'uint', 2: 'int', 3: 'float', 4: 'uint' } as const)[formats[0]];
  const allowed = { uint: [1, 2, 4, 8, 16, 32], int: [8, 16, 32], float: [16, 32, 64] };
  if (bitsOf.some((b) => b !== bits) || formats.some((f) => f !== formats[0]))
    throw new UserError(
      `${path}: a TIFF whose samples differ within a pixel (${[...bitsOf.slice(0, 4), ...(bitsOf.length > 4 ? ['...'] : [])].join(', ')} bits) is not read.`,
    );
  if (!kind || !allowed[kind].includes(bits) || (samplesPerPixel > 1 && bits < 8))
    throw new UserError(
      `${path}: a TIFF with ${samplesPerPixel} samples a pixel of ${bits} bits in the sample format ${formats[0]} is not read.`,
    );
  if (compression !== jpegCompression && !unpacked.includes(compression))
    throw new UserError(
      `${path}: a TIFF of the compression ${compressionNames[compression] ?? compression} is not read; LZW, Deflate, PackBits and JPEG are.`,
    );
  const colours = { 0: 1, 1: 1, 2: 3, 3: 1, 6: compression === jpegCompression ? 3 : 0 }[
    photometric
  ];
  if (!colours || colours > samplesPerPixel)
    throw new UserError(
      `${path}: a TIFF of the photometric interpretation ${photometric} with ${samplesPerPixel} samples a pixel is not read; grey, RGB and palettes are, and YCbCr in JPEG.`,
    );
  const tiled = page.has(tags.tileOffsets);
  const blockColumns = tiled ? one('tile width', tags.tileColumns) : columns;
  const blockRows = tiled
    ? one('tile height', tags.tileRows)
    : Math.min(one('rows per strip', tags.rowsPerStrip, rows), rows);
  checkDimensions(path, [blockColumns, blockRows, samplesPerPixel]);
  const offsets = page.get(tiled ? tags.tileOffsets : tags.stripOffsets) ?? [];
  const colourMap = page.get(tags.palette);
  const tables = page.get(tags.jpegTables);
  const extra = page.get(tags.extraSamples) ?? [];
  return {
    columns,
    rows,
    bits,
    kind,
    samplesPerPixel,
    compression,
    photometric,
    predictor: one('predictor', tags.predictor, 1),
    planes: samplesPerPixel > 1 && one('planar configuration', tags.planar, 1) === 2,
    lowBitsFirst: one('fill order', tags.fillOrder, 1) === 2,
    blockColumns,
    blockRows,
    offsets,
    lengths: page.get(tiled ? tags.tileBytes : tags.stripBytes) ?? [],
    palette: photometric === 3 && colourMap ? paletteOf(colourMap) : null,
    jpegTables: tables ? Uint8Array.from(tables) : null,
    // 1 and 2: opacity; others state no meaning.
    alpha: extra.length > 0 && (extra.at(-1) === 1 || extra.at(-1) === 2),
    orientation: one('orientation', tags.orientation, 1),
  };
}

/** Colours of 8 bits, from all reds, greens and blues of 16. */
function paletteOf(values: readonly number[]): number[][] {
  const count = Math.floor(values.length / 3);
  // Some writers fill the lower byte only.
  const shift = values.some((value) => value > 255) ? 8 : 0;
  return Array.from({ length: count }, (_, n) =>
    [0, 1, 2].map((c) => values[c * count + n] >> shift),
  );
}

function pageVolume(
  path: string,
  bytes: Uint8Array,
  layout: PageLayout,
  littleEndian: boolean,
): Volume {
  const { columns, rows, bits, kind, samplesPerPixel, palette, photometric, alpha } = layout;
  const size = [columns, rows] as const;
  const samples = samplesOf(path, bytes, layout, littleEndian);
  if (palette)
    return turned(pictureFromPalette(path, 'tiff', size, samples, palette), layout.orientation);
  // 0: white is the least sample.
  if (photometric === 0 && kind === 'uint') {
    const greatest = 2 ** bits - 1;
    for (let n = 0; n < samples.length; n++) samples[n] = greatest - samples[n];
  }
  const picture = pictureVolume(path, 'tiff', size, samples, {
    channels: samplesPerPixel >= 3 && photometric !== 0 && photometric !== 1 ? 3 : 1,
    stride: samplesPerPixel,
    alpha,
    dtype: bits === 1 ? 'bool' : `${kind}${Math.max(bits, 8)}`,
  });
  if (photometric === 0 && kind === 'uint' && bits > 1)
    picture.warnings = [
      ...(picture.warnings ?? []),
      `${path} is stored with white as its least sample and read as it is shown; labels stored so are turned round.`,
    ];
  return turned(picture, layout.orientation);
}

const turned = (picture: Volume, orientation: number) =>
  asShown(picture, orientation, 'TIFF orientation');

/** The samples of a page, [row][column][sample]. @throws UserError and Error where they are not there, or damaged */
function samplesOf(
  path: string,
  bytes: Uint8Array,
  layout: PageLayout,
  littleEndian: boolean,
): Volume['data'] {
  const { columns, rows, samplesPerPixel, planes, blockColumns, blockRows, compression } = layout;
  const { bits, kind, offsets, lengths } = layout;
  const needed = Math.ceil((columns * rows * samplesPerPixel * bits) / 8);
  checkPlausible(path, bytes.length, needed, ratioOf(compression));
  const stride = planes ? 1 : samplesPerPixel;
  const across = Math.ceil(columns / blockColumns);
  const down = Math.ceil(rows / blockRows);
  const perPlane = across * down;
  const blocks = perPlane * (planes ? samplesPerPixel : 1);
  if (offsets.length < blocks) throw new UserError(`${path} is a truncated TIFF file.`);
  const out = emptySamples(kind, bits, columns * rows * samplesPerPixel);
  for (let block = 0; block < blocks; block++) {
    const plane = Math.floor(block / perPlane);
    const x = (block % across) * blockColumns;
    const y = Math.floor((block % perPlane) / across) * blockRows;
    const height = Math.min(blockRows, rows - y);
    const width = Math.min(blockColumns, columns - x);
    // The last strip may be short; a tile never is.
    const storedRows = across === 1 && blockColumns === columns ? height : blockRows;
    const end = lengths[block] === undefined ? bytes.length : offsets[block] + lengths[block];
    if (end > bytes.length || offsets[block] >= end)
      throw new UserError(`${path} is a truncated TIFF file.`);
    const packed = bytes.subarray(offsets[block], end);
    const samples =
      compression === jpegCompression
        ? jpegBlock(path, packed, layout, stride)
        : blockSamples(path, packed, layout, storedRows, stride, littleEndian);
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++)
        for (let s = 0; s < stride; s++)
          out[((y + row) * columns + x + column) * samplesPerPixel + plane + s] =
            samples[(row * blockColumns + column) * stride + s];
  }
  return out;
}

/** How many bytes a stored one can stand for at most. */
const ratioOf = (compression: number) => (compression === 1 ? 1 : 4096);

function emptySamples(kind: SampleKind, bits: number, length: number): Volume['data'] {
  if (kind === 'float') return bits === 64 ? new Float64Array(length) : new Float32Array(length);
  if (bits <= 8) return kind === 'int' ? new Int8Array(length) : new Uint8Array(length);
  if (bits === 16) return kind === 'int' ? new Int16Array(length) : new Uint16Array(length);
  return kind === 'int' ? new Int32Array(length) : new Uint32Array(length);
}

/** A strip or a tile that is a JPEG stream, whose tables may stand apart, as [row][column][stride]. */
function jpegBlock(
  path: string,
  packed: Uint8Array,
  { jpegTables, photometric, blockColumns, blockRows }: PageLayout,
  stride: number,
): ArrayLike<number> {
  // Both begin with a start and end with an end of image, of which one each is too many.
  const stream =
    jpegTables && jpegTables.length > 4
      ? Uint8Array.from([...jpegTables.subarray(0, -2), ...packed.subarray(2)])
      : packed;
  const size = codestreamSize(stream);
  if (size?.columns !== blockColumns || size.rows > blockRows || size.components !== stride)
    throw new Error('a JPEG block is not of the size that the directory states');
  const { data, components } = decodeJpeg(path, stream, photometric === 2);
  if (components === 3) return data;
  return Uint8Array.from({ length: data.length / 3 }, (_, n) => data[3 * n]);
}

/** The samples of a strip or a tile, [row][column][stride]. */
function blockSamples(
  path: string,
  packed: Uint8Array,
  { compression, blockColumns, bits, kind, predictor, lowBitsFirst }: PageLayout,
  storedRows: number,
  stride: number,
  littleEndian: boolean,
): ArrayLike<number> {
  const perRow = blockColumns * stride;
  const rowBytes = Math.ceil((perRow * bits) / 8);
  const straight = lowBitsFirst ? packed.map(reversedBits) : packed;
  checkPlausible(path, packed.length, rowBytes * storedRows, ratioOf(compression));
  const content = unpack(compression, straight, rowBytes * storedRows);
  if (content.length < rowBytes * storedRows) throw new Error('a strip or a tile is cut short');
  if (bits < 8) return unpackBits(content, perRow, storedRows, bits);
  // A copy, which its buffer holds alone and whose bytes may be changed.
  const raw = content.slice();
  if (predictor === 3) restoreFloats(raw, storedRows, perRow, stride, bits / 8, littleEndian);
  const view = new DataView(raw.buffer);
  const swap = bits > 8 && littleEndian !== (endianness() === 'LE');
  const count = storedRows * perRow;
  const samples = emptySamples(kind, bits, count);
  if (kind === 'float' && bits === 16)
    for (let n = 0; n < count; n++) samples[n] = halfFloat(view.getUint16(2 * n, littleEndian));
  else {
    if (swap)
      for (let at = 0; at < raw.length; at += bits / 8) raw.subarray(at, at + bits / 8).reverse();
    new Uint8Array(samples.buffer).set(raw);
  }
  // Each sample was stored as its difference to the pixel before; the arrays wrap as the differences did.
  if (predictor === 2)
    for (let row = 0; row < storedRows; row++)
      for (let n = row * perRow + stride; n < (row + 1) * perRow; n++)
        samples[n] += samples[n - stride];
  return samples;
}

/** Undoes the predictor of floats: bytes by significance, highest first, each a difference to the one before. */
function restoreFloats(
  raw: Uint8Array,
  rows: number,
  perRow: number,
  stride: number,
  size: number,
  littleEndian: boolean,
): void {
  const rowBytes = perRow * size;
  for (let row = 0; row < rows; row++) {
    const line = raw.slice(row * rowBytes, (row + 1) * rowBytes);
    for (let n = stride; n < rowBytes; n++) line[n] += line[n - stride];
    for (let n = 0; n < perRow; n++)
      for (let b = 0; b < size; b++) {
        const place = littleEndian ? size - 1 - b : b;
        raw[row * rowBytes + n * size + place] = line[b * perRow + n];
      }
  }
}

/** The number that the 16 bits of a half float stand for (IEEE 754 binary16). */
function halfFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * 2 ** -24 * fraction;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

function reversedBits(byte: number): number {
  let out = 0;
  for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) out |= 128 >> bit;
  return out;
}
