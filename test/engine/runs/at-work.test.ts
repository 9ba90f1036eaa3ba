import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { RunRecord } from '../../../engine/contract/run-record';
import { isAtWork } from '../../../engine/runs/at-work';

const long = '2000-01-01T00:00:00.000Z';
const record = (part: Partial<RunRecord>) =>
  ({ state: 'running', started: new Date().toISOString(), ...part }) as RunRecord;

describe('isAtWork', () => {
  it('holds while the process lives, also of a run that was first started before the machine was', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'cli.js']);
    const ended = new Promise((done) => child.on('close', done));
    try {
      await new Promise((done) => child.on('spawn', done));
      assert.ok(isAtWork(record({ pid: child.pid })));
      assert.ok(
        isAtWork(record({ pid: child.pid, started: long, since: new Date().toISOString() })),
      );
      assert.ok(!isAtWork(record({ pid: child.pid, started: long })));
    } finally {
      child.kill();
      await ended;
    }
    assert.ok(!isAtWork(record({ pid: child.pid })));
    assert.ok(!isAtWork(record({})));
    // Of these, some mean a group of processes, or all.
    for (const pid of [-1, 0, -process.pid, 1.5, NaN, '1' as unknown as number])
      assert.ok(!isAtWork(record({ pid })), String(pid));
  });
});
