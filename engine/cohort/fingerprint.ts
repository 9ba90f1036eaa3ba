import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formats } from '../images/catalogue';

/** Path, size and time of the last change: what tells whether a file is still the one that it was. */
export type FileStamp = [path: string, size: number, mtimeMs: number];

/**
 * Stamps of all that is read under a path: of the file, of all files of an image that has several (a NIfTI pair), or of every file of a folder. A
 * file that is not there has the size -1.
 */
export async function fingerprint(path: string): Promise<FileStamp[]> {
  const parts = formats.flatMap((format) => format.parts?.(path) ?? []);
  if (parts.length > 0) return Promise.all(parts.map(stampOf));
  const names = await readdir(path).catch(() => null);
  if (names === null) return [await stampOf(path)];
  return Promise.all(names.sort().map((name) => stampOf(join(path, name))));
}

async function stampOf(path: string): Promise<FileStamp> {
  const { size, mtimeMs } = await stat(path).catch(() => ({ size: -1, mtimeMs: 0 }));
  return [path, size, mtimeMs];
}
