/** The child's side of a fuzzing test: watch.ts starts it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../../engine/random';

/** No mutant may take longer. */
const longestMs = 5000;

/** What was tried; `grownMb`: by how much memory grew at its peak. */
export interface Tried {
  read: number;
  refused: number;
  grownMb: number;
}

export interface Progress {
  /** The mutant that is read now, or the number of all of them at the end. */
  at: number;
  done?: Tried;
  failure?: string;
}

/** What became of a mutant; `fault`: what is wrong with that, null: nothing. */
export interface Outcome {
  /** The valid file that was damaged. */
  of: string;
  refused: boolean;
  fault: string | null;
}

/**
 * Tries mutants first, first + 1, ... below end, as the process's arguments say, and says so before each, for whoever watches. `begin`
 * reads the valid files, so that what readers need once is no mutant's doing.
 */
export async function tryMutants(
  begin: (folder: string) => Promise<void> | void,
  tryOne: (n: number, random: Random, folder: string) => Promise<Outcome> | Outcome,
): Promise<void> {
  const [first, end] = process.argv.slice(2).map(Number);
  const report = (progress: Progress) => process.send!(progress);
  const folder = mkdtempSync(join(tmpdir(), 'meddistill-fuzz-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  await begin(folder);
  const before = process.resourceUsage().maxRSS;
  const done = { read: 0, refused: 0, grownMb: 0 };
  for (let n = first; n < end; n++) {
    report({ at: n });
    const began = process.cpuUsage();
    const { of, refused, fault } = await tryOne(n, new Random('mutant', n), folder);
    const { user, system } = process.cpuUsage(began);
    // Of the processor's time, since the machine may have other things to do.
    const ms = (user + system) / 1000;
    const slow = ms > longestMs ? `took ${Math.round(ms)} ms` : null;
    const wrong = fault ?? slow;
    if (wrong !== null) report({ at: n, failure: `mutant ${n} of ${of}: ${wrong}` });
    if (refused) done.refused++;
    else done.read++;
  }
  done.grownMb = Math.round((process.resourceUsage().maxRSS - before) / 1024);
  report({ at: end, done });
}
