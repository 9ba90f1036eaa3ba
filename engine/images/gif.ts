import { GifReader } from 'omggif';
import { UserError } from '../errors';
import { checkDimensions, checkPlausible } from './limits';
import { pictureFromPalette } from './picture';
import { reasonOf } from './reason';
import type { Volume } from './volume';

export const isGif = (bytes: Uint8Array): boolean =>
  /^GIF8[79]a$/.test(String.fromCharCode(...bytes.subarray(0, 6)));

/**
 * The first frame of a GIF: grey as 1 channel where every colour of its palette is a grey, otherwise colour. What of the
 * picture the frame leaves out has the background's colour.
 */
export function readGif(path: string, bytes: Uint8Array): Volume {
  const columns = bytes[6] + 256 * bytes[7];
  const rows = bytes[8] + 256 * bytes[9];
  if (bytes.length < 13) throw new UserError(`${path} is a truncated GIF file.`);
  checkDimensions(path, [columns, rows, 1]);
  // A 12-bit LZW code stands for at most 4096 samples.
  checkPlausible(path, bytes.length, columns * rows, 2731);
  let frame: ReturnType<GifReader['frameInfo']>;
  try {
    frame = new GifReader(bytes).frameInfo(0);
  } catch (error) {
    throw new UserError(`${path} is a truncated or damaged GIF file (${reasonOf(error)}).`);
  }
  const { x, y, width, height, interlaced, data_offset: at } = frame;
  const offset = frame.palette_offset;
  const length = frame.palette_size;
  if (width < 1 || height < 1 || x + width > columns || y + height > rows)
    throw new UserError(
      `${path}: the GIF's first frame, ${width} x ${height} at ${x}, ${y}, lies outside its picture of ${columns} x ${rows}.`,
    );
  if (offset === null || length === null)
    throw new UserError(`${path}: a GIF without a colour table is not read.`);
  const palette = Array.from({ length }, (_, n) => [...bytes.subarray(offset + 3 * n).slice(0, 3)]);
  if (palette.some((colour) => colour.length < 3))
    throw new UserError(`${path} is a truncated GIF file.`);

  const packed = unpackLzw(path, bytes, at, width * height);
  const indices = new Uint8Array(columns * rows).fill(bytes[11]);
  rowOrder(height, interlaced).forEach((row, n) =>
    indices.set(packed.subarray(n * width, (n + 1) * width), (y + row) * columns + x),
  );
  return pictureFromPalette(path, 'gif', [columns, rows], indices, palette);
}

/** In which order rows are stored: interlaced, every eighth, then those between in three passes. */
function rowOrder(rows: number, interlaced: boolean): number[] {
  const passes = interlaced
    ? [
        [0, 8],
        [4, 8],
        [2, 4],
        [1, 2],
      ]
    : [[0, 1]];
  return passes.flatMap(([first, step]) =>
    Array.from(
      { length: Math.max(0, Math.ceil((rows - first) / step)) },
      (_, n) => first + n * step,
    ),
  );
}

/**
 * GIF's LZW from the byte that holds the least code size. The decoder of the library takes a stream that ends early for
 * a picture, and runs for ever on some that are damaged.
 * @throws UserError where the stream ends before `count` samples or holds a code that was not yet defined
 */
function unpackLzw(path: string, bytes: Uint8Array, at: number, count: number): Uint8Array {
  const damaged = () => new UserError(`${path}: the GIF's image data is damaged.`);
  const literalBits = bytes[at];
  if (!(literalBits >= 1 && literalBits <= 8)) throw damaged();
  const clear = 1 << literalBits;
  const prefix = new Uint16Array(4096);
  const suffix = new Uint8Array(4096);
  const size = new Uint16Array(4096);
  for (let code = 0; code < clear; code++) {
    suffix[code] = code;
    size[code] = 1;
  }
  const out = new Uint8Array(count);
  let filled = 0;
  let next = clear + 2;
  let bits = literalBits + 1;
  let previous = -1;
  let word = 0;
  let held = 0;
  let block = 0;
  for (at++; filled < count;) {
    while (held < bits) {
      if (block === 0) block = bytes[at++] ?? 0;
      if (block === 0 || at >= bytes.length)
        throw new UserError(`${path} is a truncated GIF file.`);
      word |= bytes[at++] << held;
      held += 8;
      block--;
    }
    const code = word & ((1 << bits) - 1);
    word >>>= bits;
    held -= bits;
    if (code === clear) {
      next = clear + 2;
      bits = literalBits + 1;
      previous = -1;
      continue;
    }
    if (code === clear + 1) throw new UserError(`${path} is a truncated GIF file.`);
    const known = code < next;
    // A code may be defined by the very step that uses it: the previous string and its own first sample.
    if (!known && (code !== next || previous < 0)) throw damaged();
    const source = known ? code : previous;
    const length = size[source] + (known ? 0 : 1);
    let first = source;
    for (let n = size[source] - 1; n >= 0; n--) {
      if (filled + n < count) out[filled + n] = suffix[first];
      if (n > 0) first = prefix[first];
    }
    if (!known && filled + length - 1 < count) out[filled + length - 1] = suffix[first];
    filled += length;
    if (previous >= 0 && next < 4096) {
      prefix[next] = previous;
      suffix[next] = suffix[first];
      size[next] = size[previous] + 1;
      next++;
      if (next === 1 << bits && bits < 12) bits++;
    }
    previous = code;
  }
  return out;
}
