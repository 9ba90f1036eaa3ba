import Type, { type Static } from 'typebox';
import { settings } from '../options';

export const claheOptions = settings(
  {
    clipLimit: Type.Number({
      markdownDescription: "Largest bin of a tile's histogram, as a multiple of the mean.",
      default: 2,
      exclusiveMinimum: 0,
    }),
    tiles: Type.Integer({
      markdownDescription: 'Tiles along each side.',
      default: 8,
      minimum: 1,
      maximum: 64,
    }),
  },
  { title: 'Clahe', markdownDescription: 'With options.' },
);

export type ClaheOptions = Static<typeof claheOptions>;

/**
 * Contrast-limited adaptive histogram equalisation (Zuiderveld 1994) of 8-bit grey values [rows][columns], in the
 * convention of OpenCV: `tiles` x `tiles` tiles over the image, reflected at its right and lower edge to a multiple of
 * them; a histogram clipped at `clipLimit` times its mean and the excess spread evenly; bilinear between the four
 * nearest tiles' mappings.
 * @returns grey values 0 to 255, whole numbers
 */
export function clahe(
  image: ArrayLike<number>,
  rows: number,
  columns: number,
  { clipLimit, tiles }: ClaheOptions,
): Uint8Array {
  const tileRows = Math.ceil(rows / tiles);
  const tileColumns = Math.ceil(columns / tiles);
  const area = tileRows * tileColumns;
  const limit = clipLimit > 0 ? Math.max(1, Math.floor((clipLimit * area) / 256)) : area;
  const mappings = new Float64Array(tiles * tiles * 256);
  const histogram = new Int32Array(256);
  for (let tile = 0; tile < tiles * tiles; tile++) {
    const top = Math.floor(tile / tiles) * tileRows;
    const left = (tile % tiles) * tileColumns;
    histogram.fill(0);
    for (let r = top; r < top + tileRows; r++)
      for (let c = left; c < left + tileColumns; c++)
        histogram[image[reflect(r, rows) * columns + reflect(c, columns)]]++;
    clip(histogram, limit);
    let sum = 0;
    for (let value = 0; value < 256; value++) {
      sum += histogram[value];
      mappings[tile * 256 + value] = Math.min(255, Math.round((sum * 255) / area));
    }
  }

  const out = new Uint8Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    const y = r / tileRows - 0.5;
    const y0 = Math.floor(y);
    const above = Math.max(0, y0) * tiles;
    const below = Math.min(tiles - 1, y0 + 1) * tiles;
    for (let c = 0; c < columns; c++) {
      const x = c / tileColumns - 0.5;
      const x0 = Math.floor(x);
      const left = Math.max(0, x0);
      const right = Math.min(tiles - 1, x0 + 1);
      const value = image[r * columns + c];
      const toRight = (right - left) * 256;
      const p = (above + left) * 256 + value;
      const q = (below + left) * 256 + value;
      const u = x - x0;
      const upper = mappings[p] * (1 - u) + mappings[p + toRight] * u;
      const lower = mappings[q] * (1 - u) + mappings[q + toRight] * u;
      out[r * columns + c] = Math.round(upper * (1 - (y - y0)) + lower * (y - y0));
    }
  }
  return out;
}

/** Mirrors an index past the end about the last sample. */
function reflect(index: number, size: number): number {
  if (index < size) return index;
  return Math.max(0, 2 * size - 2 - index);
}

function clip(histogram: Int32Array, limit: number): void {
  let excess = 0;
  for (let value = 0; value < 256; value++)
    if (histogram[value] > limit) {
      excess += histogram[value] - limit;
      histogram[value] = limit;
    }
  const each = Math.floor(excess / 256);
  const rest = excess - each * 256;
  const step = rest > 0 ? Math.max(1, Math.floor(256 / rest)) : 0;
  for (let value = 0; value < 256; value++) histogram[value] += each;
  for (let value = 0, n = 0; n < rest && value < 256; value += step, n++) histogram[value]++;
}
