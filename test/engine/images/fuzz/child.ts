/** Reads damaged images; ../fuzz.test.ts watches it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readVolume } from '../../../../engine/images/read-volume';
import type { Volume } from '../../../../engine/images/volume';
import { faultOfRefusal } from '../../fuzz/refusal';
import { tryMutants } from '../../fuzz/try-mutants';
import { mutate } from './mutate';
import { originals } from './originals';

/** All formats get as many, however many files there are of each. */
const kinds = [...new Set(originals.map(({ kind }) => kind))];

/** What is wrong with a volume that was read; null: nothing. */
function faultOf({ shape, channels, data, spacing, affine, orientation }: Volume): string | null {
  const samples = shape[0] * shape[1] * shape[2] * channels;
  if (!shape.every((n) => Number.isInteger(n) && n > 0)) return `shape ${shape.join(' x ')}`;
  if (data.length !== samples) return `${data.length} samples for ${samples}`;
  if (!spacing.every((mm) => mm > 0 && Number.isFinite(mm))) return `spacing ${spacing.join()}`;
  if (!affine.flat().every(Number.isFinite)) return `affine ${affine.join()}`;
  return /^[LRAPSI]{3}$/.test(orientation) ? null : `orientation ${orientation}`;
}

void tryMutants(
  async (folder) => {
    for (const { file, bytes, beside } of originals) {
      if (beside) writeFileSync(join(folder, beside.file), beside.bytes);
      writeFileSync(join(folder, file), bytes);
      await readVolume(join(folder, file));
    }
  },
  async (n, random, folder) => {
    const kind = kinds[n % kinds.length];
    const own = originals.filter((original) => original.kind === kind);
    const original = own[random.integer(own.length)];
    const path = join(folder, original.file);
    writeFileSync(path, mutate(original, random));
    if (original.beside) writeFileSync(join(folder, original.beside.file), original.beside.bytes);
    const of = original.name;
    try {
      return { of, refused: false, fault: faultOf(await readVolume(path)) };
    } catch (error) {
      return { of, refused: true, fault: faultOfRefusal(error, path.replace(/\.[^/]*$/, '')) };
    }
  },
);
