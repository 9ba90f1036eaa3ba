import { join } from 'node:path';
import { UserError } from '../errors';
import { readInside, readInsideLater } from './inside';
import { parseJson, ShapeError, type Shape } from './json-shape';

interface Limits {
  /** In bytes. */
  largest: number;
  /** What mends a damaged one. */
  remedy?: string;
}

/**
 * The value in a JSON file of a run's folder, as its shape gives it.
 * @throws UserError, one sentence, where the file cannot be read, is larger or is damaged
 */
export function readJson<T>(folder: string, file: string, shape: Shape<T>, limits: Limits): T {
  return checked(join(folder, file), readInside(folder, file, limits.largest), shape, limits);
}

/** As `readJson`, without waiting for the disk. */
export async function readJsonLater<T>(
  folder: string,
  file: string,
  shape: Shape<T>,
  limits: Limits,
): Promise<T> {
  const bytes = await readInsideLater(folder, file, limits.largest);
  return checked(join(folder, file), bytes, shape, limits);
}

function checked<T>(path: string, bytes: Buffer | null, shape: Shape<T>, { remedy }: Limits): T {
  if (!bytes) throw new UserError(`${path} does not exist.`);
  try {
    return shape(parseJson(bytes.toString('utf8')));
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new UserError(
      `${path} is damaged: ${error.subject} ${error.message}${remedy === undefined ? '' : `; ${remedy}`}.`,
    );
  }
}
