import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors';
import { unwritable } from '../files';
import { predictionName, writeLikeInput, writeVolume } from '../images/write-volume';
import type { CaseGeometry } from './prepared-case';
import { labelsInFiles } from './restore';

/** A case, as far as its predictions are named after it. */
export type Named = {
  id: string;
  files: readonly Pick<CaseGeometry['files'][number], 'path' | 'format' | 'shape'>[];
};

/** The names of a case's predictions, one for each image file. */
const namesOf = ({ id, files }: Named): string[] => files.map((file) => predictionName(file, id));

/**
 * Tries the names of predictions that will lie in one folder before any is made, as empty files in a folder within `folder`: what a name
 * may be, and which names are one file, is for the disk to say. @throws UserError with the files of a name that it does not take, or
 * that two of them would have
 */
export async function tryPredictionNames(cases: readonly Named[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw unwritable(folder, error);
  });
  const trial = await mkdtemp(join(folder, '.names-')).catch((error: unknown) => {
    throw unwritable(folder, error);
  });
  try {
    const taken = new Map<string, string>();
    const alike = (name: string) => name.normalize().toLowerCase();
    for (const item of cases)
      for (const [n, name] of namesOf(item).entries()) {
        const { path } = item.files[n];
        if (join(folder, name) === path)
          throw new UserError(
            `The prediction for ${path} would take the place of the image itself; give another folder for the label maps.`,
          );
        try {
          await (await open(join(trial, name), 'wx')).close();
        } catch (error) {
          const { code, message } = error as NodeJS.ErrnoException;
          throw new UserError(
            code === 'EEXIST'
              ? `The predictions for ${taken.get(alike(name))} and ${path} would be one file, ${name}; each needs a name of its own.`
              : `The prediction for ${path} would be called ${name}, which cannot be written (${message.replace(/,.*/s, '')}); its image needs another name.`,
          );
        }
        taken.set(alike(name), path);
      }
  } finally {
    await rm(trial, { recursive: true, force: true });
  }
}

/** Writes a label map [slices][native rows][native columns] into `folder`, one file for each image file. */
export async function writePrediction(
  geometry: CaseGeometry,
  labels: Uint8Array,
  folder: string,
): Promise<string[]> {
  const maps = labelsInFiles(geometry, labels);
  const names = namesOf(geometry);
  return Promise.all(
    geometry.files.map(async (file, n) => {
      const path = join(folder, names[n]);
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
