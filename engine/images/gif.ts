import { UserError } from '../errors';
import type { ReadChoice } from './format';
import { checkDimensions, checkPlausible } from './limits';
import { pictureFormat, pictureFromPalette } from './picture';
import type { Volume } from './volume';

export const gif = pictureFormat({
  names: ['gif'],
  titles: ['GIF'],
  extensions: ['gif'],
  is: (bytes) => /^GIF8[79]a$/.test(String.fromCharCode(...bytes.subarray(0, 6))),
  decode: readGif,
});

/**
 * A frame of a GIF, the first where none is asked for, as it is shown: on those before it, where it leaves something of them.
 * Grey as 1 channel where every colour of its palette is a grey, otherwise colour. What no frame covers has the background's
 * colour.
 */
function readGif(path: string, bytes: Uint8Array, { frame: chosen }: ReadChoice): Volume {
  const columns = bytes[6] + 256 * bytes[7];
  const rows = bytes[8] + 256 * bytes[9];
  if (bytes.length < 13) throw new UserError(`${path} is a truncated GIF file.`);
  checkDimensions(path, [columns, rows, 1]);
  // A 12-bit LZW code stands for at most 4096 samples.
  checkPlausible(path, bytes.length, columns * rows, 2731);
  const frames = framesOf(path, bytes);
  if (chosen !== undefined && !(chosen < frames.length))
    throw new UserError(
      `${path}: frame ${chosen} was asked for; it has the frames 0 to ${frames.length - 1}.`,
    );
  const picture = shownFrame(path, bytes, [columns, rows], frames.slice(0, (chosen ?? 0) + 1));
  if (frames.length === 1 || chosen !== undefined) return picture;
  return {
    ...picture,
    unchosen: {
      frames: frames.length,
      how: 'give the number of one, from 0: `labelFrame` of the domain in a config, --frame of "meddistill score"',
    },
    warnings: [
      ...(picture.warnings ?? []),
      `${path} is an animated GIF of ${frames.length} frames, of which the first is read; "frame" chooses one.`,
    ],
  };
}

/** How a frame's place on the canvas is left for the next one (GIF89a): to the background, or to what was there. */
const [toBackground, toPrevious] = [2, 3];

/** The last of `frames`, drawn over those before it. @throws UserError where one lies outside, has no colours or is damaged */
function shownFrame(
  path: string,
  bytes: Uint8Array,
  size: readonly [columns: number, rows: number],
  frames: readonly Frame[],
): Volume {
  const [columns, rows] = size;
  // Frames may have colours of their own: all of them in one list, and by pixel the place there beside the index in its own.
  const palette: number[][] = [];
  let places = new Uint32Array(columns * rows).fill(bytes[11]);
  let indices = new Uint8Array(columns * rows).fill(bytes[11]);
  frames.forEach((frame, n) => {
    const { x, y, width, height, interlaced, colours, data, transparent, disposal } = frame;
    const which = n === 0 ? 'first frame' : `frame ${n}`;
    if (width < 1 || height < 1 || x + width > columns || y + height > rows)
      throw new UserError(
        `${path}: the GIF's ${which}, ${width} x ${height} at ${x}, ${y}, lies outside its picture of ${columns} x ${rows}.`,
      );
    if (!colours) throw new UserError(`${path}: a GIF without a colour table is not read.`);
    const own = Array.from({ length: colours.count }, (_, c) => [
      ...bytes.subarray(colours.offset + 3 * c).slice(0, 3),
    ]);
    if (own.some((colour) => colour.length < 3))
      throw new UserError(`${path} is a truncated GIF file.`);
    const same = n > 0 && frames[n - 1].colours!.offset === colours.offset;
    const base = same ? palette.length - own.length : palette.length;
    if (!same) palette.push(...own);
    const last = n === frames.length - 1;
    const before = !last && disposal === toPrevious ? [places.slice(), indices.slice()] : null;
    const packed = unpackLzw(path, bytes, data, width * height);
    rowOrder(height, interlaced).forEach((row, r) => {
      const start = (y + row) * columns + x;
      for (let column = 0; column < width; column++) {
        const index = packed[r * width + column];
        // What the first frame leaves open has nothing behind it: its index counts.
        if (n > 0 && index === transparent) continue;
        places[start + column] = base + index;
        indices[start + column] = index;
      }
    });
    if (before) [places, indices] = before as [typeof places, typeof indices];
    else if (!last && disposal === toBackground)
      for (let row = y; row < y + height; row++)
        for (const canvas of [places, indices])
          canvas.fill(bytes[11], row * columns + x, row * columns + x + width);
  });
  const picture = pictureFromPalette(path, 'gif', size, places, palette);
  return picture.marks ? { ...picture, marks: Uint16Array.from(indices) } : picture;
}

/** Where a colour table lies, and of how many colours. */
interface ColourTable {
  offset: number;
  count: number;
}

interface Frame {
  x: number;
  y: number;
  width: number;
  height: number;
  interlaced: boolean;
  /** Its own colours, or else those of the whole file; null where there are none. */
  colours: ColourTable | null;
  /** Of the least code size, which its samples follow. */
  data: number;
  /** The index of what it leaves as it was; null where that is none. */
  transparent: number | null;
  disposal: number;
}

/** Walks all blocks, and tells of the frames. @throws UserError where one is cut or unknown, or no frame is there */
function framesOf(path: string, bytes: Uint8Array): Frame[] {
  const damaged = (reason: string) =>
    new UserError(`${path} is a truncated or damaged GIF file (${reason}).`);
  const tableAt = (offset: number, packed: number): ColourTable | null =>
    packed & 0x80 ? { offset, count: 2 << (packed & 7) } : null;
  const sizeOf = (table: ColourTable | null) => 3 * (table?.count ?? 0);
  /** Past blocks of data, each with its length first; an empty one is the last. */
  const pastData = (at: number): number => {
    while (bytes[at] > 0) at += 1 + bytes[at];
    if (at >= bytes.length) throw damaged('its data is cut');
    return at + 1;
  };
  const shared = tableAt(13, bytes[10]);
  const frames: Frame[] = [];
  const plain = { transparent: null, disposal: 0 };
  let control: Pick<Frame, 'transparent' | 'disposal'> = plain;
  let at = 13 + sizeOf(shared);
  while (at < bytes.length && bytes[at] !== trailer) {
    if (bytes[at] === extension) {
      if (bytes[at + 1] === graphicControl) {
        const flags = bytes[at + 3];
        control = { transparent: flags & 1 ? bytes[at + 6] : null, disposal: (flags >> 2) & 7 };
      }
      at = pastData(at + 2);
    } else if (bytes[at] === image) {
      const [x, y, width, height] = [1, 3, 5, 7].map(
        (n) => bytes[at + n] + 256 * bytes[at + n + 1],
      );
      const packed = bytes[at + 9];
      const own = tableAt(at + 10, packed);
      const data = at + 10 + sizeOf(own);
      const interlaced = (packed & 0x40) !== 0;
      frames.push({ x, y, width, height, interlaced, colours: own ?? shared, data, ...control });
      control = plain;
      at = pastData(data + 1);
    } else throw damaged(`there is no block of the kind ${bytes[at]}`);
  }
  if (frames.length === 0) throw damaged('it has no frame');
  return frames;
}
const [extension, image, trailer, graphicControl] = [0x21, 0x2c, 0x3b, 0xf9];

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
 * GIF's LZW from the byte that holds the least code size.
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
