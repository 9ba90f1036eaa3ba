/**
 * Upper left corners of tiles of `size` that cover [rows][columns], neighbours overlapping by at least `overlap` of a tile
 * (0 to below 1), evenly spaced, the outermost ones flush with the edges. The slice must be at least as large as a tile.
 */
export function tilePositions(
  rows: number,
  columns: number,
  size: readonly [rows: number, columns: number],
  overlap: number,
): [row: number, column: number][] {
  const down = startsAlong(rows, size[0], overlap);
  const across = startsAlong(columns, size[1], overlap);
  return down.flatMap((row) => across.map((column): [number, number] => [row, column]));
}

function startsAlong(length: number, size: number, overlap: number): number[] {
  if (size > length)
    throw new RangeError(`a tile of ${size} pixels does not fit into a slice of ${length}`);
  const step = Math.max(1, Math.floor(size * (1 - overlap)));
  const count = 1 + Math.ceil((length - size) / step);
  return Array.from({ length: count }, (_, n) =>
    count === 1 ? 0 : Math.round((n * (length - size)) / (count - 1)),
  );
}

/** Weights [rows][columns] of a tile's pixels: a Gaussian of an eighth of the tile, at least 0.001 at the corners. */
export function tileWeights([rows, columns]: readonly [
  rows: number,
  columns: number,
]): Float32Array {
  const bell = (n: number, size: number) =>
    Math.exp(-0.5 * ((n - (size - 1) / 2) / (size / 8)) ** 2);
  const weights = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++)
      weights[r * columns + c] = Math.max(1e-3, bell(r, rows) * bell(c, columns));
  return weights;
}

/** The tile of an image [planes][rows][columns] at a position, [planes][size]. */
export function cutTile(
  image: Float32Array,
  planes: number,
  [rows, columns]: readonly [rows: number, columns: number],
  [top, left]: readonly [row: number, column: number],
  size: readonly [rows: number, columns: number],
): Float32Array {
  const tile = new Float32Array(planes * size[0] * size[1]);
  for (let plane = 0; plane < planes; plane++)
    for (let r = 0; r < size[0]; r++) {
      const from = (plane * rows + top + r) * columns + left;
      tile.set(image.subarray(from, from + size[1]), (plane * size[0] + r) * size[1]);
    }
  return tile;
}

/**
 * Joins the tiles' values [tile][planes][size] to [planes][rows][columns], each pixel the mean over its tiles weighted
 * by `tileWeights`; where all tiles agree, so does the result.
 */
export function blendTiles(
  tiles: readonly Float32Array[],
  positions: readonly (readonly [row: number, column: number])[],
  planes: number,
  [rows, columns]: readonly [rows: number, columns: number],
  size: readonly [rows: number, columns: number],
): Float32Array {
  const weights = tileWeights(size);
  const sums = new Float64Array(planes * rows * columns);
  const totals = new Float64Array(rows * columns);
  positions.forEach(([top, left], tile) => {
    for (let r = 0; r < size[0]; r++)
      for (let c = 0; c < size[1]; c++) {
        const weight = weights[r * size[1] + c];
        const at = (top + r) * columns + left + c;
        totals[at] += weight;
        for (let plane = 0; plane < planes; plane++)
          sums[plane * rows * columns + at] +=
            weight * tiles[tile][(plane * size[0] + r) * size[1] + c];
      }
  });
  return Float32Array.from(sums, (sum, n) => sum / totals[n % (rows * columns)]);
}
