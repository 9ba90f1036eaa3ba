import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
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
  const text = readText(path, largest);
  try {
    return shape(parseJson(text));
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new UserError(
      `${path} is damaged: ${error.subject} ${error.message}${remedy === undefined ? '' : `; ${remedy}`}.`,
    );
  }
}

/** The text of a regular file of at most `largest` bytes. @throws UserError for another one */
export function readText(path: string, largest: number): string {
  try {
    // A pipe would be waited for.
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const found = fstatSync(file);
      if (!found.isFile()) throw new UserError(`${path} is no regular file.`);
      if (found.size > largest)
        throw new UserError(`${path} is damaged: it has ${found.size} bytes, which no run writes.`);
      const bytes = Buffer.alloc(found.size);
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
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} cannot be read: ${(error as Error).message}.`);
  }
}
