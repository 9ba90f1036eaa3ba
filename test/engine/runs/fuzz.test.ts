import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Progress } from './fuzz/child';

/** How many mutants; a longer run on demand, as of images. */
const count = Math.ceil(Number(process.env.MEDDISTILL_FUZZ ?? 10_000) / 5);
/** No sign of life for so long means that it hangs. */
const silenceMs = 30_000;
/** Mutants are small. */
const mostMb = 512;

function readMutants(
  first: number,
  end: number,
): Promise<{ failures: string[]; done: Progress['done'] }> {
  return new Promise((resolve, reject) => {
    const child = fork(join(__dirname, 'fuzz', 'child.ts'), [`${first}`, `${end}`], {
      execArgv: ['-r', 'tsx/cjs'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const failures: string[] = [];
    let done: Progress['done'];
    let at = -1;
    let watch: NodeJS.Timeout | undefined;
    let stderr = '';
    child.stderr!.on('data', (text) => (stderr = `${stderr}${text}`.slice(-2000)));
    child.on('message', (progress: Progress) => {
      clearTimeout(watch);
      at = progress.at;
      if (progress.failure) failures.push(progress.failure);
      if (progress.done) done = progress.done;
      else
        watch = setTimeout(() => {
          failures.push(`mutant ${at} took longer than ${silenceMs} ms`);
          child.kill('SIGKILL');
        }, silenceMs);
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearTimeout(watch);
      if (!done && signal !== 'SIGKILL')
        failures.push(`mutant ${at} ended the process (${code ?? signal}): ${stderr}`);
      resolve({ failures, done });
    });
  });
}

describe('damaged run folders', () => {
  it(`${count} are shown, reported on, compared and gone on from, or refused in one sentence, and no sound run beside them is lost`, async function () {
    this.timeout(60_000 + 500 * count);
    const { failures, done } = await readMutants(0, count);
    assert.deepEqual(failures.slice(0, 20), []);
    assert.ok(done && done.grownMb <= mostMb, `memory grew by ${done?.grownMb} MB`);
    for (const file of ['run.json', 'report.json', 'graphs']) {
      const { read, refused } = done.files[file];
      const counts = `${file}: ${read} read, ${refused} refused`;
      assert.ok(read > 0 && refused > count / 40, counts);
    }
    // A row that is none is no reason to refuse the others.
    assert.equal(done.files['metrics.jsonl'].refused, 0);
  });
});
