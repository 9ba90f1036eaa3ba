import { UserError } from '../errors';
import type { Format } from './format';
import { gunzipPicture, isGzip } from './limits';
import { affineOf } from './orientation';
import type { Volume } from './volume';

/** A format of pictures, plain or gzipped, told by their content alone; `decode` takes the inflated content. */
export const pictureFormat = ({
  decode,
  ...about
}: Pick<Format, 'names' | 'titles' | 'extensions'> & {
  is: (head: Uint8Array) => boolean;
  decode: (path: string, bytes: Uint8Array) => Volume;
}): Format => ({
  ...about,
  picture: true,
  gzipped: true,
  read: async (path, bytes) =>
    decode(path, isGzip(bytes) ? new Uint8Array(await gunzipPicture(path, bytes)) : bytes),
  labelName: (name) => `${name.replace(/\.gz$/i, '').replace(/\.[^.]+$/, '')}.png`,
});

/**
 * A decoded picture as a volume of one slice. `samples` is [row][column][stride], of which the first `channels` are
 * kept (so that alpha is dropped) and made planar.
 */
export function pictureVolume(
  path: string,
  format: Volume['format'],
  [columns, rows]: readonly [columns: number, rows: number],
  samples: Volume['data'],
  { channels, stride = channels, dtype }: { channels: number; stride?: number; dtype: string },
): Volume {
  const pixels = columns * rows;
  let data = samples;
  if (stride > 1) {
    data = samples.slice(0, pixels * channels);
    for (let c = 0; c < channels; c++)
      for (let pixel = 0; pixel < pixels; pixel++)
        data[c * pixels + pixel] = samples[pixel * stride + c];
  }
  return {
    path,
    format,
    shape: [columns, rows, 1],
    channels,
    dtype,
    data,
    spacing: [1, 1, 1],
    hasSpacing: false,
    affine: affineOf()!,
    orientation: 'LPS',
  };
}

/** Palette indices as colours, or as grey values where every colour of the palette is a grey. */
export function pictureFromPalette(
  path: string,
  format: Volume['format'],
  size: readonly [columns: number, rows: number],
  indices: ArrayLike<number>,
  palette: readonly (readonly number[])[],
): Volume {
  const grey = palette.every(([r, g, b]) => r === g && g === b);
  const channels = grey ? 1 : 3;
  const pixels = size[0] * size[1];
  const samples = new Uint8Array(pixels * channels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const colour = palette[indices[pixel]];
    if (!colour)
      throw new UserError(
        `${path}: a sample is ${indices[pixel]}, but the palette has ${palette.length} colours.`,
      );
    for (let c = 0; c < channels; c++) samples[pixel * channels + c] = colour[c];
  }
  return pictureVolume(path, format, size, samples, { channels, dtype: 'uint8' });
}

/** Rows of `columns` samples of 1, 2 or 4 bits, each row beginning at a byte, as one sample a byte. */
export function unpackBits(
  packed: Uint8Array,
  columns: number,
  rows: number,
  bits: number,
): Uint8Array {
  const rowBytes = Math.ceil((columns * bits) / 8);
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  const out = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const byte = packed[row * rowBytes + Math.floor(column / perByte)];
      out[row * columns + column] = (byte >> (8 - bits * ((column % perByte) + 1))) & mask;
    }
  return out;
}
