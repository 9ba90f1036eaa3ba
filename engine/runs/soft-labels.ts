import { closeSync, openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { UserError } from '../errors';
import type { Segmenting } from '../evaluation/segmenter';
import { readIntoSync, unwritable, writeWhole } from '../files';
import type { PreparedCase } from '../preparation/prepared-case';
import { pathInside } from './inside';

/** Where they lie in a run's folder while stages learn by them. */
const place = 'soft-labels';
/** A probability in a file is a share of it. */
const whole = 65535;

/**
 * The cases with a teacher's class probabilities of every slice, predicted here once and kept as a file a case in the run's folder, from
 * which they are read slice by slice. `beforeCase` may throw to stop. @throws UserError where they cannot be written
 */
export async function withSoftLabels(
  cases: readonly PreparedCase[],
  teacher: Segmenting,
  folder: string,
  beforeCase: () => void,
): Promise<PreparedCase[]> {
  await removeSoftLabels(folder);
  const own = pathInside(folder, place);
  await mkdir(own).catch((error) => {
    throw unwritable(own, error);
  });
  const labelled: PreparedCase[] = [];
  for (const [n, item] of cases.entries()) {
    beforeCase();
    const path = pathInside(folder, `${place}/${n}.u16`);
    const { slices, rows, columns } = item;
    const probabilities = await teacher.probabilities(item);
    const samples = probabilities.length / slices - rows * columns;
    const kept = new Uint16Array(slices * samples);
    // The background, which comes first, is what the classes leave.
    for (let slice = 0, o = 0; slice < slices; slice++) {
      const end = (slice + 1) * (probabilities.length / slices);
      for (let i = end - samples; i < end; i++) kept[o++] = Math.round(probabilities[i] * whole);
    }
    await writeWhole(path, new Uint8Array(kept.buffer));
    labelled.push(withSoftLabel(item, (slice) => readShares(path, slice * samples, samples)));
  }
  return labelled;
}

/** A case, which may read its arrays when they are asked for, with soft labels beside them. */
export const withSoftLabel = (
  item: PreparedCase,
  softLabel: NonNullable<PreparedCase['softLabel']>,
): PreparedCase => Object.create(item, { softLabel: { value: softLabel } }) as PreparedCase;

/** Drops what a run has kept of them. */
export const removeSoftLabels = (folder: string): Promise<void> =>
  rm(pathInside(folder, place), { recursive: true, force: true });

function readShares(path: string, first: number, count: number): Float32Array {
  const shares = new Uint16Array(count);
  const bytes = new Uint8Array(shares.buffer);
  try {
    const file = openSync(path, 'r');
    try {
      if (!readIntoSync(file, bytes, first * shares.BYTES_PER_ELEMENT))
        throw new Error('it is truncated');
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new UserError(
      `${path}, soft labels of this run, cannot be read any more (${(error as Error).message}); resume the run to have them predicted again.`,
    );
  }
  // Not by Float32Array.from, which takes 25 times as long: a batch reads whole slices.
  const probabilities = new Float32Array(count);
  for (let i = 0; i < count; i++) probabilities[i] = shares[i] / whole;
  return probabilities;
}
