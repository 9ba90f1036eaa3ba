import { UserError } from '../errors';
import type { Plane } from './planes';
import type { DiceResult } from '../contract/viewer';
import type { Scene, Signal } from './scene';

/**
 * Goes once through the reference and every other layer, and counts pixels of each class that are in both, only in the layer, only in
 * the reference: for the slices of all planes. In a file's view the first overlay counts as the reference.
 * @throws UserError where it was cancelled
 */
export async function countSlices(
  { image, layers, info }: Scene,
  frame: number,
  threshold: number | null,
  signal: Signal,
): Promise<DiceResult> {
  const result: DiceResult = { layers: {} };
  const [reference, ...others] = [...layers.values()];
  if (!reference?.read || !['reference', 'overlay 0'].includes(reference.info.name)) return result;
  const classes = info.classes.length;
  const zeros = () => image.planes.map(({ slices }) => new Uint32Array(classes * slices * 3));
  const counted = new Map(others.filter(({ read }) => read).map((layer) => [layer, zeros()]));
  // The files' own slices are the quickest to read.
  const own = image.planes.find((plane) => plane.walks.slice.axis === 2) ?? image.planes[0];
  const counters = image.planes.map((plane) => ({
    slices: plane.slices,
    place: placesIn(plane, own),
  }));
  for (let s = 0; s < own.slices; s++) {
    const expected = await reference.read(own.name, s, frame, null);
    for (const [layer, counts] of counted) {
      if (signal.isCancellationRequested) throw new UserError('Counting was cancelled.');
      try {
        const value = layer.info.probabilities ? threshold : null;
        const found = await layer.read!(own.name, s, frame, value);
        countSlice({ expected, found, slice: s, columns: own.columns }, counters, counts, classes);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        result.layers[layer.info.name] = { error: error.message };
        counted.delete(layer);
      }
    }
  }
  for (const [{ info: layer }, counts] of counted)
    result.layers[layer.name] = Object.fromEntries(
      image.planes.map((plane, p) => [plane.name, counts[p]] as const),
    );
  return result;
}

/** Labels of one slice [row][column] in the reference and in a layer. */
interface LabelPair {
  expected: Uint8Array;
  found: Uint8Array;
  slice: number;
  columns: number;
}

/** Adds a slice to the counts of every plane, [class][slice][true positive, false positive, false negative]. */
function countSlice(
  { expected, found, slice, columns }: LabelPair,
  planes: readonly { slices: number; place: Place }[],
  counts: readonly Uint32Array[],
  classes: number,
): void {
  const rows = expected.length / columns;
  for (let row = 0, n = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, n++) {
      const e = expected[n];
      const f = found[n];
      // Most of a volume is in neither.
      if ((e | f) === 0) continue;
      for (let p = 0; p < planes.length; p++) {
        const { slices, place } = planes[p];
        const at = place(slice, row, column);
        if (e === f) counts[p][((e - 1) * slices + at) * 3]++;
        else {
          if (f > 0 && f <= classes) counts[p][((f - 1) * slices + at) * 3 + 1]++;
          if (e > 0 && e <= classes) counts[p][((e - 1) * slices + at) * 3 + 2]++;
        }
      }
    }
}

type Place = (slice: number, row: number, column: number) => number;

/** Which slice of `plane` a pixel of a slice of `own` lies in. */
function placesIn(plane: Plane, own: Plane): Place {
  const { axis, reversed } = plane.walks.slice;
  const { slice, row, column } = own.walks;
  const same = (walk: { reversed: boolean }) => walk.reversed === reversed;
  const last = plane.slices - 1;
  if (axis === slice.axis) return same(slice) ? (s) => s : (s) => last - s;
  if (axis === row.axis) return same(row) ? (_, r) => r : (_, r) => last - r;
  return same(column) ? (_s, _r, c) => c : (_s, _r, c) => last - c;
}
