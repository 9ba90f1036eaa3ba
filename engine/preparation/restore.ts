/** From the prepared grid back to the files. */
import { putSlice } from '../images/walks';
import type { CaseGeometry } from './prepared-case';
import { undoResize } from './resample';

/**
 * Values of one slice on the prepared grid, [planes][rows][columns] (probabilities of classes, for one), on the files'
 * grid: padding cut off, and resampled so that a label map that was made finer comes back exactly.
 */
export function restoreSlice(
  geometry: CaseGeometry,
  values: Float32Array,
  planes: number,
): Float32Array {
  const { native, scaled, prepared } = geometry;
  const cut = new Float32Array(planes * scaled[0] * scaled[1]);
  for (let plane = 0; plane < planes; plane++)
    for (let r = 0; r < scaled[0]; r++) {
      const from = (plane * prepared[0] + r) * prepared[1];
      cut.set(values.subarray(from, from + scaled[1]), (plane * scaled[0] + r) * scaled[1]);
    }
  return undoResize(cut, planes, scaled, native);
}

/** `restoreSlice` for a whole case: [slices][classes][prepared] to [slices][classes][native]. */
export function restoreProbabilities(
  geometry: CaseGeometry,
  probabilities: Float32Array,
  classes: number,
): Float32Array {
  const { native, prepared, slices } = geometry;
  const from = classes * prepared[0] * prepared[1];
  const to = classes * native[0] * native[1];
  const out = new Float32Array(slices.length * to);
  for (let s = 0; s < slices.length; s++)
    out.set(
      restoreSlice(geometry, probabilities.subarray(s * from, (s + 1) * from), classes),
      s * to,
    );
  return out;
}

/**
 * A label map, or another quantity, [slices][native rows][native columns] in each file's own voxel order, [k][j][i]. Slices that were
 * left out by `maxSlices` are 0.
 */
export function labelsInFiles<T extends Uint8Array | Float32Array>(
  geometry: CaseGeometry,
  values: T,
): T[] {
  const { files, walks, slices, native } = geometry;
  const maps = files.map(
    ({ shape }) =>
      new (values.constructor as new (length: number) => T)(shape[0] * shape[1] * shape[2]),
  );
  slices.forEach(({ file, index }, s) => {
    const place = { shape: files[file].shape, walks, index };
    putSlice(maps[file], place, values, s * native[0] * native[1]);
  });
  return maps;
}
