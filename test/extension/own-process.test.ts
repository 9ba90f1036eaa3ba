import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunRecord } from '../../engine/contract/run-record';
import { isProcessOf, isRunIn, tellOf } from '../../extension/own-process';
import { stopProcess } from '../../extension/run-process';
import { withFolder } from '../engine/images/shared';
import { tinyRunConfig, writeTinyCohort } from '../engine/runs/tiny-cohort';
import { isAlive } from '../processes';

const now = () => new Date().toISOString();

/** As `RunLock` names the file of a process that has the right to a folder. */
const lockOf = (pid: number, start: string) =>
  `.${hostname().replace(/[^\w.-]/g, '_')}~${pid}~${start}.held`;
const startOf = (pid: number): string => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
};

describe("the process that a run's record names", function () {
  this.timeout(120_000);

  it('is left alone where it is any other, whatever the folder says', () =>
    withFolder(async (folder) => {
      if (process.platform !== 'linux') return;
      const sleeping = spawn('sleep', ['60']);
      // By its command it could be a run, of another folder.
      const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'cli.js', 'run']);
      try {
        await Promise.all([sleeping, other].map((child) => once(child, 'spawn')));
        const foreign = [sleeping.pid!, other.pid!];
        const left = async (run: string) => {
          for (const pid of [
            ...foreign,
            process.pid,
            process.ppid,
            1,
            0,
            -1,
            -process.pid,
            1.5,
            NaN,
          ])
            assert.equal(
              await stopProcess(pid, () => isProcessOf({ pid, folder: run, since: now() }), 100),
              false,
              `${pid}`,
            );
          assert.ok(foreign.every(isAlive));
        };
        await left(folder);
        // With files that claim the right for them, of a start that nobody elsewhere can know.
        for (const pid of foreign)
          for (const start of ['0', '1', String(Number(startOf(pid)) + 1)])
            writeFileSync(join(folder, lockOf(pid, start)), '');
        await left(folder);
        // Known all the same: its command is none of a run.
        writeFileSync(join(folder, lockOf(sleeping.pid!, startOf(sleeping.pid!))), '');
        await left(folder);
      } finally {
        sleeping.kill();
        other.kill();
      }
    }));

  it('is not ended where its id belongs to another by the end of the grace', async () => {
    const stubborn = spawn(process.execPath, [
      '-e',
      `process.on('SIGTERM', () => {}); process.stdout.write('ready'); setInterval(() => {}, 1000)`,
    ]);
    await once(stubborn.stdout, 'data');
    let asked = 0;
    assert.ok(await stopProcess(stubborn.pid!, () => ++asked === 1, 100));
    assert.equal(asked, 2);
    assert.ok(isAlive(stubborn.pid!));
    assert.ok(await stopProcess(stubborn.pid!, () => true, 100));
    await once(stubborn, 'exit');
  });

  it('goes on when its window is killed, is known to be the run, and is stopped', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder, {
        ...tinyRunConfig(),
        training: {
          seed: 3,
          batchSize: 2,
          evaluateEvery: 0,
          stages: { teacher: { steps: 100_000 } },
        },
      });
      const run = join(folder, 'run');
      mkdirSync(run);
      const cli = join(folder, 'cli.js');
      writeFileSync(
        cli,
        `require(${JSON.stringify(resolve('node_modules/tsx/dist/cjs/index.cjs'))});
         require(${JSON.stringify(resolve('engine/cli/cli.ts'))});`,
      );
      const start = { cli, config, folder: run, resume: false, variables: {} };
      const window = spawn(
        process.execPath,
        [
          ...['--require', 'tsx/cjs', '-e'],
          `require(${JSON.stringify(resolve('extension/run-process.ts'))})
             .startRun(${JSON.stringify(start)})
             .then(({ pid }) => process.stdout.write(String(pid)));
           setInterval(() => {}, 1000);`,
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const [text] = (await once(window.stdout, 'data')) as [Buffer];
      const pid = Number(text.toString());
      window.kill('SIGKILL');
      const record = () => JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')) as RunRecord;
      const metrics = join(run, 'metrics.jsonl');
      const steps = () =>
        existsSync(metrics) && /"type":"step"/.test(readFileSync(metrics, 'utf8'));
      for (let n = 0; n < 600 && !steps(); n++) await delay(100);
      try {
        assert.ok(steps(), readFileSync(join(run, 'engine.log'), 'utf8'));
        assert.equal(record().pid, pid);
        const since = record().since!;
        const named = { pid, folder: run, since };
        if (process.platform !== 'win32') {
          assert.ok(await isProcessOf(named), readdirSync(run).join());
          // Not of a folder that only claims it.
          const other = join(folder, 'other');
          mkdirSync(other);
          writeFileSync(join(other, 'run.json'), JSON.stringify(record()));
          assert.ok(!(await isProcessOf({ ...named, folder: other })));
        }
        if (spawnSync('ps', ['-p', '1']).status === 0) {
          // As where the system does not tell when a process began.
          const told = (await tellOf(pid))!;
          assert.ok(isRunIn(told, run, since), JSON.stringify(told));
          assert.ok(!isRunIn(told, `${run}2`, since));
          assert.ok(!isRunIn(told, folder, since));
          const days = (n: number) => new Date(Date.parse(since) + n * 86_400_000).toISOString();
          assert.ok(!isRunIn(told, run, days(-1)) && !isRunIn(told, run, days(1)));
          assert.equal(await tellOf(2 ** 22 + 1), null);
        }
        assert.ok(await stopProcess(pid, () => isProcessOf(named)));
        assert.ok(!isAlive(pid));
        assert.equal(record().state, 'cancelled');
      } finally {
        if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      }
    }));

  it('is known as the comparison that a run is a seed of', () => {
    const began = new Date('2026-11-25T10:00:00Z');
    const later = '2026-11-25T15:00:00Z';
    const command = 'node /x/dist/cli.js compare a.distill.jsonc --out /runs/a-compare --json';
    const told = { began, command };
    assert.ok(isRunIn(told, '/runs/a-compare/seed3', later));
    assert.ok(!isRunIn(told, '/runs/other/seed3', later));
    assert.ok(!isRunIn(told, '/runs/a-compare/seed3', '2026-11-25T09:00:00Z'), 'it began after');
    const run = { began, command: command.replace('compare', 'run') };
    assert.ok(!isRunIn(run, '/runs/a-compare/seed3', later));
  });
});
