import { voxelAt } from '../../engine/viewer/places';
import type { PlaneInfo } from '../../engine/contract/viewer';

/** What lies under the cursor. */
export interface CursorReading {
  plane: PlaneInfo;
  slice: number;
  row: number;
  column: number;
  /** Null where the file has no place in the world. */
  affine: number[][] | null;
  /** One value, or red, green and blue. */
  values: number[];
  labels: { title: string; label: string | null }[];
}

/** A reading as text: voxel, place in mm, value, and the label of each map. */
export function cursorText(reading: CursorReading): string {
  const { plane, slice, row, column, affine, values, labels } = reading;
  const voxel = voxelAt(plane, slice, row, column);
  const parts = [`voxel ${voxel.join(', ')}`];
  if (affine) parts.push(worldText(affine, voxel));
  if (values.length > 0) parts.push(`value ${values.map(valueText).join(', ')}`);
  for (const { title, label } of labels) parts.push(`${title}: ${label ?? '–'}`);
  return parts.join(' · ');
}

const sides = [
  ['L', 'R'],
  ['P', 'A'],
  ['I', 'S'],
] as const;

/** A voxel's place with the side that it lies on, e.g. `12.5 R, 3.0 P, 40.0 S mm`. */
function worldText(affine: number[][], voxel: readonly number[]): string {
  const place = [0, 1, 2].map((axis) => {
    const value =
      affine[axis][0] * voxel[0] +
      affine[axis][1] * voxel[1] +
      affine[axis][2] * voxel[2] +
      affine[axis][3];
    return `${Math.abs(value).toFixed(1)} ${sides[axis][value < 0 ? 0 : 1]}`;
  });
  return `${place.join(', ')} mm`;
}

const valueText = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
