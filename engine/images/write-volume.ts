import { basename } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { UserError } from '../errors';
import { writeWhole } from '../files';
import { formatOf } from './catalogue';
import { encodeNifti1 } from './nifti';
import { encodePng } from './png';
import { readVolume } from './read-volume';
import type { Volume } from './volume';

const gzipAsync = promisify(gzip);

/**
 * Writes samples [k][j][i] as NIfTI-1 (`.nii`, or `.nii.gz` compressed) with `affine` as sform and qform, or with those of
 * the NIfTI file whose header is given, or, a label map of one slice, as an 8-bit grey PNG (`.png`) of class indices.
 */
export async function writeVolume(
  path: string,
  volume: {
    shape: readonly [number, number, number];
    data: Uint8Array | Int16Array | Float32Array;
    affine: readonly (readonly number[])[];
    /** Volumes one after the other in `data`; 1 where it is left out. */
    frames?: number;
    /** Of the NIfTI file on whose grid the samples lie. */
    niftiHeader?: string;
  },
): Promise<void> {
  const { shape, data, affine, frames = 1, niftiHeader } = volume;
  const voxels = shape[0] * shape[1] * shape[2] * frames;
  if (data.length !== voxels)
    throw new UserError(
      `${path}: ${data.length} samples were given for a volume of ${shape.join(' x ')} = ${voxels}.`,
    );
  if (/\.png$/i.test(path)) {
    if (!(data instanceof Uint8Array) || shape[2] * frames !== 1)
      throw new UserError(
        `${path}: a PNG file takes a label map of one slice, not ${shape.join(' x ')}.`,
      );
    return writeWhole(path, encodePng(data, shape[1], shape[0]));
  }
  if (!/\.nii(\.gz)?$/i.test(path))
    throw new UserError(`${path}: volumes are written as .nii, .nii.gz or .png.`);
  const bytes = encodeNifti1(
    shape,
    data,
    affine,
    frames,
    niftiHeader === undefined ? undefined : Buffer.from(niftiHeader, 'base64'),
  );
  // The fast level: label maps shrink by a hundred either way.
  return writeWhole(path, /\.gz$/i.test(path) ? await gzipAsync(bytes, { level: 4 }) : bytes);
}

/**
 * The file name of a prediction for an image, as its format has it: NIfTI stays NIfTI (a pair becomes `.nii.gz`), a picture
 * becomes PNG; a DICOM series or a stack of pictures becomes NIfTI of its case's id. A name that does not hold the id gets
 * it in front, so that files of one name in several folders stay apart.
 */
export function predictionName(
  { path, format, shape }: Pick<Volume, 'path' | 'format' | 'shape'>,
  id = '',
): string {
  const name = basename(path);
  const label = id.replace(/[\\/]/g, '_');
  const { picture, labelName } = formatOf({ format });
  const own = picture && shape[2] > 1 ? null : labelName(name);
  if (own === null) return `${(label || name).replace(/\.dcm$/i, '')}.nii.gz`;
  const holds = [id, label].some((part) => name.normalize().includes(part.normalize()));
  return holds ? own : `${label}_${own}`;
}

/**
 * Writes class indices [k][j][i] in the grid of an input volume (or of the file at that path): same shape and place,
 * NIfTI for NIfTI with the input's forms and units and PNG for pictures, whose type `outPath` must name.
 */
export async function writeLikeInput(
  input: string | Pick<Volume, 'shape' | 'affine' | 'niftiHeader'>,
  labels: Uint8Array,
  outPath: string,
): Promise<void> {
  const { shape, affine, niftiHeader } =
    typeof input === 'string' ? await readVolume(input) : input;
  return writeVolume(outPath, { shape, data: labels, affine, niftiHeader });
}
