import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { appendFile, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../../engine/errors';
import type { EngineEvent } from '../../../engine/contract/events';
import type { RunRecord } from '../../../engine/contract/run-record';
import { evaluateRun, openRun, predict } from '../../../engine/runs/finished-run';
import { readWeights, writeWeights, type Tensor } from '../../../engine/weights';
import { runCommand } from '../command-line';
import { withFolder } from '../images/shared';
import { runTiny, tinyRunConfig, writeTinyCohort } from './tiny-cohort';

const stages = ['teacher', 'warmup', 'kd'];
/** Three stages only, with a checkpoint every fourth step. */
const config = () => {
  const tiny = tinyRunConfig();
  tiny.training['checkpointEvery'] = 4;
  return { ...tiny, methods: ['kd'], baselines: [], output: { probabilities: true } };
};

const weightsOf = (run: string) =>
  stages.map((stage) => readFileSync(join(run, `weights/${stage}.safetensors`)).toString('base64'));
const recordOf = (run: string) =>
  JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')) as RunRecord;
const rowsOf = (run: string) =>
  readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as EngineEvent & { step?: number; stage?: string });

/** Warnings of a run, and in which stages it trained or went on. */
const warningsOf = (events: EngineEvent[]) =>
  events.flatMap((e) => (e.type === 'log' && e.level === 'warning' ? [e.message] : []));
const trainedIn = (events: EngineEvent[]) =>
  events.flatMap((e) =>
    e.type === 'stage' && e.state !== 'skipped' && e.state !== 'finished' && e.stage !== 'evaluate'
      ? [`${e.stage} ${e.step}`]
      : [],
  );

const flip = (path: string, at = 0.9) => {
  const bytes = readFileSync(path);
  bytes[Math.floor(bytes.length * at)] ^= 4;
  writeFileSync(path, bytes);
};

/** Stops a run in this process after a step; its checkpoints are then as they were at every fourth step, and at this one. */
async function stopped(file: string, run: string, stage: string, step: number): Promise<void> {
  const result = await runCommand(['run', file, '--out', run, '--json'], (line, child) => {
    const event = JSON.parse(line) as EngineEvent;
    if (event.type === 'step' && event.stage === stage && event.step === step)
      child.kill('SIGKILL');
  });
  assert.equal(result.signal, 'SIGKILL', result.stderr);
}

describe('a run folder', function () {
  this.timeout(300_000);
  let folder: string;
  let file: string;
  let whole: string;
  let release: () => void;
  let over: Promise<void>;

  before(async () => {
    await new Promise<void>((ready, fail) => {
      over = withFolder(async (made) => {
        folder = made;
        file = await writeTinyCohort(folder, config());
        whole = join(folder, 'whole/run');
        await runTiny(file, whole);
        ready();
        await new Promise<void>((done) => (release = done));
      });
      over.catch(fail);
    });
  });
  after(() => {
    release();
    return over;
  });

  it('on a full disk ends in one sentence, and resumed with room gives the same weights', async function () {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    const sizes = 20;
    const bytes = Number(execFileSync('du', ['-sb', whole], { encoding: 'utf8' }).split('\t')[0]);
    let full = 0;
    for (let n = 0; n < sizes; n++) {
      const kilobytes = Math.round((bytes / 1024) * (0.02 + (1.1 * n) / sizes));
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', disk], {
          stdio: 'pipe',
        });
      } catch {
        console.log('      skipped: this user may mount no disk');
        return this.skip();
      }
      try {
        const run = join(disk, 'run');
        const failed = await runTiny(file, run).then(
          () => null,
          (error: unknown) => error as Error,
        );
        if (failed) {
          full++;
          assert.ok(failed instanceof UserError, `${kilobytes} KiB: ${failed.stack}`);
          assert.match(failed.message, /^\/\S+ cannot be written \(its disk is full\)\.$/);
        }
        execFileSync('mount', ['-o', 'remount,size=100m', disk]);
        await runTiny(file, run, { resume: true });
        assert.deepEqual(weightsOf(run), weightsOf(whole), `${kilobytes} KiB`);
        assert.equal(recordOf(run).state, 'finished');
      } finally {
        execFileSync('umount', [disk]);
      }
    }
    console.log(`      ${sizes} sizes of disk, ${full} of them full, all resumed to equal weights`);
    assert.ok(full >= sizes / 2, `${full} of ${sizes} disks were full`);
  }).timeout(20 * 60_000);

  it('whose newest checkpoint is damaged goes on from the one before, with a line that says so', async () => {
    const run = join(folder, 'damaged/run');
    await stopped(file, run, 'warmup', 11);
    flip(join(run, 'checkpoints/warmup.safetensors'));
    const events = await runTiny(file, run, { resume: true });
    assert.match(
      warningsOf(events).join('\n'),
      /checkpoints\/warmup\.safetensors is damaged: .* For stage warmup the checkpoint before it is used instead\./,
    );
    assert.deepEqual(trainedIn(events), ['warmup 4', 'kd 0']);
    assert.deepEqual(weightsOf(run), weightsOf(whole));

    const both = join(folder, 'damaged-twice/run');
    await stopped(file, both, 'warmup', 11);
    flip(join(both, 'checkpoints/warmup.safetensors'));
    writeFileSync(join(both, 'checkpoints/earlier/warmup.safetensors'), '');
    assert.deepEqual(trainedIn(await runTiny(file, both, { resume: true })), ['warmup 0', 'kd 0']);
    assert.deepEqual(weightsOf(both), weightsOf(whole));
  });

  it('whose weights of a finished stage are damaged trains that stage again, with a line that says so', async () => {
    const run = join(folder, 'rotten/run');
    await runTiny(file, run);
    flip(join(run, 'weights/warmup.safetensors'));
    const events = await runTiny(file, run, { resume: true });
    assert.match(
      warningsOf(events).join('\n'),
      /weights\/warmup\.safetensors is damaged: .* Stage warmup is trained again\./,
    );
    assert.deepEqual(trainedIn(events), ['warmup 0']);
    assert.deepEqual(weightsOf(run), weightsOf(whole));
  });

  it('whose weights are those of another network names the file, and trains that stage again', async () => {
    const run = join(folder, 'other/run');
    await runTiny(file, run);
    const path = join(run, 'weights/kd.safetensors');
    const { tensors, metadata } = await readWeights(path);
    const [name, { data }] = Object.entries(tensors)[0];
    const images = [join(folder, 'mr/images/mr1.nii.gz')];
    const segment = () =>
      predict(openRun(run), images, { network: 'kd', out: join(folder, 'other/out') });
    const others = Object.fromEntries(Object.entries(tensors).slice(1));
    const longer = { dtype: 'F32' as const, shape: [data.length + 1] };
    const wrong: [tensors: Record<string, Tensor>, found: string][] = [
      [others, 'has nothing'],
      [
        { ...tensors, [name]: { ...longer, data: new Float32Array(data.length + 1) } },
        `has ${data.length + 1} values`,
      ],
    ];
    for (const [written, found] of wrong) {
      await writeWeights(path, written, metadata);
      const message = `${path} ${found} for "${name}", where ${data.length} are needed.`;
      await assert.rejects(segment(), { name: 'UserError', message });
      await assert.rejects(evaluateRun(openRun(run), { domain: 'mr' }), { message });
      const events = await runTiny(file, run, { resume: true });
      assert.ok(warningsOf(events).includes(`${message} Stage kd is trained again.`));
      assert.deepEqual(trainedIn(events), ['kd 0']);
      assert.deepEqual(weightsOf(run), weightsOf(whole));
    }
    assert.equal((await segment()).length, 1);
  });

  it('whose record is damaged, cut short, of another kind or gone has it written anew', async () => {
    const run = join(folder, 'record/run');
    await stopped(file, run, 'kd', 6);
    const { started } = recordOf(run);
    for (const text of ['', '{"state":"runn', 'null', '[]', '{"stages":3}', '\0\0\0\0', null]) {
      if (text === null) await rm(join(run, 'run.json'));
      else writeFileSync(join(run, 'run.json'), text);
      const stop = new AbortController();
      stop.abort();
      const events = await runTiny(file, run, { resume: true, signal: stop.signal });
      if (text !== null) {
        assert.match(warningsOf(events)[0], /run\.json is damaged; it is written anew/);
        // The first row is written a moment after the record.
        assert.ok(Math.abs(Date.parse(recordOf(run).started) - Date.parse(started)) < 5000);
      }
      assert.equal(recordOf(run).state, 'cancelled');
    }
    writeFileSync(join(run, 'run.json'), '{');
    const events = await runTiny(file, run, { resume: true });
    assert.deepEqual(trainedIn(events), ['kd 4']);
    assert.deepEqual(weightsOf(run), weightsOf(whole));
    assert.ok(recordOf(run).stages['teacher']!.seconds > 0);
  });

  it('killed between the weights and the record of a stage does not train it again', async () => {
    const run = join(folder, 'between/run');
    await stopped(file, run, 'kd', 2);
    const record = recordOf(run);
    record.stages['warmup'] = { ...record.stages['warmup']!, state: 'running' };
    writeFileSync(join(run, 'run.json'), JSON.stringify(record));
    assert.deepEqual(trainedIn(await runTiny(file, run, { resume: true })), ['kd 0']);
  });

  it('is cleared of what a kill left half written, and has each row once', async () => {
    const run = join(folder, 'rows/run');
    for (const step of [6, 9]) {
      const stop = await runCommand(
        ['run', file, '--out', run, '--json', '--resume'],
        (line, child) => {
          const event = JSON.parse(line) as EngineEvent;
          if (event.type === 'step' && event.stage === 'warmup' && event.step === step)
            child.kill('SIGKILL');
        },
      );
      assert.equal(stop.signal, 'SIGKILL', stop.stderr);
    }
    for (const left of [
      'weights/kd.safetensors.123.part',
      'run.json.0123456789ab.tmp',
      'checkpoints/kd.safetensors.0123456789ab.part',
    ])
      writeFileSync(join(run, left), 'half');
    writeFileSync(join(run, 'checkpoints/teacher.safetensors'), 'half removed');
    await appendFile(join(run, 'metrics.jsonl'), '{"type":"step","stage":"war');
    const kept = ['notes.part.txt', 'mine.tmp'];
    for (const name of kept) writeFileSync(join(run, name), 'of the user');
    await runTiny(file, run, { resume: true });
    const files = readdirSync(run, { recursive: true, encoding: 'utf8' });
    assert.deepEqual(
      files.filter((name) => /part|tmp|lock|held|^checkpoints\/.*tensors/.test(name)).sort(),
      kept.sort(),
    );
    const seen = new Set<string>();
    for (const { type, stage, step, ...row } of rowsOf(run)) {
      if (stage === undefined) continue;
      const { network, domain, pair, state } = row as Record<string, unknown>;
      const key = JSON.stringify([type, stage, step, network, domain, pair, state]);
      // A finished stage is passed over each time that a run goes on.
      assert.ok(state === 'skipped' || !seen.has(key), `${key} is there twice`);
      seen.add(key);
    }
    assert.deepEqual(weightsOf(run), weightsOf(whole));
  });

  it('is worked on by one of eight processes that start at once; the others say by whom', async () => {
    const run = join(folder, 'eight/run');
    const results = await Promise.all(
      Array.from({ length: 8 }, () => runCommand(['run', file, '--out', run, '--json'])),
    );
    const worked = results.filter(({ code }) => code === 0);
    assert.equal(
      worked.length,
      1,
      results.map(({ code, stderr }) => `${code} ${stderr}`).join('\n'),
    );
    for (const { code, stderr } of results.filter((result) => result !== worked[0])) {
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^Process \d+ is working on the run .*eight\/run; stop it first, or choose another folder\.\n$/,
      );
    }
    assert.deepEqual(weightsOf(run), weightsOf(whole));
    assert.deepEqual(
      readdirSync(run).filter((name) => name.startsWith('.')),
      [],
    );
  });

  it('is neither read nor written through a symbolic link', async function () {
    if (process.platform === 'win32') this.skip();
    const elsewhere = join(folder, 'elsewhere');
    await mkdir(elsewhere);
    const secret = join(elsewhere, 'secret');
    writeFileSync(secret, '{}');
    for (const name of [
      'run.json',
      'metrics.jsonl',
      'weights',
      'checkpoints',
      'predictions',
      'graphs',
      'probabilities',
      'student.onnx',
      'report.json',
      'config.distill.jsonc',
    ]) {
      // Beside a finished run, whose stages it takes.
      const run = join(folder, 'whole', `link-${name}`);
      await mkdir(run, { recursive: true });
      await symlink(name.includes('.') ? secret : elsewhere, join(run, name));
      const refused = await runTiny(file, run).then(
        () => null,
        (error: unknown) => error as Error,
      );
      // A file that is written whole takes the link's place, or it is refused.
      if (refused) {
        assert.ok(refused instanceof UserError, refused.stack);
        assert.match(
          refused.message,
          /is a symbolic link; files of a run are neither read nor written through one\.$/,
          name,
        );
      }
      assert.deepEqual(readdirSync(elsewhere), ['secret'], name);
      assert.equal(readFileSync(secret, 'utf8'), '{}', name);
    }
  });
});
