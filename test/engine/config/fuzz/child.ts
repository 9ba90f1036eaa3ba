/** Reads damaged configs as the command line and the editor do; ../fuzz.test.ts watches it. */
import { parse } from 'jsonc-parser';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fill } from '../../../../engine/config/defaults';
import { distillation } from '../../../../engine/config/file';
import { loadConfig, parseConfig } from '../../../../engine/config/load';
import { salvageConfig } from '../../../../engine/config/salvage';
import { ConfigError } from '../../../../engine/errors';
import { planOf } from '../../../../engine/method/stages';
import { tryMutants } from '../../fuzz/try-mutants';
import { mutate, type Original } from './mutate';

const examples = resolve(__dirname, '../../../../examples');

/** The examples, and these with every setting written out. */
const originals: Original[] = readdirSync(examples)
  .filter((name) => name.endsWith('.distill.jsonc'))
  .flatMap((name) => {
    const text = readFileSync(join(examples, name), 'utf8');
    const value = parse(text) as object;
    const full = fill(value, distillation);
    return [
      { name, text, value },
      { name: `${name} in full`, text: JSON.stringify(full, null, 2), value: full },
    ];
  });

/** What is wrong with a refusal, which says where and in which file; null: nothing. */
function faultOfRefusal(error: unknown, file: string): string | null {
  if (!(error instanceof ConfigError)) return (error as Error).stack ?? String(error);
  const { message, place } = error;
  if (place?.file !== file) return `names no file: ${message}`;
  if (!(place.line >= 1 && place.column >= 1)) return `names no place: ${message}`;
  // eslint-disable-next-line no-control-regex
  return message === '' || /[\x00-\x1f\x7f]/.test(message) || message.length > 2000
    ? `no sentence: ${message.slice(0, 3000)}`
    : null;
}

void tryMutants(
  (folder) => {
    for (const { text } of originals) {
      const file = join(folder, 'a.distill.jsonc');
      writeFileSync(file, text);
      planOf(loadConfig(file));
    }
  },
  (n, random, folder) => {
    const original = originals[n % originals.length];
    const file = join(folder, 'a.distill.jsonc');
    const bytes = mutate(original, originals, random);
    writeFileSync(file, bytes);
    const of = original.name;
    try {
      // What an editor shows, and what it goes on with.
      const text = bytes.toString('utf8');
      parseConfig(text, file);
      salvageConfig(text, file);
    } catch (error) {
      return { of, refused: true, fault: `the editor: ${(error as Error).stack}` };
    }
    try {
      planOf(loadConfig(file));
      return { of, refused: false, fault: null };
    } catch (error) {
      return { of, refused: true, fault: faultOfRefusal(error, file) };
    }
  },
);
