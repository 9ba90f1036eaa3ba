import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '../errors';
import { isDicom } from './dicom';
import { isGif, readGif } from './gif';
import { isJpeg, readJpeg } from './jpeg';
import { isNetpbm, readNetpbm } from './netpbm';
import { gunzipPicture, gunzipStart } from './limits';
import { isNifti, niftiVolume, openNifti, type NiftiFile } from './nifti';
import { naturalOrder } from '../lists';
import { isPng, readPng } from './png';
import { readSeries, type SeriesChoice } from './series';
import { readStack } from './stack';
import { isTiff, readTiff } from './tiff';
import type { Volume } from './volume';

/**
 * Reads an image or a label map: NIfTI-1 or -2 (also as a `.hdr` and `.img` pair), DICOM, PNG, JPEG, TIFF, GIF or PBM,
 * PGM, PPM; all but DICOM also gzipped. What a file is, is told by its content, not its name. A folder is a DICOM series, or a stack of
 * pictures in the natural order of their names.
 * `frame` chooses one frame of a NIfTI file with more than three dimensions, or of a series with several images at each
 * position (default: the first), `series` one of several series in a folder.
 * @throws UserError naming the file, for what cannot be read.
 */
export async function readVolume(path: string, options: SeriesChoice = {}): Promise<Volume> {
  const opened = await openFile(path, options);
  return 'header' in opened.content
    ? niftiVolume(opened.path, opened.content, options.frame)
    : opened.content;
}

/** A picture or a DICOM series as a volume, or a NIfTI file with all of its frames. */
export async function openFile(
  path: string,
  choice: SeriesChoice = {},
): Promise<{ path: string; content: Volume | NiftiFile }> {
  const file = resolve(path);
  let bytes: Uint8Array;
  try {
    if ((await stat(file)).isDirectory())
      return { path: file, content: await readFolder(file, choice) };
    // As a plain array: a Buffer's `slice` would not copy.
    bytes = new Uint8Array(await readFile(file));
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UserError(
      code === 'ENOENT' ? `${file} does not exist.` : `${file} cannot be read (${message}).`,
    );
  }
  if (bytes.length === 0) throw new UserError(`${file} is empty.`);
  const readPicture = pictureReader(bytes);
  if (readPicture) return { path: file, content: readPicture(file, bytes) };
  const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const namedNifti = /\.(nii|hdr|img)(\.gz)?$/i.test(file);
  const start = gzipped && !namedNifti ? gunzipStart(file, bytes) : bytes;
  if (namedNifti || isNifti(start)) return { path: file, content: await openNifti(file, bytes) };
  const readZipped = gzipped ? pictureReader(start) : null;
  if (readZipped)
    return {
      path: file,
      content: readZipped(file, new Uint8Array(await gunzipPicture(file, bytes))),
    };
  if (isDicom(bytes)) return { path: file, content: await readSeries(file, [file], choice) };
  throw new UserError(
    `${file} is of no known format; NIfTI, DICOM, PNG, JPEG, TIFF, GIF, PBM, PGM and PPM are read.`,
  );
}

function pictureReader(start: Uint8Array): ((path: string, bytes: Uint8Array) => Volume) | null {
  if (isPng(start)) return readPng;
  if (isJpeg(start)) return readJpeg;
  if (isTiff(start)) return readTiff;
  if (isGif(start)) return readGif;
  return isNetpbm(start) ? readNetpbm : null;
}

/** A folder's DICOM series, or else its pictures as one volume; other files are passed over, folders within too. */
async function readFolder(folder: string, choice: SeriesChoice): Promise<Volume> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.name.startsWith('.') && !entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .sort(naturalOrder);
  const pictures: string[] = [];
  for (const file of files) {
    const start = await startOf(file);
    if (isDicom(start)) return readSeries(folder, files, choice);
    if (pictureReader(start)) pictures.push(file);
  }
  if (pictures.length === 0)
    throw new UserError(
      `${folder} is a folder without a DICOM series or pictures; it holds ${files.length} files.`,
    );
  return readStack(folder, pictures, async (file) =>
    pictureReader(await startOf(file))!(file, new Uint8Array(await readFile(file))),
  );
}

/** The beginning of a file: enough to tell what it is. */
async function startOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const buffer = new Uint8Array(512);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
