import { GifReader } from 'omggif';
import { UserError } from '../errors';
import { checkDimensions, checkPlausible } from './limits';
import { pictureVolume } from './picture';
import type { Volume } from './volume';

export const isGif = (bytes: Uint8Array): boolean =>
  /^GIF8[79]a$/.test(String.fromCharCode(...bytes.subarray(0, 6)));

/** The first frame of a GIF: grey as 1 channel where every colour of its palette is a grey, otherwise colour. */
export function readGif(path: string, bytes: Uint8Array): Volume {
  try {
    const columns = bytes[6] + 256 * bytes[7];
    const rows = bytes[8] + 256 * bytes[9];
    checkDimensions(path, [columns, rows, 4]);
    // A 12-bit LZW code stands for at most 4096 samples.
    checkPlausible(path, bytes.length, columns * rows, 2731);
    const gif = new GifReader(bytes);
    const { palette_offset: offset, palette_size: length } = gif.frameInfo(0);
    const rgba = new Uint8Array(columns * rows * 4);
    gif.decodeAndBlitFrameRGBA(0, rgba);
    const palette = bytes.subarray(offset ?? 0, (offset ?? 0) + 3 * (length ?? 0));
    let grey = true;
    for (let n = 0; n + 2 < palette.length; n += 3)
      grey &&= palette[n] === palette[n + 1] && palette[n] === palette[n + 2];
    return pictureVolume(path, 'gif', [columns, rows], rgba, {
      channels: grey ? 1 : 3,
      stride: 4,
      dtype: 'uint8',
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${path} is a truncated or damaged GIF file (${(error as Error).message}).`,
    );
  }
}
