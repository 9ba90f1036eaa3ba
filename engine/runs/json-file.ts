import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { UserError } from '../errors';
import { parseJson, ShapeError, type Shape } from './json-shape';

/**
 * The value in a JSON file, as its shape gives it. `largest`: in bytes; `remedy`: what mends a damaged one.
 * @throws UserError, one sentence, where the file cannot be read, is larger or is damaged
 */
export function readJson<T>(
  path: string,
  shape: Shape<T>,
  { largest, remedy }: { largest: number; remedy?: string },
): T {
  return checked(path, readText(path, largest), shape, remedy);
}

/** As `readJson`, without waiting for the disk. */
export async function readJsonLater<T>(
  path: string,
  shape: Shape<T>,
  { largest, remedy }: { largest: number; remedy?: string },
): Promise<T> {
  return checked(path, await readTextLater(path, largest), shape, remedy);
}

function checked<T>(path: string, text: string, shape: Shape<T>, remedy?: string): T {
  try {
    return shape(parseJson(text));
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new UserError(
      `${path} is damaged: ${error.subject} ${error.message}${remedy === undefined ? '' : `; ${remedy}`}.`,
    );
  }
}

// A pipe would be waited for.
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** How much of a file is read. @throws UserError where it is no regular file, or larger than allowed */
function sizeOf(path: string, found: Stats, largest: number): number {
  if (!found.isFile()) throw new UserError(`${path} is no regular file.`);
  if (found.size > largest)
    throw new UserError(`${path} is damaged: it has ${found.size} bytes, which no run writes.`);
  return found.size;
}

const unreadable = (path: string, error: unknown): UserError =>
  error instanceof UserError
    ? error
    : new UserError(`${path} cannot be read: ${(error as Error).message}.`);

/** The text of a regular file of at most `largest` bytes. @throws UserError for another one */
export function readText(path: string, largest: number): string {
  try {
    const file = openSync(path, flags);
    try {
      const bytes = Buffer.alloc(sizeOf(path, fstatSync(file), largest));
      let length = 0;
      while (length < bytes.length) {
        const read = readSync(file, bytes, length, bytes.length - length, null);
        if (read === 0) break;
        length += read;
      }
      return bytes.toString('utf8', 0, length);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function readTextLater(path: string, largest: number): Promise<string> {
  try {
    const file = await open(path, flags);
    try {
      const bytes = Buffer.alloc(sizeOf(path, await file.stat(), largest));
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await file.read(bytes, length, bytes.length - length, null);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return bytes.toString('utf8', 0, length);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}
