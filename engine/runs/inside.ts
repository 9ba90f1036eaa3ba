import { lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors';

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
