import { decode } from 'jpeg-js';
import { UserError } from '../errors';
import { asShown, exifOrientation } from './exif';
import { checkDimensions, checkPlausible } from './limits';
import { pictureFormat, pictureVolume } from './picture';
import { reasonOf } from './reason';
import type { Volume } from './volume';

export const jpeg = pictureFormat({
  names: ['jpeg'],
  titles: ['JPEG'],
  extensions: ['jpg', 'jpeg'],
  is: (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff,
  decode: readJpeg,
});

/** A baseline or progressive JPEG with 1 (grey) or 3 (colour) components of 8 bits, the way up in which its Exif block says. */
function readJpeg(path: string, bytes: Uint8Array): Volume {
  const { width, height, data, components, orientation } = decodeJpeg(path, bytes);
  const picture = pictureVolume(path, 'jpeg', [width, height], data, {
    channels: components,
    stride: 3,
    dtype: 'uint8',
  });
  return asShown(picture, orientation, 'EXIF orientation');
}

/** What a JPEG stream holds: `data` is [row][column][3], grey three times over. */
export interface DecodedJpeg {
  width: number;
  height: number;
  data: Uint8Array;
  components: 1 | 3;
  /** 1 to 8, of an Exif block; 1 where there is none. */
  orientation: number;
}

/**
 * Decodes a JPEG stream. Three components are taken for YCbCr or RGB as libjpeg does: a JFIF marker means YCbCr, else an
 * Adobe marker tells, else RGB is what is called R, G, B; `rgb` tells it for a stream in a file that knows.
 * @throws UserError naming the file
 */
export function decodeJpeg(path: string, bytes: Uint8Array, rgb?: boolean): DecodedJpeg {
  const header = streamHeader(path, bytes);
  const { rows, columns, components } = header;
  if (components !== 1 && components !== 3)
    throw new UserError(`${path}: a JPEG with ${components} components; 1 or 3 are read.`);
  checkDimensions(path, [columns, rows, components]);
  // Every 8 x 8 block costs at least a bit, for its mean.
  checkPlausible(path, bytes.length, columns * rows, 512);
  if (bytes.lastIndexOf(0xd9) < 1 || bytes[bytes.lastIndexOf(0xd9) - 1] !== 0xff)
    throw new UserError(`${path} is a truncated JPEG file.`);
  try {
    const { width, height, data } = decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxResolutionInMP: 1000,
      maxMemoryUsageInMB: 8192,
      // An Adobe marker that says YCbCr has the last word in the library.
      colorTransform: !(rgb ?? isRgb(header)),
    });
    return { width, height, data, components, orientation: header.orientation };
  } catch (error) {
    throw new UserError(`${path} is a damaged JPEG file (${reasonOf(error)}).`);
  }
}

/** What the segments before the samples tell. */
interface StreamHeader {
  rows: number;
  columns: number;
  components: number;
  /** Of the components, as a text. */
  names: string;
  jfif: boolean;
  /** Of an Adobe marker: 0 none, 1 YCbCr; null without one. */
  transform: number | null;
  orientation: number;
}

const isRgb = ({ names, jfif, transform }: StreamHeader): boolean =>
  !jfif && (transform === null ? names === 'RGB' : transform === 0);

/** Up to the frame header (SOF0 to SOF15 without DHT, JPG and DAC). */
function streamHeader(path: string, bytes: Uint8Array): StreamHeader {
  const text = (at: number, length: number) =>
    String.fromCharCode(...bytes.subarray(at, at + length));
  const told = { jfif: false, transform: null as number | null, orientation: 1 };
  for (let at = 2; at + 9 < bytes.length;) {
    if (bytes[at] !== 0xff) break;
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const components = bytes[at + 9];
      return {
        ...told,
        rows: bytes[at + 5] * 256 + bytes[at + 6],
        columns: bytes[at + 7] * 256 + bytes[at + 8],
        components,
        names: [0, 1, 2].map((c) => text(at + 10 + 3 * c, 1)).join(''),
      };
    }
    const length = bytes[at + 2] * 256 + bytes[at + 3];
    if (marker === 0xe0 && text(at + 4, 5) === 'JFIF\0') told.jfif = true;
    if (marker === 0xee && text(at + 4, 5) === 'Adobe') told.transform = bytes[at + 15];
    if (marker === 0xe1 && text(at + 4, 6) === 'Exif\0\0')
      told.orientation = exifOrientation(bytes.subarray(at + 10, at + 2 + length));
    at += 2 + length;
  }
  throw new UserError(`${path} is a JPEG file without a frame header; it is truncated or damaged.`);
}
