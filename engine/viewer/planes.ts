import type { Grid } from '../images/grid';
import type { Volume } from '../images/volume';
import { countAlong, stepsOf, viewDirections, walksOf, type Walks } from '../images/walks';
import type { PlaneInfo, PlaneName } from '../contract/viewer';

/** A way to look at a grid of voxels, and how it walks through them. */
export interface Plane extends PlaneInfo {
  walks: Walks;
}

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
  const walks = walksOf(affine, name);
  const view = viewDirections[name];
  const edges = ([world, sign]: readonly [number, number]) =>
    sign > 0 ? sides[world] : ([sides[world][1], sides[world][0]] as const);
  const [left, right] = edges(view.column);
  const [top, bottom] = edges(view.row);
  const [slices, rows, columns] = countAlong(shape, walks);
  return {
    name,
    title: titles[name],
    slices,
    rows,
    columns,
    spacing: [spacing[walks.row.axis], spacing[walks.column.axis]],
    letters: { left, right, top, bottom },
    ...stepsOf(shape, walks),
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
