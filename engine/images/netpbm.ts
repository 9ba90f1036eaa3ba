import { UserError } from '../errors';
import { checkDimensions, checkPlausible } from './limits';
import { pictureFormat, pictureVolume, unpackBits } from './picture';
import type { Volume } from './volume';

export const netpbm = pictureFormat({
  names: ['ppm'],
  titles: ['PBM', 'PGM', 'PPM'],
  extensions: ['pbm', 'pgm', 'ppm', 'pnm'],
  is: (bytes) => bytes[0] === 0x50 && bytes[1] >= 0x31 && bytes[1] <= 0x36 && space(bytes[2]),
  decode: readNetpbm,
});

const space = (byte: number) => byte === 32 || (byte >= 9 && byte <= 13);

/**
 * PBM, PGM or PPM, plain (P1 to P3) or raw (P4 to P6), up to 16 bits. Bitmaps are 1 for white and 0 for black,
 * so that brighter is greater in every format.
 */
function readNetpbm(path: string, bytes: Uint8Array): Volume {
  let at = 2;
  const number = (digits = Infinity): number => {
    while (at < bytes.length && (space(bytes[at]) || bytes[at] === 0x23))
      if (bytes[at] === 0x23) while (at < bytes.length && bytes[at] !== 10) at++;
      else at++;
    const start = at;
    let value = 0;
    while (at - start < digits && bytes[at] >= 0x30 && bytes[at] <= 0x39)
      value = value * 10 + bytes[at++] - 0x30;
    if (at === start)
      throw new UserError(
        at >= bytes.length
          ? `${path} is a truncated Netpbm file.`
          : `${path}: a Netpbm file with a character that is no number at byte ${at}.`,
      );
    return value;
  };
  const magic = bytes[1] - 0x30;
  const kind = (magic - 1) % 3;
  const columns = number();
  const rows = number();
  const maximum = kind === 0 ? 1 : number();
  if (maximum < 1 || maximum > 65535)
    throw new UserError(`${path}: the greatest value is ${maximum}; 1 to 65535 are allowed.`);
  const channels = kind === 2 ? 3 : 1;
  checkDimensions(path, [columns, rows, channels]);
  const count = columns * rows * channels;
  const bytesPerSample = maximum > 255 ? 2 : 1;
  const describe = {
    channels,
    dtype: kind === 0 ? 'bool' : bytesPerSample === 2 ? 'uint16' : 'uint8',
  };
  let samples: Uint8Array | Uint16Array;
  if (magic <= 3) {
    checkPlausible(path, bytes.length, count, 1);
    samples = bytesPerSample === 2 ? new Uint16Array(count) : new Uint8Array(count);
    for (let n = 0; n < count; n++) samples[n] = number(kind === 0 ? 1 : Infinity);
  } else {
    at++; // exactly one white space ends the header
    const needed = magic === 4 ? Math.ceil(columns / 8) * rows : count * bytesPerSample;
    if (bytes.length - at < needed)
      throw new UserError(
        `${path} is truncated: its header promises ${needed} bytes of samples, but there are ${bytes.length - at}.`,
      );
    const raw = bytes.slice(at, at + needed);
    if (magic === 4) samples = unpackBits(raw, columns, rows, 1);
    else if (bytesPerSample === 1) samples = raw;
    else {
      samples = new Uint16Array(count);
      for (let n = 0; n < count; n++) samples[n] = raw[2 * n] * 256 + raw[2 * n + 1];
    }
  }
  if (kind === 0) samples = samples.map((bit) => 1 - bit);
  return pictureVolume(path, 'ppm', [columns, rows], samples, describe);
}
