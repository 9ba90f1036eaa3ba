import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '../errors';
import { readRegular } from '../files';
import { formats, recognize } from './catalogue';
import { readHead, startOf, unreadable } from './file-start';
import type { Format, ReadChoice } from './format';
import { naturalOrder } from '../lists';
import { readStack } from './stack';
import { isUnread, unreadFormat } from './unread';
import type { Volume } from './volume';

/**
 * Reads an image or a label map of any format of the catalogue: NIfTI-1 or -2 (also as a `.hdr` and `.img` pair), DICOM,
 * PNG, JPEG, TIFF, GIF or PBM, PGM, PPM; all but DICOM also gzipped. What a file is, is told by its content; a NIfTI file,
 * where that is damaged, by its name. A folder is a DICOM series, or a stack of pictures in the natural order of their names.
 * @throws UserError naming the file, for what cannot be read.
 */
export async function readVolume(path: string, choice: ReadChoice = {}): Promise<Volume> {
  return readOpened(await openImage(path), choice);
}

/** What lies at a path: an image file with its content, or a folder. */
export interface OpenedImage {
  path: string;
  /** Null for a folder. */
  file: { format: Format; bytes: Uint8Array } | null;
}

/** @throws UserError as `readVolume` */
export async function openImage(path: string): Promise<OpenedImage> {
  const file = resolve(path);
  let bytes: Uint8Array;
  try {
    if ((await stat(file)).isDirectory()) return { path: file, file: null };
    // As a plain array: a Buffer's `slice` would not copy.
    bytes = new Uint8Array(await readRegular(file));
  } catch (error) {
    throw unreadable(file, error);
  }
  if (bytes.length === 0) throw new UserError(`${file} is empty.`);
  const start = startOf(file, bytes);
  const format = recognize(file, start);
  if (!format) throw unreadFormat(file, start.head);
  return { path: file, file: { format, bytes } };
}

/** @throws UserError as `readVolume` */
export async function readOpened({ path, file }: OpenedImage, choice: ReadChoice): Promise<Volume> {
  if (file) return file.format.read(path, file.bytes, choice);
  try {
    return await readFolder(path, choice);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** A folder's series, or else its pictures as one volume; other files are passed over, folders within too. */
async function readFolder(folder: string, choice: ReadChoice): Promise<Volume> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.name.startsWith('.') && (entry.isFile() || entry.isSymbolicLink()))
    .map((entry) => join(folder, entry.name))
    .sort(naturalOrder);
  const pictures = new Map<string, Format>();
  let unread: UserError | null = null;
  for (const file of files) {
    const head = await readHead(file);
    const series = formats.find((format) => format.readSeries && format.is(head, file));
    if (series) return series.readSeries!(folder, files, choice);
    const picture = formats.find((format) => format.picture && format.is(head, file));
    if (picture) pictures.set(file, picture);
    else if (isUnread(file, head)) unread ??= unreadFormat(file, head);
  }
  if (pictures.size === 0 && unread) throw unread;
  if (pictures.size === 0)
    throw new UserError(
      `${folder} is a folder without a DICOM series or pictures; it holds ${files.length} files.`,
    );
  return readStack(folder, [...pictures.keys()], async (file) =>
    pictures.get(file)!.read(file, new Uint8Array(await readRegular(file)), choice),
  );
}

/** How files such as this one are read together, where they make a series; null also for one that cannot be read. */
export async function seriesReader(path: string): Promise<Format['readSeries'] | null> {
  // Whoever reads it says what is wrong with it.
  const head = await readHead(path).catch(() => null);
  if (!head) return null;
  return formats.find((format) => format.readSeries && format.is(head, path))?.readSeries ?? null;
}
