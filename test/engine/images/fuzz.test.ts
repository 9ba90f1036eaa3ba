import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Progress } from './fuzz/child';

/** How many mutants; a longer run on demand. */
const count = Number(process.env.MEDDISTILL_FUZZ ?? 10_000);
/** No sign of life for so long means that it hangs; what a mutant may take is measured where it is read. */
const silenceMs = 30_000;
/** Nor may memory grow further above what the valid files need: mutants are small, and limits.ts bounds what they can ask for. */
const mostMb = 512;

interface Outcome {
  failures: string[];
  done: NonNullable<Progress['done']> | null;
}

/** Reads mutants in a process of their own, which is killed when one hangs. */
function readMutants(first: number, end: number): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = fork(join(__dirname, 'fuzz', 'child.ts'), [`${first}`, `${end}`], {
      execArgv: ['-r', 'tsx/cjs'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const outcome: Outcome = { failures: [], done: null };
    let at = -1;
    let watch: NodeJS.Timeout | undefined;
    let stderr = '';
    child.stderr!.on('data', (text) => (stderr = `${stderr}${text}`.slice(-2000)));
    child.on('message', (progress: Progress) => {
      clearTimeout(watch);
      at = progress.at;
      if (progress.failure) outcome.failures.push(progress.failure);
      if (progress.done) outcome.done = progress.done;
      else
        watch = setTimeout(() => {
          outcome.failures.push(`mutant ${at} took longer than ${silenceMs} ms`);
          child.kill('SIGKILL');
        }, silenceMs);
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearTimeout(watch);
      if (!outcome.done && signal !== 'SIGKILL')
        outcome.failures.push(`mutant ${at} ended the process (${code ?? signal}): ${stderr}`);
      resolve(outcome);
    });
  });
}

describe('damaged files', () => {
  it(`${count} of all formats are read or refused in one sentence, soon and in bounded memory`, async function () {
    this.timeout(60_000 + 50 * count);
    const total = { read: 0, refused: 0 };
    // Anew now and then, so that the peak of memory is that of few mutants.
    const each = 2500;
    for (let first = 0; first < count; first += each) {
      const { failures, done } = await readMutants(first, Math.min(count, first + each));
      assert.deepEqual(failures, []);
      assert.ok(done && done.grownMb <= mostMb, `memory grew by ${done?.grownMb} MB`);
      total.read += done.read;
      total.refused += done.refused;
    }
    assert.equal(total.read + total.refused, count);
    assert.ok(total.refused > count / 4, `only ${total.refused} were refused`);
  });
});
