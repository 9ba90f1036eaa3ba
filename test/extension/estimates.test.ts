import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import Module from 'node:module';
import type * as vscode from 'vscode';
import type { MachineEstimate } from '../../engine/contract/estimate';
import type * as knownEstimates from '../../extension/known-estimates';
import type * as makeItFit from '../../extension/make-it-fit';
import type { RunModel } from '../../extension/run-model';
import { estimateArguments, runArguments } from '../../extension/run-process';

const hour = 3600;

/** Of a run that prepares, trains one stage and evaluates, in seconds. */
const estimateOf = (prepare: number, training: number, evaluate: number): MachineEstimate => {
  const part = (stage: string, steps: number, seconds: number) => ({
    ...{ stage, steps, left: steps, seconds },
    secondsPerStep: null,
    memory: null,
  });
  return {
    stages: [
      part('prepare', 0, prepare),
      part('teacher', 100, training),
      part('evaluate', 0, evaluate),
    ],
    took: 1,
    scale: 1,
    plan: { stages: [], networks: [] },
    device: { name: 'cpu', description: 'a processor', threads: 1 },
  };
};

describe('the cost of a run in the editor', () => {
  let KnownEstimates: typeof knownEstimates.KnownEstimates;
  let fit: typeof makeItFit;
  const settings = new Map<string, unknown>();
  const { _load: load } = Module as unknown as { _load: (...args: unknown[]) => unknown };
  /** What of the editor it needs. */
  const editor = {
    EventEmitter: class {
      private readonly events = new EventEmitter();
      readonly event = (listener: () => void) => this.events.on('event', listener);
      fire = () => this.events.emit('event');
      dispose = () => this.events.removeAllListeners();
    },
    workspace: {
      getConfiguration: () => ({
        get: (name: string, other: unknown) => settings.get(name) ?? other,
      }),
      getWorkspaceFolder: () => undefined,
      workspaceFolders: [],
    },
  };
  const files = ['settings', 'messages', 'known-estimates', 'make-it-fit'];

  before(() => {
    const hook = (request: unknown, ...rest: unknown[]) =>
      request === 'vscode' ? editor : load.call(Module, request, ...rest);
    (Module as unknown as { _load: unknown })._load = hook;
    const require = Module.createRequire(__filename);
    // Not those that another test has loaded with an editor of its own.
    for (const name of files) delete require.cache[require.resolve(`../../extension/${name}`)];
    ({ KnownEstimates } = require('../../extension/known-estimates') as typeof knownEstimates);
    fit = require('../../extension/make-it-fit') as typeof makeItFit;
  });
  after(() => {
    (Module as unknown as { _load: unknown })._load = load;
    const require = Module.createRequire(__filename);
    for (const name of files) delete require.cache[require.resolve(`../../extension/${name}`)];
  });
  afterEach(() => settings.clear());

  const times = (estimate: MachineEstimate) => fit.timesToFit(estimate).map(({ time }) => time);

  it('can be made to fit into what is shorter than it', () => {
    assert.deepEqual(times(estimateOf(0, 599, 0)), []);
    assert.deepEqual(times(estimateOf(1, 599, 1)), ['10m']);
    assert.deepEqual(times(estimateOf(0, hour, 0)), ['10m']);
    assert.deepEqual(times(estimateOf(0, 8 * hour, 0)), ['10m', '1h']);
    assert.deepEqual(times(estimateOf(0, 9 * hour, 0)), ['10m', '1h', '8h']);
  });

  it('is not offered to fit into what preparation, evaluation and 1% of the steps take', () => {
    assert.deepEqual(times(estimateOf(300, 9 * hour, 301)), ['1h', '8h']);
    assert.deepEqual(times(estimateOf(0, 101 * hour, 0)), ['8h']);
    assert.deepEqual(times(estimateOf(0, 801 * hour, 0)), []);
  });

  it('takes a time that was chosen beforehand, as the command line does, and nothing else', () => {
    assert.deepEqual(fit.asTimeChoice({ time: ' 1h30m ' }), { time: '1h30m' });
    assert.deepEqual(fit.asTimeChoice({ time: null }), { time: null });
    for (const ofMenu of [undefined, null, 'x', [{}], { groupId: 1 }])
      assert.equal(fit.asTimeChoice(ofMenu), undefined);
    for (const time of ['soon', '0s', '-1h', 30])
      assert.throws(() => fit.asTimeChoice({ time }), /must be a time, as in 45s/);
  });

  it('is passed on to the run, and asked for with the settings of one', () => {
    const start = { cli: 'cli.js', config: 'a.jsonc', folder: 'runs/a', variables: { data: '/d' } };
    const settings = ['--device', 'cpu', '--threads', '2', '--set', 'data=/d'];
    const chosen = { ...start, device: 'cpu', threads: 2 };
    assert.deepEqual(runArguments({ ...chosen, resume: false, time: '1h' }), [
      'cli.js',
      'run',
      'a.jsonc',
      '--out',
      'runs/a',
      '--json',
      '--time',
      '1h',
      ...settings,
    ]);
    assert.ok(!runArguments({ ...chosen, resume: true }).includes('--time'));
    assert.deepEqual(estimateArguments(chosen), [
      'cli.js',
      'estimate',
      'a.jsonc',
      '--out',
      'runs/a',
      '--json',
      ...settings,
    ]);
  });

  describe('is known', () => {
    let text = '';
    const config = {
      uri: { fsPath: '/a.distill.jsonc', toString: () => 'file:///a.distill.jsonc' },
      getText: () => text,
    } as vscode.TextDocument;
    const runs: Partial<RunModel>[] = [];
    const estimate = estimateOf(1, 2, 3);
    let estimates: knownEstimates.KnownEstimates;
    let told = 0;

    beforeEach(async () => {
      text = '{}';
      runs.length = 0;
      told = 0;
      estimates = new KnownEstimates({ list: () => runs as RunModel[] });
      estimates.onDidChange(() => told++);
      await estimates.make(config, () => Promise.resolve(estimate));
    });

    it('until the config changes, and again when that is undone', () => {
      assert.equal(told, 1);
      assert.equal(estimates.of(config), estimate);
      text = '{ "classes": [] }';
      assert.equal(estimates.of(config), undefined);
      text = '{}';
      assert.equal(estimates.of(config), estimate);
    });

    it('not of what was typed while it was made', async () => {
      await estimates.make(config, () => {
        text = '{ "classes": [] }';
        return Promise.resolve(estimate);
      });
      assert.equal(estimates.of(config), undefined);
    });

    it('for the device, the threads and the variables that it was made with', () => {
      for (const [name, value] of [
        ['device', 'cuda'],
        ['threads', 3],
        ['variables', { data: '/d' }],
      ] as const) {
        settings.set(name, value);
        assert.equal(estimates.of(config), undefined, name);
        settings.clear();
        assert.equal(estimates.of(config), estimate);
      }
    });

    it('until a run of the config has ended, whose stages are not trained again', () => {
      const run = (of: string, ended: string | undefined, isRunning = false) => {
        const record = { config: of, started: '2026-11-20T08:00:00.000Z', ended };
        runs.push({ record, isRunning } as RunModel);
      };
      const later = new Date(Date.now() + 1000).toISOString();
      run('/other.distill.jsonc', later);
      run('/a.distill.jsonc', '2026-11-20T09:00:00.000Z');
      run('/a.distill.jsonc', later, true);
      assert.equal(estimates.of(config), estimate);
      run('/a.distill.jsonc', later);
      assert.equal(estimates.of(config), undefined);
    });

    it('still where making another was called off', async () => {
      await estimates.make(config, () => Promise.resolve(undefined));
      assert.equal(estimates.of(config), estimate);
      assert.equal(told, 1);
    });
  });
});
