import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunRecord } from '../../engine/contract/run-record';
import { runEvents } from '../../engine/server/runs';
import { RunModel } from '../../extension/run-model';

describe('a run as its folder tells it', () => {
  let folder: string;
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'meddistill-run-')), 'liver-1');
    mkdirSync(folder);
  });
  afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

  const write = (record: Partial<RunRecord>) =>
    writeFileSync(
      join(folder, 'run.json'),
      JSON.stringify({ started: new Date().toISOString(), config: '/c', ...record }),
    );
  const read = (): RunModel => {
    const run = new RunModel(folder);
    run.refresh();
    return run;
  };

  it('is running while its process lives, and interrupted when that is gone', async () => {
    // The engine's program is told by its name, so that another process with its id is not taken for it.
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'cli.js']);
    await once(child, 'spawn');
    write({ state: 'running', pid: child.pid });
    const run = read();
    assert.equal(run.state, 'running');
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(run.state, 'interrupted');
    assert.ok(run.canResume);
  });

  it('is interrupted where another process has its id by now', function () {
    if (process.platform !== 'linux') this.skip();
    const other = spawn('sleep', ['10']);
    write({ state: 'running', pid: other.pid });
    assert.equal(read().state, 'interrupted');
    other.kill();
  });

  it('is interrupted where it was started before the machine was', () => {
    write({ state: 'running', pid: process.pid, started: '2001-01-01T00:00:00.000Z' });
    assert.equal(read().state, 'interrupted');
  });

  it('is running from the start of its process, and failed if that leaves no record', () => {
    const run = new RunModel(folder);
    run.attach(process.pid);
    assert.equal(run.state, 'running');
    writeFileSync(join(folder, 'engine.log'), 'domains.ct.images: no file matches /x.\n');
    run.detach({ code: 2, signal: null });
    assert.equal(run.state, 'failed');
    assert.equal(run.reason(), 'domains.ct.images: no file matches /x.');
  });

  it('stays running while a resumed process has not written its record yet', () => {
    write({ state: 'cancelled' });
    const run = read();
    assert.equal(run.state, 'cancelled');
    run.attach(process.pid);
    assert.equal(run.state, 'running');
  });

  it('names the signal that ended its process, and the engine says why it failed', () => {
    const { pid } = spawnSync('true');
    write({ state: 'running', pid });
    const run = read();
    assert.equal(run.reason(), 'its process is gone');
    run.detach({ code: null, signal: 'SIGKILL' });
    assert.match(run.reason(), /killed \(SIGKILL\)/);
    write({ state: 'failed', error: 'The loss is not finite.' });
    run.refresh();
    assert.equal(run.reason(), 'The loss is not finite.');
  });

  it('keeps what it knew when its record is damaged', () => {
    write({ state: 'finished' });
    const run = read();
    writeFileSync(join(folder, 'run.json'), '{"state": "fin');
    run.refresh();
    assert.equal(run.state, 'finished');
  });

  it('tells whether anything changed, and passes over lines cut short by a crash', async () => {
    write({ state: 'cancelled' });
    const run = read();
    assert.equal(run.refresh(), false);
    assert.equal(await run.look(), null);
    const before = runEvents(folder, null);
    const event = { type: 'stage', stage: 'act', state: 'started', step: 0, steps: 9 };
    writeFileSync(join(folder, 'metrics.jsonl'), `{"time":"x\n${JSON.stringify(event)}\n`);
    const { packet, progress } = runEvents(folder, before.next);
    assert.equal(packet.events.length, 1);
    assert.equal(progress.stage, 'act');
    write({ state: 'failed', error: 'The disk is full.' });
    assert.equal(run.refresh(), true);
    assert.equal(run.state, 'failed');
  });

  it('says what is wrong with a record that it cannot read, and takes over none of it', async () => {
    for (const [text, fault] of [
      ['[]', /run\.json is damaged: it is a list, where an object is needed/],
      ['{"state":"running"', /run\.json is damaged: it is no JSON/],
      ['['.repeat(100_000), /is nested more than 64 deep/],
      [
        '{"state":"finished","config":"/c","started":5}',
        /started is a number, where a date is needed/,
      ],
      ['{"state":"finished","config":null,"started":"2026-11-20"}', /config is null/],
      [`{"state":"${'x'.repeat(2e6)}"}`, /has 2000012 bytes; of a file of its kind at most/],
    ] as const) {
      writeFileSync(join(folder, 'run.json'), text);
      for (const run of [read(), new RunModel(folder)]) {
        run.accept(await run.look());
        assert.equal(run.state, 'failed');
        assert.match(run.reason(), fault);
        assert.equal(run.record, null);
      }
    }
  });
});
