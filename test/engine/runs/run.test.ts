import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { loadConfig, readConfigText } from '../../../engine/config/load';
import { inspect } from '../../../engine/images/inspect';
import { readVolume } from '../../../engine/images/read-volume';
import { UserError } from '../../../engine/errors';
import type { EngineEvent } from '../../../engine/contract/events';
import { evaluateRun, openRun, predict } from '../../../engine/runs/finished-run';
import type { Report } from '../../../engine/contract/report';
import { formatReport } from '../../../engine/presentation/terminal';
import { runDistillation } from '../../../engine/runs/run';
import type { RunRecord } from '../../../engine/contract/run-record';
import { runCommand } from '../command-line';
import { withFolder } from '../images/shared';
import { readWeights, writeWeights } from '../../../engine/weights';
import { runTiny, tinyRunConfig, writeConfig, writeTinyCohort } from './tiny-cohort';

const stages = ['teacher', 'warmup', 'psae', 'act', 'gkd', 'control-steps'];

const weightsOf = (run: string) =>
  Object.fromEntries(
    stages.map((stage) => [
      stage,
      readFileSync(join(run, 'weights', `${stage}.safetensors`)).toString('base64'),
    ]),
  );
const recordOf = (run: string) =>
  JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')) as RunRecord;
const reportOf = (run: string) =>
  JSON.parse(readFileSync(join(run, 'report.json'), 'utf8')) as Report;

/** Turns a run's folder into one as an older version left it. */
async function makeOld(run: string): Promise<void> {
  const rename = (text: string) => text.replaceAll('"gkd"', '"student"');
  const record = recordOf(run) as Partial<RunRecord>;
  const { gkd: distill, ...others } = record.stages!;
  delete record.plan;
  writeFileSync(
    join(run, 'run.json'),
    JSON.stringify({ ...record, stages: { ...others, distill } }),
  );
  renameSync(join(run, 'weights/gkd.safetensors'), join(run, 'weights/distill.safetensors'));
  // Its vectors were not standardised.
  const alignment = join(run, 'weights/act.safetensors');
  const { tensors, metadata } = await readWeights(alignment);
  for (const name of Object.keys(tensors)) if (name.includes('.running_')) delete tensors[name];
  await writeWeights(alignment, tensors, metadata);
  const report = JSON.parse(
    rename(readFileSync(join(run, 'report.json'), 'utf8')),
  ) as Partial<Report>;
  delete report.networks;
  for (const domain of Object.values(report.domains!))
    Object.assign(domain, { gain: domain.gain.student });
  writeFileSync(join(run, 'report.json'), JSON.stringify(report));
  for (const domain of ['ct', 'mr'])
    renameSync(
      join(run, 'predictions', domain, 'gkd'),
      join(run, 'predictions', domain, 'student'),
    );
}

describe('runDistillation', function () {
  this.timeout(120_000);

  it('leaves a folder with everything: record, log, weights, model, report, cases, predictions', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder, {
        ...tinyRunConfig(),
        output: { probabilities: true, errors: true },
      });
      const run = join(folder, 'run');
      const events = await runTiny(config, run);
      assert.equal(events.at(-1)!.type, 'finished');
      assert.equal(recordOf(run).state, 'finished');
      assert.equal(
        readFileSync(join(run, 'config.distill.jsonc'), 'utf8'),
        readFileSync(config, 'utf8'),
      );

      const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trim().split('\n');
      const logged = lines.map((line) => JSON.parse(line) as EngineEvent);
      assert.equal(logged.length, events.length);
      const distill = logged.filter((e) => e.type === 'step' && e.stage === 'gkd');
      assert.equal(distill.length, 16);
      const names = ['loss', 'crossEntropy', 'dice', 'intra', 'inter', 'studentToTeacher'];
      for (const name of [...names, 'teacherToStudent'])
        assert.ok(
          Number.isFinite((distill[0] as { losses: Record<string, number> }).losses[name]),
          name,
        );
      const norms = logged.find((e) => e.type === 'gradients' && e.stage === 'gkd');
      for (const norm of Object.values((norms as { norms: Record<string, number> }).norms))
        assert.ok(norm > 0);

      const report = reportOf(run);
      assert.equal(report.domains.ct.role, 'source');
      for (const domain of ['ct', 'mr'])
        for (const network of ['teacher', 'warmup', 'control-steps', 'gkd'])
          assert.ok(typeof report.domains[domain].networks[network]!.dice.mean === 'number');
      assert.equal(report.fsd.sourceToTarget.mr.gkd.n, 3);
      assert.equal(report.gap!.n, 1);
      assert.deepEqual(Object.keys(report.signal!), ['warmup', 'gkd']);
      assert.deepEqual([report.signal!.gkd.images, report.signal!.gkd.views], [16, 2]);
      const rows = readFileSync(join(run, 'cases.csv'), 'utf8').trim().split('\n');
      assert.equal(rows.length, 1 + 4 * (1 + 2));

      // A prediction lies on its image: same grid, same affine.
      const image = await inspect(join(folder, 'mr/images/mr1.nii.gz'));
      const prediction = await inspect(join(run, 'predictions/mr/gkd/mr1.nii.gz'));
      assert.deepEqual(prediction.shape, image.shape);
      assert.deepEqual(prediction.affine, image.affine);

      // Probabilities and errors are those of the prediction.
      const [labels, likely, errors, truth] = await Promise.all(
        ['predictions', 'probabilities', 'errors']
          .map((kind) => readVolume(join(run, kind, 'mr/gkd/mr1.nii.gz')))
          .concat(readVolume(join(folder, 'mr/labels/mr1.nii.gz'))),
      );
      assert.equal(likely.dtype, 'float32');
      labels.data.forEach((label, n) => {
        if (likely.data[n] !== 0) assert.equal(label, likely.data[n] >= 0.5 ? 1 : 0);
        if (errors.data[n] !== 0) {
          const expected = label === truth.data[n] ? 1 : label === 1 ? 2 : 3;
          assert.equal(errors.data[n], expected);
        }
      });
      assert.ok(errors.data.some((value) => value > 0));

      // The exported student takes any number of images.
      const session = await InferenceSession.create(join(run, 'student.onnx'));
      const input = new Tensor('float32', new Float32Array(3 * 32 * 32), [3, 1, 32, 32]);
      const { probabilities } = await session.run({ image: input });
      assert.deepEqual(probabilities.dims, [3, 2, 32, 32]);
      const data = probabilities.data as Float32Array;
      assert.ok(Math.abs(data[0] + data[32 * 32] - 1) < 1e-5);
      await session.release();

      // What the report says can be had again, and a file can be segmented alone.
      const again = await evaluateRun(openRun(run), { domain: 'mr' });
      assert.deepEqual(
        again.domains.mr.networks.gkd!.cases,
        JSON.parse(JSON.stringify(report.domains.mr.networks.gkd!.cases)),
      );
      const [file] = await predict(openRun(run), [join(folder, 'ct/images/ct1.nii.gz')], {
        network: 'student',
        out: join(folder, 'out'),
      });
      assert.deepEqual((await readVolume(file)).shape, [64, 64, 10]);
    }));

  it('trains and reports one student for each method, and what they share once', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder);
      const alone = join(folder, 'alone/run');
      await runTiny(config, alone);
      const several = {
        ...tinyRunConfig(),
        methods: ['gkd', 'kd', { method: 'cwd', name: 'cwd-t2', temperature: 2 }],
      };
      const run = join(folder, 'several/run');
      const events = await runTiny(await writeConfig(folder, several), run);
      const students = ['gkd', 'kd', 'cwd-t2'];

      const started = events.flatMap((e) =>
        e.type === 'stage' && e.state === 'started' ? [e.stage] : [],
      );
      assert.deepEqual(started, [
        ...stages.slice(0, -1),
        'kd',
        'cwd-t2',
        'control-steps',
        'evaluate',
      ]);
      const { plan } = recordOf(run);
      assert.deepEqual(
        plan.networks.map(({ name, role }) => `${name} ${role}`),
        [
          'teacher teacher',
          'warmup baseline',
          'control-steps baseline',
          ...students.map((name) => `${name} student`),
        ],
      );
      // Other students beside it change nothing for the first.
      assert.deepEqual(weightsOf(run), weightsOf(alone));

      const report = reportOf(run);
      const { networks, gain } = report.domains.mr;
      assert.deepEqual(networks.gkd, reportOf(alone).domains.mr.networks.gkd);
      for (const name of students) {
        assert.equal(typeof networks[name]!.dice.mean, 'number');
        assert.deepEqual(Object.keys(gain[name]!), ['warmup', 'control-steps']);
        assert.ok(existsSync(join(run, 'predictions/mr', name, 'mr1.nii.gz')));
        assert.ok(report.fsd.sourceToTarget.mr[name].n > 1);
      }
      assert.notDeepEqual(networks.kd, networks.gkd);
      for (const model of ['student.onnx', 'student-kd.onnx', 'student-cwd-t2.onnx'])
        assert.ok(existsSync(join(run, model)), model);
      const rows = readFileSync(join(run, 'cases.csv'), 'utf8').trim().split('\n');
      assert.equal(rows.length, 1 + 6 * (1 + 2));

      // One student more, in the same folder: only that one is trained.
      const more = await runTiny(
        await writeConfig(folder, {
          ...several,
          methods: [...several.methods, { method: 'kd', name: 'kd-4', temperature: 4 }],
        }),
        run,
        { resume: true },
      );
      assert.deepEqual(
        more.flatMap((e) => (e.type === 'stage' && e.state === 'started' ? [e.stage] : [])),
        ['kd-4', 'evaluate'],
      );
      const image = join(folder, 'ct/images/ct1.nii.gz');
      for (const network of ['kd-4', 'student'])
        await predict(openRun(run), [image], { network, out: join(folder, network) });
      await assert.rejects(
        predict(openRun(run), [image], { network: 'none', out: folder }),
        /There is no network "none" in this run; there are teacher, warmup, control-steps, gkd, kd, cwd-t2, kd-4\./,
      );
    }));

  it('trains the control for as long by the clock as distillation took, and keeps it on resuming', () =>
    withFolder(async (folder) => {
      const run = join(folder, 'run');
      const config = await writeTinyCohort(folder, {
        ...tinyRunConfig(),
        baselines: ['control', 'control-steps'],
      });
      await runTiny(config, run);
      const { control, gkd, 'control-steps': steps } = recordOf(run).stages;
      assert.deepEqual([gkd!.steps, steps!.steps], [16, 16]);
      assert.ok(control!.steps > 16, `${control!.steps} steps`);
      // A few timed steps foretell the rest roughly, on a machine that does other things too.
      const [own, other] = [control, gkd].map((stage) => stage!.trainingSeconds!);
      assert.ok(own > other / 4, `${own} of ${other} s`);
      assert.ok(own < control!.seconds);
      const events = await runTiny(config, run, { resume: true });
      const skipped = events.flatMap((e) =>
        e.type === 'stage' && e.state === 'skipped' ? [[e.stage, e.steps]] : [],
      );
      assert.deepEqual(skipped.slice(-2), [
        ['control', control!.steps],
        ['control-steps', 16],
      ]);
    }));

  it('does without alignment where no method needs it: no FSD, and nothing said of it', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder, {
        ...tinyRunConfig(),
        methods: ['kd'],
        baselines: [],
      });
      const run = join(folder, 'run');
      await runTiny(config, run);
      const report = reportOf(run);
      assert.deepEqual(report.fsd, { sourceToTarget: {}, teacherToStudent: {} });
      assert.deepEqual(Object.keys(report.seconds), ['teacher', 'warmup', 'kd', 'evaluate']);
      assert.deepEqual(Object.keys(report.domains.mr.networks), ['teacher', 'warmup', 'kd']);
      assert.ok(!formatReport(report).includes('FSD'));
      assert.match(formatReport(report), /^Distilled minus student, warm-up: ct /m);
    }));

  it('opens runs of versions that did not write down what they train', () =>
    withFolder(async (folder) => {
      const run = join(folder, 'run');
      const config = { ...tinyRunConfig(), baselines: ['control'] };
      await runTiny(await writeTinyCohort(folder, config), run);
      await makeOld(run);
      const old = openRun(run);
      assert.deepEqual(
        old.record.plan.networks.map(({ name }) => name),
        ['teacher', 'warmup', 'control', 'student'],
      );
      const [file] = await predict(old, [join(folder, 'ct/images/ct1.nii.gz')], {
        network: 'student',
        out: join(folder, 'out'),
      });
      assert.ok(existsSync(file));
      const report = old.folder.readReport();
      assert.match(formatReport(report), /\| Student, distilled +\|/);
      assert.equal(typeof report.domains.mr.gain.student!.warmup!.mean, 'number');
      const again = await evaluateRun(old, { domain: 'mr' });
      assert.deepEqual(
        again.domains.mr.networks.student!.cases,
        JSON.parse(JSON.stringify(report.domains.mr.networks.student!.cases)),
      );
    }));

  it('gives the same weights and the same report for one seed, and others for another', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder);
      // Apart from each other, so that no run takes stages of another.
      const runs = ['a/run', 'b/run', 'c/run'].map((name) => join(folder, name));
      await runTiny(config, runs[0]);
      await runTiny(config, runs[1]);
      await runTiny(config, runs[2], { seed: 4 });
      assert.deepEqual(weightsOf(runs[0]), weightsOf(runs[1]));
      assert.notDeepEqual(weightsOf(runs[0]), weightsOf(runs[2]));
      assert.deepEqual(reportOf(runs[0]).domains, reportOf(runs[1]).domains);
      assert.deepEqual(reportOf(runs[0]).fsd, reportOf(runs[1]).fsd);
    }));

  it('runs a changed stage and what depends on it again, and takes the others as they are', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder);
      await runTiny(config, join(folder, 'runs/first'));
      const changed = tinyRunConfig();
      changed.method['temperature'] = 0.5;
      await writeConfig(folder, changed);
      const events = await runTiny(config, join(folder, 'runs/second'));
      const skipped = events.flatMap((e) =>
        e.type === 'stage' && e.state === 'skipped' ? [e.stage] : [],
      );
      assert.deepEqual(skipped, ['teacher', 'warmup', 'psae', 'act', 'control-steps']);
      const [first, second] = ['first', 'second'].map((n) => weightsOf(join(folder, 'runs', n)));
      assert.equal(first['act'], second['act']);
      assert.notEqual(first['gkd'], second['gkd']);
    }));

  it('stops when asked, with a checkpoint, and goes on to the weights of a run that was not stopped', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder);
      await runTiny(config, join(folder, 'whole/run'));
      const run = join(folder, 'stopped/run');
      const stop = new AbortController();
      const text = readConfigText(config);
      const outcome = await runDistillation({
        config: loadConfig(config, { out: run }, text),
        text,
        variables: {},
        estimate: false,
        resume: false,
        signal: stop.signal,
        onEvent: (e) => {
          if (e.type === 'step' && e.stage === 'gkd' && e.step === 7) stop.abort();
        },
      });
      assert.equal(outcome.state, 'cancelled');
      assert.equal(recordOf(run).state, 'cancelled');
      const events = await runTiny(config, run, { resume: true });
      const resumed = events.find((e) => e.type === 'stage' && e.state === 'resumed');
      assert.equal((resumed as { step: number }).step, 7);
      assert.deepEqual(weightsOf(run), weightsOf(join(folder, 'whole/run')));
      // The log has each step once.
      const steps = readFileSync(join(run, 'metrics.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as EngineEvent)
        .flatMap((e) => (e.type === 'step' && e.stage === 'gkd' ? [e.step] : []));
      assert.deepEqual(
        steps,
        Array.from({ length: 16 }, (_, i) => i + 1),
      );
    }));

  it('killed in every stage and resumed, ends with the same weights, bit for bit', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder);
      const whole = join(folder, 'whole/run');
      assert.equal((await runCommand(['run', config, '--out', whole, '--json'])).code, 0);
      const run = join(folder, 'killed/run');
      for (const stage of stages) {
        const result = await runCommand(
          ['run', config, '--out', run, '--json', '--resume'],
          (line, child) => {
            const event = JSON.parse(line) as EngineEvent;
            // Between two checkpoints.
            if (event.type === 'step' && event.stage === stage && event.step >= 7)
              child.kill('SIGKILL');
          },
        );
        assert.equal(result.signal, 'SIGKILL', result.stderr);
        assert.equal(recordOf(run).state, 'running');
        assert.ok(!existsSync(join(run, 'report.json')));
      }
      const last = await runCommand(['run', config, '--out', run, '--json', '--resume']);
      assert.equal(last.code, 0, last.stderr);
      assert.deepEqual(weightsOf(run), weightsOf(whole));
      assert.deepEqual(reportOf(run).domains, reportOf(whole).domains);
      // No temporary file is left.
      const left = readdirSync(run, { recursive: true, encoding: 'utf8' });
      assert.deepEqual(
        left.filter((name) => /\.(part|tmp)$/.test(name)),
        [],
      );
    }));

  it('stops with the stage, the step and the term where a loss is not finite, and keeps the checkpoint', () =>
    withFolder(async (folder) => {
      const config = tinyRunConfig();
      config.training['learningRate'] = 1e30;
      config.training['clipNorm'] = 0;
      config.training['optimizer'] = { name: 'sgd' };
      const file = await writeTinyCohort(folder, config);
      const run = join(folder, 'run');
      await assert.rejects(runTiny(file, run), (error: Error) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, /^Stage teacher, step \d+: .+ is (NaN|Infinity)/);
        return true;
      });
      assert.equal(recordOf(run).state, 'failed');
      assert.match(recordOf(run).error!, /Stage teacher/);
    }));

  it('takes a teacher from a file, and refuses one of another shape', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder);
      await runTiny(config, join(folder, 'first/run'));
      const changed = tinyRunConfig();
      const teacher = { ...changed.teacher, weights: 'first/run/weights/teacher.safetensors' };
      const file = await writeConfig(folder, { ...changed, teacher });
      const events = await runTiny(file, join(folder, 'second/run'));
      assert.ok(
        events.some((e) => e.type === 'stage' && e.stage === 'teacher' && e.state === 'skipped'),
      );
      assert.equal(
        reportOf(join(folder, 'second/run')).domains.mr.networks.teacher!.dice.mean,
        reportOf(join(folder, 'first/run')).domains.mr.networks.teacher!.dice.mean,
      );
      const wider = await writeConfig(folder, { ...changed, teacher: { ...teacher, width: 8 } });
      await assert.rejects(runTiny(wider, join(folder, 'third/run')), /teacher\.weights: .* needs/);
    }));
});
