import { join } from 'node:path';
import { predictionName, writeLikeInput, writeVolume } from '../images/write-volume';
import type { CaseGeometry } from './prepared-case';
import { labelsInFiles } from './restore';

/** Writes a label map [slices][native rows][native columns] into `folder`, one file for each image file. */
export async function writePrediction(
  geometry: CaseGeometry,
  labels: Uint8Array,
  folder: string,
): Promise<string[]> {
  const maps = labelsInFiles(geometry, labels);
  return Promise.all(
    geometry.files.map(async (file, n) => {
      const path = join(folder, predictionName(file, geometry.id));
      await writeLikeInput(file, maps[n], path);
      return path;
    }),
  );
}

/**
 * Writes probabilities of the foreground classes, each [slices][native rows][native columns], under the names of label maps: float32
 * NIfTI with a frame a class; for pictures of one class an 8-bit PNG, 255 being 1. Pictures of several classes have no such format.
 */
export async function writeProbabilities(
  geometry: CaseGeometry,
  classes: readonly Float32Array[],
  folder: string,
): Promise<string[]> {
  const planes = classes.map((values) => labelsInFiles(geometry, values));
  const written = geometry.files.map(async (file, n) => {
    const path = join(folder, predictionName(file, geometry.id));
    const { shape, affine, niftiHeader } = file;
    if (/\.png$/i.test(path)) {
      if (classes.length > 1) return null;
      await writeVolume(path, {
        shape,
        affine,
        data: Uint8Array.from(planes[0][n], (p) => Math.round(255 * p)),
      });
      return path;
    }
    const data = new Float32Array(classes.length * planes[0][n].length);
    planes.forEach((plane, c) => data.set(plane[n], c * plane[n].length));
    await writeVolume(path, { shape, affine, niftiHeader, data, frames: classes.length });
    return path;
  });
  return (await Promise.all(written)).filter((path) => path !== null);
}

/** Where prediction and reference differ: 0 background in both, 1 in agreement, 2 only predicted, 3 only in the reference, 4 another class. */
export function errorMap(prediction: Uint8Array, reference: Uint8Array): Uint8Array {
  return prediction.map((p, n) => {
    const r = reference[n];
    if (p === r) return p === 0 ? 0 : 1;
    return r === 0 ? 2 : p === 0 ? 3 : 4;
  });
}
