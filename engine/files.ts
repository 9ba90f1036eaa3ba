import { randomBytes } from 'node:crypto';
import { constants, readSync, type Stats } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from './errors';

/** Systems read and write less than 2 GiB at once. */
const pieceBytes = 1 << 28;

/** Names of files that are being written, and what remains of one where its process is killed. */
const partName = () => `.${randomBytes(6).toString('hex')}.part`;
/** Beside the file, whose own name may be as long as names can be. */
const partOf = (path: string) => join(dirname(path), partName());
/** Names of this and earlier versions. */
const unfinished = /\.(?:[0-9a-f]{12}\.(?:part|tmp)|\d+\.part|safetensors\.part)$/;

/**
 * Writes a file under a temporary name beside it, flushed to the disk, then renames it: readers see all of it or nothing, and what was
 * there before stays until then. The folder is made if need be. @throws UserError, one sentence
 */
export async function writeWhole(path: string, bytes: Uint8Array | string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (error) {
    throw unwritable(path, error);
  }
  await writePieces(path, [typeof bytes === 'string' ? Buffer.from(bytes) : bytes]);
}

/** How a file is written. */
export interface WriteOptions {
  readBack?: boolean;
  keep?: string;
}

/**
 * As `writeWhole`, of pieces one after the other, in a folder that is there. `readBack`: the file gets its name only after it has been
 * read and compared with them. `keep`: where the file goes that was there before.
 */
export async function writePieces(
  path: string,
  pieces: Iterable<Uint8Array>,
  { readBack = false, keep }: WriteOptions = {},
): Promise<void> {
  const temporary = partOf(path);
  try {
    const file = await open(temporary, 'wx+');
    try {
      await appendAll(file, pieces);
      await file.sync();
      if (readBack && !(await holds(file, pieces)))
        throw new Error('what was read back is not what was written');
    } finally {
      await file.close();
    }
    if (keep !== undefined)
      await rename(path, keep).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw unwritable(path, error);
  }
}

/** Writes pieces at a file's position, every byte of them: a system may take a part of what it is given, on a full disk for one. */
export async function appendAll(file: FileHandle, pieces: Iterable<Uint8Array>): Promise<void> {
  for (const piece of pieces)
    for (let done = 0; done < piece.length;) {
      const length = Math.min(piece.length - done, pieceBytes);
      const { bytesWritten } = await file.write(piece, done, length, null);
      if (bytesWritten === 0) throw new Error('the system takes no more of it');
      done += bytesWritten;
    }
}

/** Reads bytes into place, all of them. False where the file ends before. */
export async function readInto(
  file: FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<boolean> {
  for (let done = 0; done < bytes.length;) {
    const length = Math.min(bytes.length - done, pieceBytes);
    const { bytesRead } = await file.read(bytes, done, length, position + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}

/** As `readInto`, of an open descriptor, at once. */
export function readIntoSync(descriptor: number, bytes: Uint8Array, position: number): boolean {
  for (let done = 0; done < bytes.length;) {
    const length = Math.min(bytes.length - done, pieceBytes);
    const read = readSync(descriptor, bytes, done, length, position + done);
    if (read === 0) return false;
    done += read;
  }
  return true;
}

/** Whether a file begins with these pieces one after the other. */
async function holds(file: FileHandle, pieces: Iterable<Uint8Array>): Promise<boolean> {
  const found = Buffer.alloc(comparedAtOnce);
  let position = 0;
  for (const piece of pieces)
    for (let at = 0; at < piece.length; at += comparedAtOnce) {
      const expected = piece.subarray(at, at + comparedAtOnce);
      const read = found.subarray(0, expected.length);
      if (!(await readInto(file, read, position)) || !read.equals(expected)) return false;
      position += expected.length;
    }
  return true;
}
const comparedAtOnce = 1 << 24;

/** Opens a regular file for reading; a pipe or a device, which may never end, is refused. */
export async function openRegular(path: string): Promise<{ file: FileHandle; stats: Stats }> {
  // To open some devices is to do something to them.
  if (!(await stat(path)).isFile()) throw new Error(notRegular);
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const stats = await file.stat();
  if (stats.isFile()) return { file, stats };
  await file.close();
  throw new Error(notRegular);
}
const notRegular = 'it is no regular file';

/** The bytes of a regular file. */
export async function readRegular(path: string): Promise<Buffer> {
  const { file, stats } = await openRegular(path);
  try {
    // Files of the system that have no size may have no end.
    return stats.size === 0 ? Buffer.alloc(0) : await file.readFile();
  } finally {
    await file.close();
  }
}

/** A renamed file outlives a power cut once its folder is on the disk, too; not every system can be asked for that. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null);
  if (!folder) return;
  await folder.sync().catch(() => {});
  await folder.close();
}

/** Why a file cannot be written, in one sentence. */
export function unwritable(path: string, error: unknown): UserError {
  if (error instanceof UserError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const reason =
    code === 'ENOSPC'
      ? 'its disk is full'
      : code === 'EDQUOT'
        ? 'the quota of its disk is used up'
        : message;
  return new UserError(`${path} cannot be written (${reason}).`);
}

/** Removes what processes that were killed left half written in a folder and in those below; links are not followed. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await removeUnfinished(path);
    else if (entry.isFile() && unfinished.test(entry.name)) await rm(path, { force: true });
  }
}

/** A path as the disk spells it, where it is there with accented letters in the other Unicode form (NFC, or NFD as macOS has it). */
export async function asStored(path: string): Promise<string> {
  if (!/[^\x20-\x7e]/.test(path) || (await stat(path).catch(() => null))) return path;
  const folder = await asStored(dirname(path));
  const wanted = basename(path).normalize();
  const names = await readdir(folder).catch(() => []);
  return join(folder, names.find((name) => name.normalize() === wanted) ?? basename(path));
}

/** Tells whether a file or a folder is still as it was, as long as this process lives; null where there is none. */
export const stampOf = (path: string): Promise<string | null> =>
  stat(path).then(
    ({ mtimeMs, size }) => `${mtimeMs} ${size}`,
    () => null,
  );
