import { inflateSync } from 'node:zlib';
import { decode, encode, hasPngSignature } from 'fast-png';
import { UserError } from '../errors';
import { asShown, exifOrientation } from './exif';
import { checkDimensions, checkPlausible } from './limits';
import { pictureFormat, pictureFromPalette, pictureVolume, unpackBits } from './picture';
import { reasonOf } from './reason';
import type { Volume } from './volume';

export const png = pictureFormat({
  names: ['png'],
  titles: ['PNG'],
  extensions: ['png'],
  is: (bytes) => bytes.length >= 8 && hasPngSignature(bytes),
  decode: readPng,
});

/**
 * A PNG of 1 to 16 bits: grey as 1 channel of its stored samples (1-bit as 0 and 1), colour and palettes as 3, the way up in
 * which its Exif block says; alpha is dropped.
 */
export function readPng(path: string, bytes: Uint8Array): Volume {
  const chunks = checkPng(path, bytes);
  const picture = chunks.interlacedBits
    ? interlacedBitsPicture(path, chunks)
    : decodedPicture(path, bytes);
  const warnings = [...(picture.warnings ?? [])];
  if (chunks.animated)
    warnings.push(`${path} is an animated PNG; its default picture is read, not its frames.`);
  const warned = warnings.length > 0 ? { ...picture, warnings } : picture;
  return chunks.exif ? asShown(warned, exifOrientation(chunks.exif), 'EXIF orientation') : warned;
}

function decodedPicture(path: string, bytes: Uint8Array): Volume {
  let decoded: ReturnType<typeof decode>;
  try {
    decoded = decode(bytes);
  } catch (error) {
    throw new UserError(`${path} is a damaged PNG file (${reasonOf(error)}).`);
  }
  const { width, height, depth, channels, palette } = decoded;
  const size = [width, height] as const;
  const samples =
    depth < 8 ? unpackBits(Uint8Array.from(decoded.data), width, height, depth) : decoded.data;
  if (palette && channels === 1) return pictureFromPalette(path, 'png', size, samples, palette);
  return pictureVolume(path, 'png', size, samples as Uint8Array | Uint16Array, {
    channels: channels >= 3 ? 3 : 1,
    stride: channels,
    alpha: channels === 2 || channels === 4,
    dtype: depth === 16 ? 'uint16' : depth === 1 ? 'bool' : 'uint8',
  });
}

/** Columns, rows: the first one of each Adam7 pass, and the steps to the next. */
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** A grey or palette picture of 1, 2 or 4 bits that is stored in seven passes, which the library does not take apart. */
function interlacedBitsPicture(path: string, chunks: PngChunks): Volume {
  const { columns, rows, bits, inflated, palette } = chunks;
  const samples = new Uint8Array(columns * rows);
  let at = 0;
  for (const [x, y, dx, dy] of passes) {
    const width = Math.ceil((columns - x) / dx);
    const height = Math.ceil((rows - y) / dy);
    if (width < 1 || height < 1) continue;
    const rowBytes = Math.ceil((width * bits) / 8);
    const end = at + height * (rowBytes + 1);
    if (end > inflated.length) throw new UserError(`${path} is a truncated PNG file.`);
    const packed = unfiltered(path, inflated.subarray(at, end), rowBytes);
    unpackBits(packed, width, height, bits).forEach((sample, n) => {
      samples[(y + Math.floor(n / width) * dy) * columns + x + (n % width) * dx] = sample;
    });
    at = end;
  }
  const size = [columns, rows] as const;
  if (palette) return pictureFromPalette(path, 'png', size, samples, palette);
  return pictureVolume(path, 'png', size, samples, {
    channels: 1,
    dtype: bits === 1 ? 'bool' : 'uint8',
  });
}

/** Rows, each after the byte of its filter, without it; of pixels of at most a byte (PNG, section 9.2). */
function unfiltered(path: string, filtered: Uint8Array, rowBytes: number): Uint8Array {
  const rows = filtered.length / (rowBytes + 1);
  const out = new Uint8Array(rows * rowBytes);
  for (let row = 0; row < rows; row++) {
    const filter = filtered[row * (rowBytes + 1)];
    if (filter > 4)
      throw new UserError(`${path}: its image data is damaged (there is no row filter ${filter}).`);
    for (let n = 0; n < rowBytes; n++) {
      const at = row * rowBytes + n;
      const left = n > 0 ? out[at - 1] : 0;
      const above = row > 0 ? out[at - rowBytes] : 0;
      const corner = n > 0 && row > 0 ? out[at - rowBytes - 1] : 0;
      const predicted = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter];
      out[at] = filtered[row * (rowBytes + 1) + 1 + n] + predicted;
    }
  }
  return out;
}

/** Whichever of the three is nearest to left + above - corner. */
function paeth(left: number, above: number, corner: number): number {
  const [a, b] = [Math.abs(above - corner), Math.abs(left - corner)];
  const c = Math.abs(left + above - 2 * corner);
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

/** What the chunks of a PNG hold. */
interface PngChunks {
  columns: number;
  rows: number;
  bits: number;
  /** True for less than 8 bits a sample in interlaced order. */
  interlacedBits: boolean;
  animated: boolean;
  /** The filtered rows. */
  inflated: Uint8Array;
  /** Red, green, blue, alpha; null for a picture of another kind. */
  palette: number[][] | null;
  exif: Uint8Array | null;
}

/** Walks the chunks before anything is decoded: all there, and no more data than the dimensions call for. */
function checkPng(path: string, bytes: Uint8Array): PngChunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const truncated = () => new UserError(`${path} is a truncated PNG file.`);
  if (bytes.length < 33) throw truncated();
  const columns = view.getUint32(16);
  const rows = view.getUint32(20);
  const bits = bytes[24];
  const colourType = bytes[25];
  const perPixel = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colourType];
  if (perPixel === undefined)
    throw new UserError(`${path}: PNG colour type ${colourType} does not exist.`);
  checkDimensions(path, [columns, rows, perPixel]);
  // A filter byte a row; interlaced images have up to 7 passes of partial rows.
  const needed = rows * (Math.ceil((columns * perPixel * bits) / 8) + 1);
  checkPlausible(path, bytes.length, needed);
  const data: Uint8Array[] = [];
  const found: Record<string, Uint8Array | undefined> = {};
  for (let at = 8; ;) {
    if (at + 12 > bytes.length) throw truncated();
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) throw truncated();
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const content = bytes.subarray(at + 8, end);
    if (type === 'IDAT') data.push(content);
    else if (['PLTE', 'tRNS', 'eXIf', 'acTL'].includes(type)) found[type] = content;
    if (type === 'IEND') break;
    at = end + 4;
  }
  let inflated: Uint8Array;
  try {
    const limit = needed + 16 * (rows + columns) + 1024;
    inflated = new Uint8Array(inflateSync(Buffer.concat(data), { maxOutputLength: limit }));
  } catch (error) {
    throw new UserError(`${path}: its image data is damaged (${reasonOf(error)}).`);
  }
  if (inflated.length < needed) throw truncated();
  const { PLTE, tRNS, eXIf, acTL } = found;
  return {
    columns,
    rows,
    bits,
    interlacedBits: bytes[28] === 1 && bits < 8,
    animated: acTL !== undefined,
    inflated,
    palette:
      colourType === 3 && PLTE
        ? Array.from({ length: Math.floor(PLTE.length / 3) }, (_, n) => [
            ...PLTE.subarray(3 * n, 3 * n + 3),
            tRNS?.[n] ?? 255,
          ])
        : null,
    exif: eXIf ?? null,
  };
}

/** An 8-bit grey PNG of [rows][columns] class indices. */
export function encodePng(labels: Uint8Array, rows: number, columns: number): Uint8Array {
  return encode({ width: columns, height: rows, data: labels, depth: 8, channels: 1 });
}
