/** Places in a plane and voxels of its volume, for the engine and the page. */
import type { PlaneInfo, Vector } from '../contract/viewer';

/** The voxel at a place of a plane. */
export function voxelAt(
  { origin, steps }: Pick<PlaneInfo, 'origin' | 'steps'>,
  slice: number,
  row: number,
  column: number,
): Vector {
  return origin.map(
    (start, axis) =>
      start + slice * steps.slice[axis] + row * steps.row[axis] + column * steps.column[axis],
  ) as Vector;
}

/** Slice, row and column of a voxel in a plane. */
export function placeOf(
  { origin, steps }: Pick<PlaneInfo, 'origin' | 'steps'>,
  voxel: Vector,
): [slice: number, row: number, column: number] {
  const along = (step: Vector) =>
    voxel.reduce((sum, value, axis) => sum + (value - origin[axis]) * step[axis], 0);
  return [along(steps.slice), along(steps.row), along(steps.column)];
}
