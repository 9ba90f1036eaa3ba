import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserError } from '../errors';
import { isGif, readGif } from './gif';
import { isJpeg, readJpeg } from './jpeg';
import { isNetpbm, readNetpbm } from './netpbm';
import { gunzipStart } from './limits';
import { isNifti, niftiVolume, openNifti, type NiftiFile } from './nifti';
import { isPng, readPng } from './png';
import { isTiff, readTiff } from './tiff';
import type { Volume } from './volume';

/**
 * Reads an image or a label map: NIfTI-1 or -2 (also gzipped, also as a `.hdr` and `.img` pair), PNG, JPEG, TIFF, GIF
 * or PBM, PGM, PPM. What a file is, is told by its content, not its name.
 * `frame` chooses one frame of a NIfTI file with more than three dimensions (default: the first).
 * @throws UserError naming the file, for what cannot be read.
 */
export async function readVolume(path: string, options: { frame?: number } = {}): Promise<Volume> {
  const opened = await openFile(path);
  return 'header' in opened.content
    ? niftiVolume(opened.path, opened.content, options.frame)
    : opened.content;
}

/** A picture as a volume, or a NIfTI file with all of its frames. */
export async function openFile(
  path: string,
): Promise<{ path: string; content: Volume | NiftiFile }> {
  const file = resolve(path);
  let bytes: Uint8Array;
  try {
    // As a plain array: a Buffer's `slice` would not copy.
    bytes = new Uint8Array(await readFile(file));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UserError(
      code === 'ENOENT'
        ? `${file} does not exist.`
        : code === 'EISDIR'
          ? `${file} is a folder; an image file is expected.`
          : `${file} cannot be read (${message}).`,
    );
  }
  if (bytes.length === 0) throw new UserError(`${file} is empty.`);
  const readPicture = isPng(bytes)
    ? readPng
    : isJpeg(bytes)
      ? readJpeg
      : isTiff(bytes)
        ? readTiff
        : isGif(bytes)
          ? readGif
          : isNetpbm(bytes)
            ? readNetpbm
            : null;
  if (readPicture) return { path: file, content: readPicture(file, bytes) };
  const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const namedNifti = /\.(nii|hdr|img)(\.gz)?$/i.test(file);
  if (namedNifti || isNifti(gzipped ? gunzipStart(file, bytes) : bytes))
    return { path: file, content: await openNifti(file, bytes) };
  if (String.fromCharCode(...bytes.subarray(128, 132)) === 'DICM')
    throw new UserError(`${file} is a DICOM file; DICOM is not read, convert the series to NIfTI.`);
  throw new UserError(
    `${file} is of no known format; NIfTI, PNG, JPEG, TIFF, GIF, PBM, PGM and PPM are read.`,
  );
}
