import { UserError } from '../errors';
import type { Format, ReadChoice } from './format';
import { gunzipPicture, isGzip } from './limits';
import { affineOf } from './orientation';
import type { Volume } from './volume';

/** A format of pictures, plain or gzipped, told by their content alone; `decode` takes the inflated content. */
export const pictureFormat = ({
  decode,
  ...about
}: Pick<Format, 'names' | 'titles' | 'extensions'> & {
  is: (head: Uint8Array) => boolean;
  decode: (path: string, bytes: Uint8Array, choice: ReadChoice) => Volume;
}): Format => ({
  ...about,
  picture: true,
  gzipped: true,
  read: async (path, bytes, choice) =>
    decode(path, isGzip(bytes) ? new Uint8Array(await gunzipPicture(path, bytes)) : bytes, choice),
  labelName: (name) => `${name.replace(/\.gz$/i, '').replace(/\.[^.]+$/, '')}.png`,
});

/**
 * A decoded picture as a volume of one slice. `samples` is [row][column][stride], of which the first `channels` are
 * kept and made planar. An alpha that `alpha` finds at the end of each pixel is dropped, with a word where anything is
 * transparent; where the colour is the same everywhere, the alpha is what labels are told by.
 */
export function pictureVolume(
  path: string,
  format: Volume['format'],
  [columns, rows]: readonly [columns: number, rows: number],
  samples: Volume['data'],
  {
    channels,
    stride = channels,
    dtype,
    alpha = false,
  }: { channels: number; stride?: number; dtype: string; alpha?: boolean },
): Volume {
  const pixels = columns * rows;
  const planeOf = (out: Volume['data'], at: number, channel: number) => {
    for (let pixel = 0; pixel < pixels; pixel++)
      out[at + pixel] = samples[pixel * stride + channel];
  };
  let data = samples;
  if (stride > 1) {
    data = samples.slice(0, pixels * channels);
    for (let c = 0; c < channels; c++) planeOf(data, c * pixels, c);
  }
  const picture: Volume = {
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
  if (!alpha || !(samples instanceof Uint8Array || samples instanceof Uint16Array)) return picture;
  const marks = samples.slice(0, pixels);
  planeOf(marks, 0, stride - 1);
  const opaque = samples instanceof Uint8Array ? 255 : 65535;
  let transparent = 0;
  for (const value of marks) if (value < opaque) transparent++;
  if (transparent === 0) return picture;
  if (data.every((value, n) => value === data[n - (n % pixels)]))
    return {
      ...picture,
      marks,
      warnings: [
        `${path} has one colour everywhere, and only its alpha channel varies; as a label or a mask it is read by that.`,
      ],
    };
  return {
    ...picture,
    warnings: [
      `${path}: ${transparent} of its ${pixels} pixels are transparent; its alpha channel is passed over, and their colours count.`,
    ],
  };
}

/**
 * Palette indices as colours, or as grey values where every colour of the palette is a grey. Of colours, the indices are
 * what labels are told by.
 */
export function pictureFromPalette(
  path: string,
  format: Volume['format'],
  size: readonly [columns: number, rows: number],
  indices: ArrayLike<number>,
  palette: readonly (readonly number[])[],
): Volume {
  const grey = palette.every(([r, g, b]) => r === g && g === b);
  const channels = grey ? 1 : 3;
  const alpha = palette.some((colour) => (colour[3] ?? 255) < 255);
  const stride = channels + (alpha ? 1 : 0);
  const pixels = size[0] * size[1];
  const samples = new Uint8Array(pixels * stride);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const colour = palette[indices[pixel]];
    if (!colour)
      throw new UserError(
        `${path}: a sample is ${indices[pixel]}, but the palette has ${palette.length} colours.`,
      );
    for (let c = 0; c < channels; c++) samples[pixel * stride + c] = colour[c];
    if (alpha) samples[pixel * stride + channels] = colour[3] ?? 255;
  }
  const picture = pictureVolume(path, format, size, samples, {
    channels,
    stride,
    dtype: 'uint8',
    alpha,
  });
  if (grey) return picture;
  // Labels are told by the index, also where a colour is transparent.
  delete picture.warnings;
  return { ...picture, marks: Uint16Array.from(indices) };
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
