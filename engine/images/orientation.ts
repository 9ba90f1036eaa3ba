import { Matrix, SingularValueDecomposition } from 'ml-matrix';

/** For each voxel axis i, j, k: the world axis (0 x, 1 y, 2 z) that it runs along, and in which direction. */
export type AxisDirections = [AxisDirection, AxisDirection, AxisDirection];
export interface AxisDirection {
  world: 0 | 1 | 2;
  sign: 1 | -1;
}

const letters = [
  ['L', 'R'],
  ['P', 'A'],
  ['I', 'S'],
] as const;

/**
 * The rotation (or reflection) nearest to the directions of the columns of an affine's upper 3 x 3: made orthonormal by the
 * polar decomposition, from the singular value decomposition. A column of zeros stays out of it.
 */
export function nearestRotation(affine: readonly (readonly number[])[]): number[][] {
  const columns = [0, 1, 2].map((column) => {
    const norm = columnNorm(affine, column);
    return [0, 1, 2].map((row) => (norm > 0 ? affine[row][column] / norm : 0));
  });
  const svd = new SingularValueDecomposition(new Matrix(columns).transpose(), {
    autoTranspose: true,
  });
  const tolerance = Math.max(...svd.diagonal) * 3 * Number.EPSILON;
  const rotation = Matrix.zeros(3, 3);
  svd.diagonal.forEach((value, s) => {
    if (value <= tolerance) return;
    for (let row = 0; row < 3; row++)
      for (let column = 0; column < 3; column++)
        rotation.set(
          row,
          column,
          rotation.get(row, column) +
            svd.leftSingularVectors.get(row, s) * svd.rightSingularVectors.get(column, s),
        );
  });
  return rotation.to2DArray();
}

/**
 * The nearest world axis of each voxel axis of a 4 x 4 affine (RAS+), one to one, also for oblique grids: of the nearest
 * rotation, the most clearly aligned voxel axis chooses first.
 */
export function axisDirections(affine: readonly (readonly number[])[]): AxisDirections {
  const rotation = nearestRotation(affine);
  const strength = (column: number) =>
    Math.max(...[0, 1, 2].map((row) => Math.abs(rotation[row][column])));
  const order = [0, 1, 2].sort((a, b) => strength(b) - strength(a));
  const free = new Set<0 | 1 | 2>([0, 1, 2]);
  const result = [] as unknown as AxisDirections;
  for (const column of order) {
    const world = [...free].reduce((best, row) =>
      Math.abs(rotation[row][column]) > Math.abs(rotation[best][column]) ? row : best,
    );
    free.delete(world);
    result[column] = { world, sign: rotation[world][column] < 0 ? -1 : 1 };
  }
  return result;
}

/** Three letters: the direction in which i, j and k grow, e.g. `RAS` or `LPS`. */
export function orientationOf(affine: readonly (readonly number[])[]): string {
  return axisDirections(affine)
    .map(({ world, sign }) => letters[world][sign > 0 ? 1 : 0])
    .join('');
}

/** Euclidean length of a column of the affine's upper 3 x 3: the voxel size along that axis in mm. */
export function columnNorm(affine: readonly (readonly number[])[], column: number): number {
  return Math.hypot(affine[0][column], affine[1][column], affine[2][column]);
}

/**
 * The affine, with voxels of 1 mm and the origin at the first voxel, of a grid that grows in these directions.
 * The default is that of pictures, which state none: a radiological axial slice, its columns growing to the patient's
 * left and its rows to the back. Null for letters that are no orientation.
 */
export function affineOf(orientation = 'LPS'): number[][] | null {
  const affine = [0, 1, 2].map(() => [0, 0, 0, 0]).concat([[0, 0, 0, 1]]);
  const found = [...orientation].map((letter, column) => {
    const world = letters.findIndex((pair) => (pair as readonly string[]).includes(letter));
    if (world >= 0 && column < 3) affine[world][column] = letter === letters[world][1] ? 1 : -1;
    return world;
  });
  return [...found].sort().join() === '0,1,2' ? affine : null;
}
