/** Reads mutants first, first + 1, ... below end; says so before each, for whoever watches. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readVolume } from '../../../../engine/images/read-volume';
import type { Volume } from '../../../../engine/images/volume';
import { UserError } from '../../../../engine/errors';
import { Random } from '../../../../engine/random';
import { mutate } from './mutate';
import { originals } from './originals';

/** No mutant may take longer. */
const longestMs = 5000;

export interface Progress {
  /** The mutant that is read now, or the number of all of them at the end. */
  at: number;
  done?: { read: number; refused: number; grownMb: number };
  failure?: string;
}

/** All formats get as many, however many files there are of each. */
const kinds = [...new Set(originals.map(({ kind }) => kind))];

const [first, end] = process.argv.slice(2).map(Number);
const report = (progress: Progress) => process.send!(progress);
const folder = mkdtempSync(join(tmpdir(), 'meddistill-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** What is wrong with a volume that was read; null: nothing. */
function faultOf({ shape, channels, data, spacing, affine, orientation }: Volume): string | null {
  const samples = shape[0] * shape[1] * shape[2] * channels;
  if (!shape.every((n) => Number.isInteger(n) && n > 0)) return `shape ${shape.join(' x ')}`;
  if (data.length !== samples) return `${data.length} samples for ${samples}`;
  if (!spacing.every((mm) => mm > 0 && Number.isFinite(mm))) return `spacing ${spacing.join()}`;
  if (!affine.flat().every(Number.isFinite)) return `affine ${affine.join()}`;
  return /^[LRAPSI]{3}$/.test(orientation) ? null : `orientation ${orientation}`;
}

/** A refusal is one sentence that names the file. */
function faultOfRefusal(error: unknown, path: string): string | null {
  if (!(error instanceof UserError)) return (error as Error).stack ?? String(error);
  const { message } = error;
  const stem = path.replace(/\.[^/]*$/, '');
  if (!message.includes(stem)) return `names no file: ${message}`;
  // eslint-disable-next-line no-control-regex
  if (!message.endsWith('.') || /[\x00-\x1f]/.test(message) || message.length > 600)
    return `no sentence: ${message}`;
  return null;
}

async function run(): Promise<void> {
  // What the readers and their codecs need once is no mutant's doing.
  for (const { file, bytes, beside } of originals) {
    if (beside) writeFileSync(join(folder, beside.file), beside.bytes);
    writeFileSync(join(folder, file), bytes);
    await readVolume(join(folder, file));
  }
  const before = process.resourceUsage().maxRSS;
  const done = { read: 0, refused: 0, grownMb: 0 };
  for (let n = first; n < end; n++) {
    report({ at: n });
    const random = new Random('mutant', n);
    const kind = kinds[n % kinds.length];
    const own = originals.filter((original) => original.kind === kind);
    const original = own[random.integer(own.length)];
    const path = join(folder, original.file);
    writeFileSync(path, mutate(original, random));
    if (original.beside) writeFileSync(join(folder, original.beside.file), original.beside.bytes);
    let fault: string | null;
    const began = process.cpuUsage();
    try {
      fault = faultOf(await readVolume(path));
      done.read++;
    } catch (error) {
      fault = faultOfRefusal(error, path);
      done.refused++;
    }
    const { user, system } = process.cpuUsage(began);
    const ms = (user + system) / 1000;
    // Of the processor's time, since the machine may have other things to do.
    if (ms > longestMs) fault ??= `took ${Math.round(ms)} ms`;
    if (fault !== null) report({ at: n, failure: `mutant ${n} of ${original.name}: ${fault}` });
  }
  done.grownMb = Math.round((process.resourceUsage().maxRSS - before) / 1024);
  report({ at: end, done });
}

void run();
