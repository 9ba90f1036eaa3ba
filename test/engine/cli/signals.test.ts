import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineEvent } from '../../../engine/contract/events';
import type { RunRecord } from '../../../engine/contract/run-record';
import { runCommand, startCommand } from '../command-line';
import { withFolder } from '../images/shared';
import { tinyRunConfig, writeTinyCohort } from '../runs/tiny-cohort';

const recordOf = (run: string) =>
  JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')) as RunRecord;
const quick = () => ({ ...tinyRunConfig(), methods: ['kd'], baselines: [] });

describe('a run that is told to end', function () {
  this.timeout(120_000);

  const moments: [
    title: string,
    signal: NodeJS.Signals,
    isIt: (event: EngineEvent) => boolean,
    checkpoint: boolean,
  ][] = [
    ['as it starts', 'SIGTERM', (e) => e.type === 'run', false],
    ['while it reads', 'SIGHUP', (e) => e.type === 'cohort', false],
    [
      'in training',
      'SIGHUP',
      (e) => e.type === 'step' && e.stage === 'warmup' && e.step === 3,
      true,
    ],
    ['in training', 'SIGINT', (e) => e.type === 'step' && e.stage === 'kd' && e.step === 6, true],
    [
      'while it evaluates during training',
      'SIGTERM',
      (e) => e.type === 'evaluation' && e.stage === 'warmup' && e.step === 8,
      true,
    ],
    [
      'while it evaluates',
      'SIGINT',
      (e) => e.type === 'evaluation' && e.stage === 'evaluate',
      false,
    ],
  ];
  for (const [title, signal, isIt, checkpoint] of moments)
    it(`${title}, by ${signal}, is cancelled within 2 seconds and can be resumed`, () =>
      withFolder(async (folder) => {
        const config = await writeTinyCohort(folder, quick());
        const run = join(folder, 'run');
        let asked = 0;
        const { code, stderr } = await runCommand(
          ['run', config, '--out', run, '--json'],
          (line, child) => {
            if (asked || !isIt(JSON.parse(line) as EngineEvent)) return;
            asked = performance.now();
            child.kill(signal);
          },
        );
        const milliseconds = performance.now() - asked;
        assert.ok(asked > 0);
        assert.equal(code, 1, stderr);
        assert.ok(milliseconds < 2000, `${milliseconds} ms`);
        const { state, stages } = recordOf(run);
        assert.equal(state, 'cancelled');
        const [now] = Object.entries(stages).filter(([, stage]) => stage!.state === 'running');
        if (checkpoint) assert.ok(existsSync(join(run, `checkpoints/${now[0]}.safetensors`)));
        const resumed = await runCommand(['run', config, '--out', run, '--resume']);
        assert.equal(resumed.code, 0, resumed.stderr);
      }));

  it('goes on where nobody reads its output any more, or its disk is full', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder, quick());
      const run = join(folder, 'closed/run');
      const closed = startCommand(['run', config, '--out', run, '--json']);
      let said = '';
      closed.stderr!.on('data', (text: Buffer) => (said += text.toString()));
      closed.stdout!.once('data', () => closed.stdout!.destroy());
      assert.deepEqual(await once(closed, 'exit'), [0, null], said);
      assert.equal(said, '');
      assert.equal(recordOf(run).state, 'finished');

      if (!existsSync('/dev/full')) return;
      const full = openSync('/dev/full', 'w');
      const again = join(folder, 'full/run');
      try {
        const child = startCommand(['run', config, '--out', again], full);
        assert.deepEqual(await once(child, 'exit'), [0, null]);
      } finally {
        closeSync(full);
      }
      assert.equal(recordOf(again).state, 'finished');
    }));
});

describe('a command whose output cannot be written', () => {
  it('says so in a sentence, and says nothing where nobody reads it', async function () {
    if (!existsSync('/dev/full')) this.skip();
    const full = openSync('/dev/full', 'w');
    try {
      const child = startCommand(['--help'], full);
      let said = '';
      child.stderr!.on('data', (text: Buffer) => (said += text.toString()));
      assert.deepEqual(await once(child, 'close'), [1, null]);
      assert.match(said, /^The output cannot be written \(.*\)\.\n$/);
    } finally {
      closeSync(full);
    }
    const piped = startCommand(['--help']);
    let said = '';
    piped.stderr!.on('data', (text: Buffer) => (said += text.toString()));
    piped.stdout!.destroy();
    await once(piped, 'close');
    assert.equal(said, '');
  }).timeout(60_000);
});
