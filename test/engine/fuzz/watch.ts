import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import type { Progress, Tried } from './try-mutants';

/** How many mutants a test takes where it asks for `most`; a longer run on demand. */
export const mutantsOf = (most: number): number =>
  process.env.MEDDISTILL_FUZZ ? Number(process.env.MEDDISTILL_FUZZ) : most;

/** No sign of life for so long means that it hangs; what a mutant may take is measured where it is read. */
const silenceMs = 30_000;
/** Nor may memory grow further above what the valid files need: mutants are small. */
const mostMb = 512;
/** Processes begin anew now and then, so that the peak of memory is that of few mutants. */
const each = 2500;

interface Outcome {
  failures: string[];
  done: Tried | null;
}

/** Has a script, which calls `tryMutants`, try mutants in a process of its own, which is killed when one hangs. */
function tryApart(script: string, first: number, end: number): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = fork(script, [`${first}`, `${end}`], {
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

/** Asserts that a script reads or refuses `count` mutants as it should, and refuses at least `refused` of them. */
export async function assertTried(script: string, count: number, refused: number): Promise<void> {
  const total = { read: 0, refused: 0 };
  for (let first = 0; first < count; first += each) {
    const { failures, done } = await tryApart(script, first, Math.min(count, first + each));
    assert.deepEqual(failures, []);
    assert.ok(done && done.grownMb <= mostMb, `memory grew by ${done?.grownMb} MB`);
    total.read += done.read;
    total.refused += done.refused;
  }
  assert.equal(total.read + total.refused, count);
  assert.ok(total.refused >= refused, `only ${total.refused} were refused`);
  console.log(`      ${total.read} read, ${total.refused} refused`);
}
