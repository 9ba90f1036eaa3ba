import { decode } from 'jpeg-js';
import { UserError } from '../errors';
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

/** A baseline or progressive JPEG with 1 (grey) or 3 (colour) components of 8 bits. */
function readJpeg(path: string, bytes: Uint8Array): Volume {
  const { rows, columns, components } = frameHeader(path, bytes);
  if (components !== 1 && components !== 3)
    throw new UserError(`${path}: a JPEG with ${components} components; 1 or 3 are read.`);
  checkDimensions(path, [columns, rows, components]);
  // Every 8 x 8 block costs at least a bit, for its mean.
  checkPlausible(path, bytes.length, columns * rows, 512);
  if (bytes.lastIndexOf(0xd9) < 1 || bytes[bytes.lastIndexOf(0xd9) - 1] !== 0xff)
    throw new UserError(`${path} is a truncated JPEG file.`);
  let picture: { width: number; height: number; data: Uint8Array };
  try {
    picture = decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxResolutionInMP: 1000,
      maxMemoryUsageInMB: 8192,
    });
  } catch (error) {
    throw new UserError(`${path} is a damaged JPEG file (${reasonOf(error)}).`);
  }
  return pictureVolume(path, 'jpeg', [picture.width, picture.height], picture.data, {
    channels: components,
    stride: 3,
    dtype: 'uint8',
  });
}

/** Size and number of components from the frame header (SOF0 to SOF15 without DHT, JPG and DAC). */
function frameHeader(path: string, bytes: Uint8Array) {
  for (let at = 2; at + 9 < bytes.length;) {
    if (bytes[at] !== 0xff) break;
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return {
        rows: bytes[at + 5] * 256 + bytes[at + 6],
        columns: bytes[at + 7] * 256 + bytes[at + 8],
        components: bytes[at + 9],
      };
    at += 2 + bytes[at + 2] * 256 + bytes[at + 3];
  }
  throw new UserError(`${path} is a JPEG file without a frame header; it is truncated or damaged.`);
}
