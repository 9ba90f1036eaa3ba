import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  type Stats,
} from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { isAbsolute, join, relative as wayTo, resolve, sep } from 'node:path';
import { UserError } from '../errors';
import { runFiles } from './run-files';

/**
 * The path of a file of a folder, `relative` with `/` between its parts. A folder may have come from somebody else: names cannot lead
 * out of it, and nothing in it may be a symbolic link.
 * @throws UserError, one sentence
 */
export function pathInside(folder: string, relative: string): string {
  let path = folder;
  let there = true;
  for (const part of relative.split('/')) {
    if (part === '' || part === '.' || part === '..' || leads.test(part))
      throw new UserError(
        `${JSON.stringify(relative)} is no path within ${folder}; nothing is read or written there.`,
      );
    path = join(path, part);
    there &&= requireNoLink(path);
  }
  return path;
}

/** What leads elsewhere on some system. */
const leads = process.platform === 'win32' ? /[\\:\0]/ : /[\\\0]/;

/** False where there is nothing of that name. */
function requireNoLink(path: string): boolean {
  let found: Stats | undefined;
  try {
    found = lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // Below a file.
    if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw error;
  }
  if (found?.isSymbolicLink())
    throw new UserError(
      `${path} is a symbolic link; files of a run are neither read nor written through one.`,
    );
  return found !== undefined;
}

/**
 * The bytes of a file of a folder, which is opened without following a link and not before it is known to be a regular one of at most
 * `largest` bytes: a pipe would be waited for, a device may have no end. Null where there is none.
 * @throws UserError, one sentence
 */
export function readInside(folder: string, relative: string, largest: number): Buffer | null {
  const file = openInside(folder, relative);
  if (!file) return null;
  try {
    requireSize(file.path, file.size, largest);
    return readFileSync(file.descriptor);
  } finally {
    closeSync(file.descriptor);
  }
}

/** As `readInside`, without waiting for the disk. */
export async function readInsideLater(
  folder: string,
  relative: string,
  largest: number,
): Promise<Buffer | null> {
  const path = pathInside(folder, relative);
  const before = await lstat(path).catch(() => null);
  if (!before) return null;
  if (!before.isFile()) throw new UserError(`${path} is no regular file; it is not read.`);
  requireSize(path, before.size, largest);
  try {
    const file = await open(path, unfollowed);
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new UserError(`${path} cannot be read (${(error as Error).message}).`);
  }
}

/** The last bytes of a file of a folder, at most `most` of them, read as `readInside` does. Null where there is none. */
export function readEndInside(folder: string, relative: string, most: number): Buffer | null {
  const file = openInside(folder, relative);
  if (!file) return null;
  try {
    const bytes = Buffer.alloc(Math.min(file.size, most));
    const read = readSync(file.descriptor, bytes, 0, bytes.length, file.size - bytes.length);
    return bytes.subarray(0, read);
  } finally {
    closeSync(file.descriptor);
  }
}

/** The path of a file of a folder, which is a regular one of at most `largest` bytes and no link. @throws UserError */
export function regularInside(folder: string, relative: string, largest: number): string {
  const file = openInside(folder, relative);
  if (!file) throw new UserError(`${join(folder, relative)} does not exist.`);
  closeSync(file.descriptor);
  requireSize(file.path, file.size, largest);
  return file.path;
}

/** To open a file for reading, but no link, and without waiting for who writes to a pipe. */
export const unfollowed =
  constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

function openInside(folder: string, relative: string) {
  const path = pathInside(folder, relative);
  const before = lstatSync(path, { throwIfNoEntry: false });
  if (!before) return null;
  // To open some devices is to do something to them.
  if (!before.isFile()) throw new UserError(`${path} is no regular file; it is not read.`);
  let descriptor: number;
  try {
    descriptor = openSync(path, unfollowed);
  } catch (error) {
    throw new UserError(`${path} cannot be read (${(error as Error).message}).`);
  }
  const stats = fstatSync(descriptor);
  if (stats.isFile()) return { path, descriptor, size: stats.size };
  closeSync(descriptor);
  throw new UserError(`${path} is no regular file; it is not read.`);
}

function requireSize(path: string, size: number, largest: number): void {
  if (size > largest)
    throw new UserError(
      `${path} has ${size} bytes; of a file of its kind at most ${largest} are read.`,
    );
}

/** Whether a path is one of another machine on Windows, to which asking for it logs in; there is no other use for such a one elsewhere. */
export const isOnOtherMachine = (path: string): boolean => /^[\\/]{2}/.test(path);

/**
 * The path of an image of a case that a run's report names: an absolute one, since images are those of whoever runs and lie anywhere, or
 * one within the run's `folder`, and there through no link. Devices, pipes and other machines are not asked for.
 * @throws UserError, one sentence
 */
export function caseFile(folder: string, path: string): string {
  const full = resolve(folder, path);
  const refuse = (why: string) =>
    new UserError(`${join(folder, runFiles.report)} names ${JSON.stringify(path)}, ${why}.`);
  if (isOnOtherMachine(path) && !isOnOtherMachine(folder))
    throw refuse('which is on another machine; it is not asked for');
  const own = wayTo(folder, full);
  const isOwn = own !== '' && own !== '..' && !own.startsWith(`..${sep}`) && !isAbsolute(own);
  if (!isOwn && !isAbsolute(path))
    throw refuse("which leads out of the run's folder; it is not read");
  if (isOwn) pathInside(folder, own.split(sep).join('/'));
  const found = statSync(full, { throwIfNoEntry: false });
  // What is missing is said by whoever reads it.
  if (found && !found.isFile() && !found.isDirectory())
    throw refuse('which is no regular file; it is not read');
  if (isOwn && found?.isDirectory() && holdsLinks(full))
    throw refuse('a folder with symbolic links in it; it is not read');
  return full;
}

const holdsLinks = (folder: string): boolean =>
  readdirSync(folder, { withFileTypes: true }).some((entry) => entry.isSymbolicLink());
