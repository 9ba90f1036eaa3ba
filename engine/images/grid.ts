/** Where the voxels of a volume lie in the world, and how far two volumes lie apart. */
import type { Volume } from './volume';
import { countAlong, stepsOf, type Walks } from './walks';

export type Grid = Pick<Volume, 'shape' | 'spacing' | 'affine'>;

/** The grid of a file, for sentences that name it. */
export type FileGrid = Grid & Pick<Volume, 'path' | 'format'>;

/** The place of a voxel in the world, mm. */
const worldOf = (affine: readonly (readonly number[])[], voxel: readonly number[]): number[] =>
  [0, 1, 2].map(
    (row) =>
      affine[row][0] * voxel[0] +
      affine[row][1] * voxel[1] +
      affine[row][2] * voxel[2] +
      affine[row][3],
  );

/** The eight corner voxels in the world, mm, in the order in which the walks come to them. */
function cornersOf({ shape, affine }: Grid, walks: Walks): number[][] {
  const last = countAlong(shape, walks).map((count) => count - 1);
  const { origin, steps } = stepsOf(shape, walks);
  return Array.from({ length: 8 }, (_, corner) => {
    const voxel = origin.map((start, axis) =>
      [steps.slice, steps.row, steps.column].reduce(
        (at, step, n) => at + ((corner >> n) & 1) * last[n] * step[axis],
        start,
      ),
    );
    return worldOf(affine, voxel);
  });
}

/** By how many mm the corners of two grids of one size lie apart at most, each grid walked in its own way. */
export function cornersApart(
  [one, ownWalks]: readonly [Grid, Walks],
  [other, otherWalks]: readonly [Grid, Walks],
): number {
  const theirs = cornersOf(other, otherWalks);
  return Math.max(
    ...cornersOf(one, ownWalks).map((place, n) =>
      Math.hypot(...place.map((mm, axis) => mm - theirs[n][axis])),
    ),
  );
}

/** A share of a voxel, by its shortest side, in mm: how far grids that are taken for one may lie apart. */
export const shareOfVoxel = ({ spacing }: Pick<Grid, 'spacing'>, share: number): number =>
  share * Math.min(...spacing);
