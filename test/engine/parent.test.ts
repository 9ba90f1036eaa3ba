import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from '../processes';

/** Of a parent that starts a child, which says its id and then does what `work` says. */
const parentOf = (work: string, watched: boolean) => `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', '-e', ${JSON.stringify(`
    ${watched ? `require(${JSON.stringify(resolve('engine/parent.ts'))}).endWithParent();` : ''}
    require('node:fs').writeSync(1, 'child ' + process.pid + '\\n');
    ${work}
  `)}], { stdio: ['ignore', 'inherit', 'ignore'] });
  setInterval(() => {}, 1000);
`;

/** Starts a parent with its child, and resolves with both ids once the child works. */
async function family(work: string, watched: boolean) {
  const parent = spawn(process.execPath, ['-e', parentOf(work, watched)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const child = await new Promise<number>((done) => {
    let text = '';
    parent.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const [, pid] = /child (\d+)/.exec(text) ?? [];
      if (pid) done(Number(pid));
    });
  });
  return { parent, child };
}

const endsWithin = async (pid: number, milliseconds: number): Promise<boolean> => {
  for (const end = Date.now() + milliseconds; Date.now() < end; await delay(50))
    if (!isAlive(pid)) return true;
  return false;
};

describe('a helper of a process that is killed', function () {
  this.timeout(60_000);

  it('ends within 2 seconds while it waits', async () => {
    const { parent, child } = await family('setInterval(() => {}, 1000);', true);
    // It lives as long as its parent does.
    await delay(1200);
    assert.ok(isAlive(child));
    parent.kill('SIGKILL');
    assert.ok(await endsWithin(child, 2000));
  });

  it('ends within 2 seconds while its main thread is in one call', async () => {
    // As long as a call of a library: no event is seen meanwhile.
    const busy = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30_000);';
    const { parent, child } = await family(`setTimeout(() => { ${busy} }, 300);`, true);
    await delay(1200);
    parent.kill('SIGKILL');
    assert.ok(await endsWithin(child, 2000));
  });

  it('would go on if nobody looked', async () => {
    const { parent, child } = await family('setInterval(() => {}, 1000);', false);
    parent.kill('SIGKILL');
    const ended = await endsWithin(child, 1500);
    if (!ended) process.kill(child, 'SIGKILL');
    assert.ok(!ended);
  });

  it('ends by itself when it is done', async () => {
    const { parent, child } = await family('', true);
    assert.ok(await endsWithin(child, 5000));
    parent.kill('SIGKILL');
  });
});

describe('the server of an editor that is killed', function () {
  this.timeout(60_000);

  it('ends within 2 seconds while it reads', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meddistill-parent-'));
    try {
      // Stands for a long call of the server's own.
      const busy = join(folder, 'busy.cjs');
      writeFileSync(
        busy,
        `setTimeout(() => {
          process.send('busy');
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30_000);
        }, 2500);`,
      );
      const script = `
        const { fork } = require('node:child_process');
        const child = fork(${JSON.stringify(resolve('engine/server/server.ts'))}, [], {
          serialization: 'advanced',
          execArgv: ['--require', 'tsx/cjs', '--require', ${JSON.stringify(busy)}],
          stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        });
        child.on('message', (message) => {
          if (message === 'busy') require('node:fs').writeSync(1, 'child ' + child.pid + '\\n');
        });`;
      const parent = spawn(process.execPath, ['-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [, pid] = await new Promise<string[]>((done) =>
        parent.stdout.once('data', (chunk: Buffer) => done(/child (\d+)/.exec(chunk.toString())!)),
      );
      assert.ok(isAlive(Number(pid)));
      parent.kill('SIGKILL');
      assert.ok(await endsWithin(Number(pid), 2000));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
