import { axisDirections } from '../images/orientation';
import { viewDirections, type Walk, type Walks } from '../preparation/prepare';
import type { Volume } from '../images/volume';
import type { PlaneInfo, PlaneName, Vector } from '../contract/viewer';

/** A way to look at a grid of voxels, and how it walks through them. */
export interface Plane extends PlaneInfo {
  walks: Walks;
}

/** What a plane needs to know of a grid. */
export type Grid = Pick<Volume, 'shape' | 'spacing' | 'affine'>;

export const planeNames: readonly PlaneName[] = ['axial', 'coronal', 'sagittal'];

const titles: Record<PlaneName, string> = {
  axial: 'Axial',
  coronal: 'Coronal',
  sagittal: 'Sagittal',
};

/** The patient's sides from which and to which world x, y and z run. */
const sides = [
  ['L', 'R'],
  ['P', 'A'],
  ['I', 'S'],
] as const;

/**
 * The view `name` of a grid, as radiologists look at it: voxels as they are, each axis taken for the nearest one of the world, the
 * patient's left to the right of an axial or coronal view, the front to the left of a sagittal one.
 */
export function planeOf({ shape, spacing, affine }: Grid, name: PlaneName): Plane {
  const directions = axisDirections(affine);
  const walk = ([world, sign]: readonly [number, number]): Walk => {
    const axis = directions.findIndex((direction) => direction.world === world) as 0 | 1 | 2;
    return { axis, reversed: directions[axis].sign !== sign };
  };
  const view = viewDirections[name];
  const walks = { slice: walk(view.slice), row: walk(view.row), column: walk(view.column) };
  const step = ({ axis, reversed }: Walk): Vector => {
    const vector: Vector = [0, 0, 0];
    vector[axis] = reversed ? -1 : 1;
    return vector;
  };
  const edges = ([world, sign]: readonly [number, number]) =>
    sign > 0 ? sides[world] : ([sides[world][1], sides[world][0]] as const);
  const [left, right] = edges(view.column);
  const [top, bottom] = edges(view.row);
  return {
    name,
    title: titles[name],
    slices: shape[walks.slice.axis],
    rows: shape[walks.row.axis],
    columns: shape[walks.column.axis],
    spacing: [spacing[walks.row.axis], spacing[walks.column.axis]],
    letters: { left, right, top, bottom },
    origin: [0, 1, 2].map((axis) =>
      Object.values(walks).some((w: Walk) => w.axis === axis && w.reversed) ? shape[axis] - 1 : 0,
    ) as Vector,
    steps: { slice: step(walks.slice), row: step(walks.row), column: step(walks.column) },
    walks,
  };
}

/** Samples of the voxel plane [channel][later axis][earlier axis] as [channel][row][column] of a view. */
export function arrange<T extends Volume['data']>(samples: T, plane: Plane, channels: number): T {
  const { rows, columns, walks } = plane;
  const pixels = rows * columns;
  const upright = walks.column.axis < walks.row.axis;
  if (upright && !walks.row.reversed && !walks.column.reversed) return samples;
  const out = new (samples.constructor as new (length: number) => T)(channels * pixels);
  const [rowPitch, columnPitch] = upright ? [columns, 1] : [1, rows];
  const rowStep = walks.row.reversed ? -rowPitch : rowPitch;
  const columnStep = walks.column.reversed ? -columnPitch : columnPitch;
  const first =
    (walks.row.reversed ? (rows - 1) * rowPitch : 0) +
    (walks.column.reversed ? (columns - 1) * columnPitch : 0);
  let at = 0;
  for (let c = 0; c < channels; c++)
    for (let row = 0; row < rows; row++) {
      let from = c * pixels + first + row * rowStep;
      for (let column = 0; column < columns; column++, from += columnStep)
        out[at++] = samples[from];
    }
  return out;
}
