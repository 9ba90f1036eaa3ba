import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import Module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunRecord } from '../../engine/contract/run-record';
import { runHandlers } from '../../engine/server/runs';
import type { EngineClient } from '../../extension/engine-client';
import type { RunModel } from '../../extension/run-model';
import type { RunRegistry } from '../../extension/run-registry';

/** What of the editor a registry needs. */
class Emitter<T> {
  private readonly listeners = new Set<(value: T) => void>();
  readonly event = (listener: (value: T) => void) => {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  };
  fire(value: T): void {
    for (const listener of this.listeners) listener(value);
  }
  dispose(): void {
    this.listeners.clear();
  }
}

describe('the runs of a workspace', () => {
  let folder: string;
  let found: string[] = [];
  let Registry: typeof RunRegistry;
  const { _load: load } = Module as unknown as { _load: (...args: unknown[]) => unknown };
  const editor = {
    EventEmitter: Emitter,
    Disposable: class {
      constructor(readonly dispose: () => void) {}
      static from = (...all: { dispose(): void }[]) => ({
        dispose: () => all.forEach((one) => one?.dispose()),
      });
    },
    workspace: {
      workspaceFolders: [],
      createFileSystemWatcher: () => ({
        onDidCreate: () => ({ dispose: () => {} }),
        onDidChange: () => ({ dispose: () => {} }),
        onDidDelete: () => ({ dispose: () => {} }),
        dispose: () => {},
      }),
      onDidChangeWorkspaceFolders: () => ({ dispose: () => {} }),
      findFiles: () =>
        Promise.resolve(found.map((run) => ({ fsPath: join(folder, run, 'run.json') }))),
    },
  };

  before(() => {
    const hook = (request: unknown, ...rest: unknown[]) =>
      request === 'vscode' ? editor : load.call(Module, request, ...rest);
    (Module as unknown as { _load: unknown })._load = hook;
    const own = Module.createRequire(__filename)('../../extension/run-registry') as object;
    ({ RunRegistry: Registry } = own as { RunRegistry: typeof RunRegistry });
  });
  after(() => {
    (Module as unknown as { _load: unknown })._load = load;
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'meddistill-runs-'));
    found = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (run: string, record: Partial<RunRecord> | string) => {
    mkdirSync(join(folder, run), { recursive: true });
    const whole = { config: '/c', seed: 1, started: '2026-11-20T08:00:00.000Z' };
    writeFileSync(
      join(folder, run, 'run.json'),
      typeof record === 'string' ? record : JSON.stringify({ ...whole, ...record }),
    );
    if (!found.includes(run)) found.push(run);
  };
  /** The engine's calls, without a process between. */
  const engine = {
    request: async (method: keyof typeof runHandlers, params: never) =>
      structuredClone(
        await runHandlers[method](params, { isCancellationRequested: false } as never),
      ),
  } as unknown as EngineClient;
  const warnings: string[] = [];
  const log = { info: () => {}, error: () => {}, warn: (text: string) => warnings.push(text) };
  const memento = { get: (_: string, other: unknown) => other, update: () => Promise.resolve() };
  const open = () => new Registry(memento as never, engine, log);

  it('are listed a thousand in under 80 times what reading their records takes, though some of them are damaged', async () => {
    const count = 1000;
    const metrics = `${JSON.stringify({ type: 'log', level: 'info', message: 'x'.repeat(1000) })}\n`;
    for (let n = 0; n < count; n++) {
      write(`run${n}`, { state: 'finished', started: new Date(1.7e12 + n * 1e6).toISOString() });
      writeFileSync(join(folder, `run${n}`, 'metrics.jsonl'), metrics.repeat(20));
    }
    const damaged = ['null', '[]', '{"state":1}', '['.repeat(100_000), '{"started":5}', ''];
    damaged.forEach((text, n) => write(`bad${n}`, text));
    mkdirSync(join(folder, 'bad-folder/run.json'), { recursive: true });
    found.push('bad-folder');
    let changes = 0;
    const began = process.cpuUsage();
    const runs = open();
    runs.onDidChange(() => changes++);
    await runs.find();
    const { user, system } = process.cpuUsage(began);
    // Held against what this very machine takes to read and parse the records alone.
    const before = process.cpuUsage();
    for (let n = 0; n < count; n++)
      JSON.parse(readFileSync(join(folder, `run${n}`, 'run.json'), 'utf8'));
    const alone = process.cpuUsage(before);
    const times = (user + system) / (alone.user + alone.system);
    assert.ok(times < 80, `took ${times.toFixed()} times as long, ${(user + system) / 1000} ms`);
    assert.ok(changes < 10, `${changes} changes were told`);
    const listed = runs.list();
    assert.equal(listed.length, count + damaged.length + 1);
    const sound = listed.filter(({ state }) => state === 'finished');
    assert.equal(sound.length, count);
    assert.equal(sound[0].name, `run${count - 1}`);
    for (const run of listed.filter(({ name }) => name.startsWith('bad')))
      assert.match(run.reason(), /run\.json (is|cannot)/, run.name);
    runs.dispose();
  });

  it('tell all that they reported before they are called finished', async () => {
    const step = (n: number) =>
      `${JSON.stringify({ type: 'step', time: new Date().toISOString(), stage: 'a', step: n, steps: 9, losses: { loss: n }, learningRate: 1, imagesPerSecond: 1 })}\n`;
    write('run', { state: 'cancelled' });
    const file = join(folder, 'run/metrics.jsonl');
    writeFileSync(file, step(1));
    const runs = open();
    await runs.find();
    const told: string[] = [];
    runs.onDidChange((run: RunModel | undefined) => run && told.push(run.state));
    const following = runs.follow(join(folder, 'run'), ({ packet, reset }) => {
      const { state, progress } = runs.list()[0];
      told.push(
        `${reset ? 'anew ' : ''}${packet.blocks[0]?.step.join()} ${progress.step} ${state}`,
      );
    });
    await delay(200);
    appendFileSync(file, step(2) + step(3));
    write('run', { state: 'finished' });
    runs.touch(runs.list()[0]);
    await delay(300);
    following.dispose();
    // After the first read other views are told too, that know by it how far the run is.
    assert.deepEqual(told, ['anew 1 1 cancelled', 'cancelled', '2,3 3 cancelled', 'finished']);
    runs.dispose();
  });

  it('are told of once their numbers are there, with none for one whose report is damaged', async () => {
    for (const run of ['good', 'bad']) write(run, { state: 'finished' });
    writeFileSync(
      join(folder, 'good/report.json'),
      JSON.stringify({
        classes: ['x'],
        domains: {
          mr: { role: 'target', cases: 1, networks: { student: { dice: { mean: 0.5 } } } },
        },
      }),
    );
    writeFileSync(join(folder, 'bad/report.json'), '{"domains":[null]}');
    const runs = open();
    await runs.find();
    await runs.loadResults(runs.list());
    const results = (name: string) => runs.get(join(folder, name))!.results;
    assert.equal(results('good')![0].dice.student, 0.5);
    assert.equal(results('bad'), null);
    runs.dispose();
  });
});
