/** The directories of a TIFF file: classic and Big, of both byte orders. */

/** TIFF 6.0's tags, and those of its supplements, that are asked for. */
export const tags = {
  subfile: 254,
  columns: 256,
  rows: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  orientation: 274,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripBytes: 279,
  planar: 284,
  predictor: 317,
  palette: 320,
  tileColumns: 322,
  tileRows: 323,
  tileOffsets: 324,
  tileBytes: 325,
  extraSamples: 338,
  sampleFormat: 339,
  jpegTables: 347,
} as const;

/** The values of one page by tag. */
export type Directory = Map<number, number[]>;

export interface TiffFile {
  littleEndian: boolean;
  pages: Directory[];
}

/** Bytes of the types of values: 1 byte, 2 text, 3 short, 4 long, ..., 16 to 18 those of BigTIFF. */
const typeBytes: Record<number, number | undefined> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
};

const wanted = new Set<number>(Object.values(tags));

/** More pages than this are no picture. */
const maxPages = 65535;

/** @throws RangeError where a directory or its values lie outside of the file, and for a chain of pages without an end */
export function readDirectories(bytes: Uint8Array): TiffFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = bytes[0] === 0x49;
  const short = (at: number) => view.getUint16(at, littleEndian);
  const long = (at: number) => view.getUint32(at, littleEndian);
  const huge = (at: number) => Number(view.getBigUint64(at, littleEndian));
  const big = short(2) === 43;
  const [offsetAt, countBytes, entryBytes] = big ? [huge, 8, 20] : [long, 2, 12];
  const inline = big ? 8 : 4;
  const valueAt = (type: number, at: number): number => {
    switch (typeBytes[type]) {
      case 2:
        return short(at);
      case 4:
        return long(at);
      case 8:
        return huge(at);
      default:
        return bytes[at];
    }
  };
  const pages: Directory[] = [];
  // Directories may share values, but not so many that reading them takes for ever.
  let left = bytes.length + 2 ** 16;
  const seen = new Set<number>();
  for (let at = offsetAt(big ? 8 : 4); at !== 0;) {
    if (seen.has(at) || pages.length === maxPages) throw new RangeError('its pages have no end');
    seen.add(at);
    const entries = big ? huge(at) : short(at);
    const page: Directory = new Map();
    for (let n = 0; n < entries; n++) {
      const entry = at + countBytes + n * entryBytes;
      const tag = short(entry);
      const type = short(entry + 2);
      const count = offsetAt(entry + 4);
      const size = typeBytes[type];
      if (!wanted.has(tag) || size === undefined) continue;
      const place = entry + entryBytes - inline;
      const values = count * size <= inline ? place : offsetAt(place);
      left -= count;
      if (values + count * size > bytes.length || left < 0)
        throw new RangeError(`the values of tag ${tag} lie outside of the file`);
      page.set(
        tag,
        Array.from({ length: count }, (_, v) => valueAt(type, values + v * size)),
      );
    }
    pages.push(page);
    at = offsetAt(at + countBytes + entries * entryBytes);
  }
  return { littleEndian, pages };
}
