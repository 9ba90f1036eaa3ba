/** Small pictures of kinds that the golden files have not, put together byte by byte. */
import { deflateSync } from 'node:zlib';

/** Values by TIFF's tags; the samples are added. */
export type Page = Record<number, number[]> & { samples?: Uint8Array };

const page = (samplesPerPixel: number, samples: number[]): Page => ({
  256: [2],
  257: [1],
  258: Array.from({ length: samplesPerPixel }, () => 8),
  259: [1],
  262: [samplesPerPixel === 3 ? 2 : 1],
  277: [samplesPerPixel],
  samples: Uint8Array.from(samples),
});

/** 2 x 1 pixels of 8 bits. */
export const greyPage: Page = page(1, [7, 9]);
export const colourPage: Page = page(3, [1, 2, 3, 4, 5, 6]);

/** A TIFF of little endian with pages of one strip each, all values of 32 bits. */
export function tiffOf(pages: readonly Page[]): Uint8Array {
  const parts: Buffer[] = [Buffer.from([0x49, 0x49, 42, 0, 0, 0, 0, 0])];
  let length = 8;
  const append = (bytes: Uint8Array): number => {
    const at = length;
    const padded = Buffer.alloc(bytes.length + (bytes.length % 2));
    padded.set(bytes);
    parts.push(padded);
    length += padded.length;
    return at;
  };
  const longs = (values: readonly number[]) => {
    const out = Buffer.alloc(4 * values.length);
    values.forEach((value, n) => out.writeUInt32LE(value, 4 * n));
    return out;
  };
  const links: { place: Buffer; at: number }[] = [{ place: parts[0], at: 4 }];
  for (const { samples = new Uint8Array(), ...given } of pages) {
    const values: Record<number, number[]> = {
      ...given,
      273: [append(samples)],
      279: [samples.length],
    };
    const entries = Object.entries(values).map(([tag, list]) => {
      const entry = Buffer.alloc(12);
      entry.writeUInt16LE(Number(tag), 0);
      entry.writeUInt16LE(4, 2);
      entry.writeUInt32LE(list.length, 4);
      entry.writeUInt32LE(list.length === 1 ? list[0] : append(longs(list)), 8);
      return entry;
    });
    const directory = Buffer.concat([Buffer.alloc(2), ...entries, Buffer.alloc(4)]);
    directory.writeUInt16LE(entries.length, 0);
    const { place, at } = links.at(-1)!;
    place.writeUInt32LE(append(directory), at);
    links.push({ place: parts.at(-1)!, at: directory.length - 4 });
  }
  return Buffer.concat(parts);
}

/** A chunk of a PNG, without a checksum that holds: nobody looks. */
function chunk(type: string, content: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(content.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, content, Buffer.alloc(4)]);
}

/** An interlaced grey PNG of 8 x 2 pixels, whose passes' filtered rows these are. */
export function interlaced(bits: 1 | 2 | 4, rows: Uint8Array): Uint8Array {
  const header = Buffer.from([0, 0, 0, 8, 0, 0, 0, 2, bits, 0, 0, 0, 1]);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', new Uint8Array()),
  ]);
}

/** A frame of a GIF: its samples are a whole picture, or those of its `place`. */
export interface GifFrame {
  indices: number[];
  place?: [x: number, y: number, width: number, height: number];
  transparent?: number;
  /** 2: its place becomes the background; 3: what was there before. */
  disposal?: number;
  /** Colours of its own. */
  palette?: number[][];
}

/** A GIF of the given size, whose colours are at most four; its samples are codes of 3 bits, each behind a clear code. */
export function gifOf(
  [columns, rows]: readonly [number, number],
  palette: readonly number[][],
  frames: readonly GifFrame[],
): Uint8Array {
  const table = (colours: readonly number[][]) =>
    Array.from({ length: 4 }, (_, n) => colours[n] ?? [0, 0, 0]).flat();
  const word = (value: number) => [value & 255, value >> 8];
  const packed = (indices: readonly number[]) => {
    const codes = [...indices.flatMap((index) => [4, index]), 5];
    const bits = codes
      .map((code) => code.toString(2).padStart(3, '0'))
      .reverse()
      .join('');
    const padded = bits.padStart(8 * Math.ceil(bits.length / 8), '0');
    const bytes = padded
      .match(/.{8}/g)!
      .map((byte) => parseInt(byte, 2))
      .reverse();
    return [2, bytes.length, ...bytes, 0];
  };
  return Buffer.from([
    ...Buffer.from('GIF89a'),
    ...[...word(columns), ...word(rows), 0x81, 0, 0, ...table(palette)],
    ...frames.flatMap(({ indices, place, transparent, disposal = 0, palette: own }) => [
      ...[0x21, 0xf9, 4, (disposal << 2) | (transparent === undefined ? 0 : 1), 0, 0],
      ...[transparent ?? 0, 0],
      ...[0x2c, ...(place ?? [0, 0, columns, rows]).flatMap(word), own ? 0x81 : 0],
      ...(own ? table(own) : []),
      ...packed(indices),
    ]),
    0x3b,
  ]);
}
