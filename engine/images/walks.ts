/** How the slices, rows and columns of a view walk through the voxels of a volume. */
import { axisDirections } from './orientation';
import type { Volume } from './volume';

/** A voxel axis (0 i, 1 j, 2 k) and whether it is walked from its end. */
export interface Walk {
  axis: 0 | 1 | 2;
  reversed: boolean;
}

export interface Walks {
  slice: Walk;
  row: Walk;
  column: Walk;
}

export type Voxel = [i: number, j: number, k: number];

/**
 * The world directions in which slices, rows and columns grow: as radiologists look at a slice, the patient's left to
 * the right of an axial or coronal one. A picture of the default orientation keeps its own rows and columns.
 */
export const viewDirections = {
  axial: { slice: [2, 1], row: [1, -1], column: [0, -1] },
  coronal: { slice: [1, -1], row: [2, -1], column: [0, -1] },
  sagittal: { slice: [0, -1], row: [2, -1], column: [1, -1] },
} as const;

/** A view of a grid of any orientation, each voxel axis taken for the nearest one of the world. */
export function walksOf(
  affine: readonly (readonly number[])[],
  view: keyof typeof viewDirections,
): Walks {
  const directions = axisDirections(affine);
  const walk = ([world, sign]: readonly [number, number]): Walk => {
    const axis = directions.findIndex((direction) => direction.world === world) as 0 | 1 | 2;
    return { axis, reversed: directions[axis].sign !== sign };
  };
  const { slice, row, column } = viewDirections[view];
  return { slice: walk(slice), row: walk(row), column: walk(column) };
}

/** Slices, rows and columns as the voxels are stored, [k][j][i]. */
export const storedWalks: Walks = {
  slice: { axis: 2, reversed: false },
  row: { axis: 1, reversed: false },
  column: { axis: 0, reversed: false },
};

/** How a grid of one affine is walked so that its voxels come in the stored order of another one's, by the nearest axes. */
export function walksLike(
  affine: readonly (readonly number[])[],
  other: readonly (readonly number[])[],
): Walks {
  const own = axisDirections(affine);
  const [column, row, slice] = axisDirections(other).map(({ world, sign }): Walk => {
    const axis = own.findIndex((direction) => direction.world === world) as 0 | 1 | 2;
    return { axis, reversed: own[axis].sign !== sign };
  });
  return { slice, row, column };
}

/** How many slices, rows and columns there are. */
export const countAlong = (
  shape: Volume['shape'],
  walks: Walks,
): [slices: number, rows: number, columns: number] => [
  shape[walks.slice.axis],
  shape[walks.row.axis],
  shape[walks.column.axis],
];

/** The voxel of slice 0, row 0, column 0, and the voxel steps to the next of each. */
export function stepsOf(
  shape: Volume['shape'],
  walks: Walks,
): { origin: Voxel; steps: Record<keyof Walks, Voxel> } {
  const step = ({ axis, reversed }: Walk): Voxel => {
    const voxel: Voxel = [0, 0, 0];
    voxel[axis] = reversed ? -1 : 1;
    return voxel;
  };
  const origin: Voxel = [0, 0, 0];
  for (const { axis, reversed } of [walks.slice, walks.row, walks.column])
    origin[axis] = reversed ? shape[axis] - 1 : 0;
  return {
    origin,
    steps: { slice: step(walks.slice), row: step(walks.row), column: step(walks.column) },
  };
}

/** Offset of (slice, 0, 0) and the steps along rows and columns, in samples of [k][j][i]. */
function strides(shape: Volume['shape'], walks: Walks, slice: number) {
  const step = [1, shape[0], shape[0] * shape[1]];
  const start = ({ axis, reversed }: Walk, at: number) =>
    (reversed ? shape[axis] - 1 - at : at) * step[axis];
  const signed = ({ axis, reversed }: Walk) => (reversed ? -step[axis] : step[axis]);
  return {
    first: start(walks.slice, slice) + start(walks.row, 0) + start(walks.column, 0),
    row: signed(walks.row),
    column: signed(walks.column),
  };
}

/** A slice within a volume's samples. */
export interface SlicePlace {
  shape: Volume['shape'];
  walks: Walks;
  /** Along the slicing walk. */
  index: number;
}

/** One slice of samples [k][j][i] as [rows][columns], written into `out` at `at`. */
export function takeSlice(
  samples: ArrayLike<number>,
  { shape, walks, index }: SlicePlace,
  out: Float32Array | Uint8Array,
  at: number,
): void {
  const [, rows, columns] = countAlong(shape, walks);
  const { first, row, column } = strides(shape, walks, index);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[at++] = samples[first + r * row + c * column];
}

/** The way back: the slice [rows][columns] that begins at `at` of `values`, written into samples [k][j][i]. */
export function putSlice(
  samples: Float32Array | Uint8Array,
  { shape, walks, index }: SlicePlace,
  values: ArrayLike<number>,
  at: number,
): void {
  const [, rows, columns] = countAlong(shape, walks);
  const { first, row, column } = strides(shape, walks, index);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) samples[first + r * row + c * column] = values[at++];
}
