import { inflateSync } from 'node:zlib';
import { decode, type TiffIfd } from 'tiff';
import { UserError } from '../errors';
import { checkDimensions, checkPlausible } from './limits';
import { pictureFormat, pictureFromPalette, pictureVolume } from './picture';
import { reasonOf } from './reason';
import type { Volume } from './volume';

export const tiff = pictureFormat({
  names: ['tiff'],
  titles: ['TIFF'],
  extensions: ['tif', 'tiff'],
  is: (bytes) =>
    (bytes[0] === 0x49 && bytes[1] === 0x49 && bytes[2] === 42 && bytes[3] === 0) ||
    (bytes[0] === 0x4d && bytes[1] === 0x4d && bytes[2] === 0 && bytes[3] === 42),
  decode: readTiff,
});

/**
 * The first page of a TIFF: grey, colour or palette; 1, 8 and 16-bit integers or 32 and 64-bit floats; in strips, or
 * grey in tiles; uncompressed, LZW or Deflate. Alpha is dropped.
 */
function readTiff(path: string, bytes: Uint8Array): Volume {
  try {
    const [head] = decode(bytes, { pages: [0], ignoreImageData: true });
    checkTiff(path, bytes, head);
    const [page] = decode(bytes, { pages: [0] });
    return pageVolume(path, page);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${path} is a TIFF file that is truncated, damaged or of an unusual kind (${reasonOf(error)}).`,
    );
  }
}

function pageVolume(path: string, page: TiffIfd): Volume {
  const size = [page.width, page.height] as const;
  const data = page.data;
  if (page.type === 3 && page.palette)
    return pictureFromPalette(
      path,
      'tiff',
      size,
      data,
      // A TIFF palette has 16 bits a colour.
      page.palette.map((colour) => colour.map((value) => value >> 8)),
    );
  const bits = page.bitsPerSample;
  const signed = page.sampleFormat === 2;
  const samples = !signed
    ? data
    : bits === 16
      ? new Int16Array(data.buffer, data.byteOffset, data.length)
      : new Int8Array(data.buffer, data.byteOffset, data.length);
  const kind = bits === 1 ? 'bool' : page.sampleFormat === 3 ? 'float' : signed ? 'int' : 'uint';
  const stride = page.samplesPerPixel;
  return pictureVolume(path, 'tiff', size, samples, {
    channels: stride >= 3 ? 3 : 1,
    stride,
    dtype: bits === 1 ? kind : `${kind}${bits}`,
  });
}

function checkTiff(path: string, bytes: Uint8Array, page: TiffIfd): void {
  const { samplesPerPixel, bitsPerSample } = page;
  // A field that repeats itself comes as a list.
  for (const [name, value] of [
    ['width', page.width],
    ['height', page.height],
    ['samples per pixel', samplesPerPixel],
    ['compression', page.compression],
  ] as const)
    if (typeof value !== 'number')
      throw new UserError(`${path}: the TIFF's ${name} is not one number; the file is damaged.`);
  if (bitsPerSample === undefined)
    throw new UserError(`${path}: a TIFF that does not state its bits per sample is not read.`);
  checkDimensions(path, [page.width, page.height, samplesPerPixel]);
  const needed = Math.ceil((page.width * page.height * samplesPerPixel * bitsPerSample) / 8);
  checkPlausible(path, bytes.length, needed, page.compression === 1 ? 1 : 4096);
  if (samplesPerPixel > 1 && page.planarConfiguration === 2)
    throw new UserError(`${path}: a TIFF with separate colour planes is not read; interleaved is.`);
  if (samplesPerPixel > 1 && page.tiled)
    throw new UserError(`${path}: a tiled TIFF in colour is not read; one in strips is.`);
  const offsets = page.tiled ? page.tileOffsets : page.stripOffsets;
  const lengths = page.tiled ? page.tileByteCounts : page.stripByteCounts;
  offsets.forEach((offset, n) => {
    const end = offset + (lengths?.[n] ?? 0);
    if (end > bytes.length) throw new UserError(`${path} is a truncated TIFF file.`);
    if (page.compression === 8 || page.compression === 32946)
      // Only to see that it does not inflate to more than a whole image.
      inflateSync(bytes.subarray(offset, end), { maxOutputLength: 2 * needed + 2 ** 20 });
  });
}
