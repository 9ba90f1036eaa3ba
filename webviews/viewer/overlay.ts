import type { Rgb } from './colors';

/**
 * What each pixel of a prediction is against the reference, of the classes that are shown: 0 neither, 1 in both, 2 only predicted,
 * 3 only in the reference, 4 in both, but of different class. `shown[label]` says whether a class counts.
 */
export function agreement(
  prediction: Uint8Array,
  reference: Uint8Array,
  shown: readonly boolean[],
): Uint8Array {
  const out = new Uint8Array(prediction.length);
  for (let n = 0; n < out.length; n++) {
    const p = shown[prediction[n]] ? prediction[n] : 0;
    const r = shown[reference[n]] ? reference[n] : 0;
    if (p === 0 && r === 0) continue;
    out[n] = p === r ? 1 : r === 0 ? 2 : p === 0 ? 3 : 4;
  }
  return out;
}

/** A map [row][column] as RGBA pixels: opaque in the colour of each value, clear where that is null or undefined. */
export function paint(
  map: Uint8Array,
  colors: readonly (Rgb | null | undefined)[],
): Uint8ClampedArray<ArrayBuffer> {
  const table = new Uint32Array(256);
  const pixel = new Uint8Array(4);
  const word = new Uint32Array(pixel.buffer);
  colors.forEach((color, value) => {
    if (!color) return;
    pixel.set([...color, 255]);
    table[value] = word[0];
  });
  const out = new Uint32Array(map.length);
  for (let n = 0; n < map.length; n++) out[n] = table[map[n]];
  return new Uint8ClampedArray(out.buffer);
}

/**
 * The borders of the pixels of one value, as segments x1, y1, x2, y2 in pixels of the image, whose pixel (row, column) spans
 * [column, column + 1] x [row, row + 1]. Segments in a line are one.
 */
export function outline(map: Uint8Array, rows: number, columns: number, value: number): number[] {
  const segments: number[] = [];
  const inside = (row: number, column: number) =>
    row >= 0 &&
    row < rows &&
    column >= 0 &&
    column < columns &&
    map[row * columns + column] === value;
  for (let row = 0; row <= rows; row++) {
    let from = -1;
    for (let column = 0; column <= columns; column++) {
      const edge = column < columns && inside(row - 1, column) !== inside(row, column);
      if (edge && from < 0) from = column;
      else if (!edge && from >= 0) {
        segments.push(from, row, column, row);
        from = -1;
      }
    }
  }
  for (let column = 0; column <= columns; column++) {
    let from = -1;
    for (let row = 0; row <= rows; row++) {
      const edge = row < rows && inside(row, column - 1) !== inside(row, column);
      if (edge && from < 0) from = row;
      else if (!edge && from >= 0) {
        segments.push(column, from, column, row);
        from = -1;
      }
    }
  }
  return segments;
}
