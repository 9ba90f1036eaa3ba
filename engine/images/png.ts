import { inflateSync } from 'node:zlib';
import { decode, encode, hasPngSignature } from 'fast-png';
import { UserError } from '../errors';
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
 * A PNG of 1 to 16 bits: grey as 1 channel of its stored samples (1-bit as 0 and 1), colour and palettes as 3;
 * alpha is dropped.
 */
export function readPng(path: string, bytes: Uint8Array): Volume {
  checkPng(path, bytes);
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
    dtype: depth === 16 ? 'uint16' : depth === 1 ? 'bool' : 'uint8',
  });
}

/** Walks the chunks before anything is decoded: all there, and no more data than the dimensions call for. */
function checkPng(path: string, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const truncated = () => new UserError(`${path} is a truncated PNG file.`);
  if (bytes.length < 33) throw truncated();
  const columns = view.getUint32(16);
  const rows = view.getUint32(20);
  const perPixel = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[bytes[25]];
  if (perPixel === undefined)
    throw new UserError(`${path}: PNG colour type ${bytes[25]} does not exist.`);
  checkDimensions(path, [columns, rows, perPixel]);
  // A filter byte a row; interlaced images have up to 7 passes of partial rows.
  const needed = rows * (Math.ceil((columns * perPixel * bytes[24]) / 8) + 1);
  checkPlausible(path, bytes.length, needed);
  const data: Uint8Array[] = [];
  for (let at = 8; ;) {
    if (at + 12 > bytes.length) throw truncated();
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) throw truncated();
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === 'IDAT') data.push(bytes.subarray(at + 8, end));
    if (type === 'IEND') break;
    at = end + 4;
  }
  let inflated: number;
  try {
    const limit = needed + 16 * (rows + columns) + 1024;
    inflated = inflateSync(Buffer.concat(data), { maxOutputLength: limit }).length;
  } catch (error) {
    throw new UserError(`${path}: its image data is damaged (${reasonOf(error)}).`);
  }
  if (inflated < needed) throw truncated();
}

/** An 8-bit grey PNG of [rows][columns] class indices. */
export function encodePng(labels: Uint8Array, rows: number, columns: number): Uint8Array {
  return encode({ width: columns, height: rows, data: labels, depth: 8, channels: 1 });
}
