import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig, readConfigText } from '../../../engine/config/load';
import type { Report } from '../../../engine/contract/report';
import { RunFolder } from '../../../engine/runs/run-folder';
import { runCommand } from '../command-line';
import { runTiny, tinyRunConfig, writeConfig, writeTinyCohort } from './tiny-cohort';

const tiny = tinyRunConfig();
const soft = { method: 'kd', targets: 'precomputed' };
const teacher = { network: 'onnx', file: 'first/student.onnx', activation: 'none' };
/** The student of one run as the teacher of the next. */
const next = {
  ...tiny,
  teacher,
  methods: [soft, ['kd', 'dkd'].map((method) => ({ ...soft, method }))],
};

describe('a run with an ONNX file as its teacher', function () {
  this.timeout(240_000);
  const folder = mkdtempSync(join(tmpdir(), 'meddistill-onnx-run-'));
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  let config: string;
  before(async () => {
    await runTiny(await writeTinyCohort(folder, { ...tiny, methods: ['kd'] }), first);
    config = await writeConfig(folder, next);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('learns by its predictions, and reports it beside the students', async () => {
    const events = await runTiny(config, second);
    assert.ok(events.every((e) => e.type !== 'step' || e.stage !== 'teacher'));
    assert.ok(events.some((e) => e.type === 'gap'));
    const [before, after] = [first, second].map((run) => new RunFolder(run).readReport());
    assert.deepEqual(Object.keys(after.domains['mr'].networks), [
      ...['teacher', 'warmup', 'control-steps', 'kd', 'kd+dkd'],
    ]);
    for (const domain of ['ct', 'mr']) {
      const own = after.domains[domain].networks['teacher']!.dice.mean!;
      assert.ok(Math.abs(own - before.domains[domain].networks['kd']!.dice.mean!) < 1e-6);
    }
    // Kernels and biases; running statistics are folded into them.
    assert.ok(after.parameters!.teacher > 0);
    assert.ok(existsSync(join(second, 'student.onnx')));
    assert.ok(!existsSync(join(second, 'soft-labels')));
  });

  it('is found finished, evaluated again, and segments by its teacher', async () => {
    const again = await runTiny(config, second, { resume: true });
    assert.ok(again.every((e) => e.type !== 'step'));
    const evaluated = await runCommand(['evaluate', second]);
    assert.equal(evaluated.code, 0, evaluated.stderr);
    const out = join(folder, 'predicted');
    const image = join(folder, 'mr/images/mr1.nii.gz');
    const { code, stderr } = await runCommand([
      ...['predict', second, image, '--network', 'teacher', '--domain', 'mr', '--out', out],
    ]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(readdirSync(out), ['mr1.nii.gz']);
  });

  it('is tried before anything is trained, on all cases', async () => {
    const fresh = await writeConfig(folder, next);
    const { code, stdout, stderr } = await runCommand(['try-teacher', fresh, '--json']);
    assert.equal(code, 0, stderr);
    const { domains, networks } = JSON.parse(stdout) as Report;
    assert.deepEqual(
      networks.map(({ name }) => name),
      ['teacher'],
    );
    // Of the source the test case is what the run evaluated it on.
    assert.deepEqual([domains['ct'].cases, domains['mr'].cases], [4, 2]);
    const before = new RunFolder(first).readReport().domains;
    const own = (of: Report['domains'], network: string, id: string) =>
      of['ct'].networks[network]!.cases.find((one) => one.id === id)!;
    const [{ id }] = before['ct'].networks['kd']!.cases;
    assert.deepEqual(
      own(domains, 'teacher', id).classes['liver'].dice,
      own(before, 'kd', id).classes['liver'].dice,
    );
    const shown = await runCommand(['try-teacher', fresh, '--domain', 'mr']);
    assert.match(shown.stdout, /\n {2}mr: Dice 0\.\d{3}\n|^ {2}mr: Dice 0\.\d{3}\n/);
    const untrained = await writeConfig(join(folder, 'untrained'), { ...next, teacher: 'unet' });
    const none = await runCommand(['try-teacher', untrained]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /is to be trained; there is none to try/);
  });

  it('is estimated, the predictions that teach included', async () => {
    const { code, stdout, stderr } = await runCommand([
      ...['estimate', config, '--out', join(folder, 'estimated'), '--seed', '9', '--json'],
    ]);
    assert.equal(code, 0, stderr);
    const { stages } = JSON.parse(stdout) as { stages: { stage: string; left: number }[] };
    assert.equal(stages.find(({ stage }) => stage === 'teacher')!.left, 0);
    assert.equal(stages.find(({ stage }) => stage === 'kd')!.left, 16);
  });

  it('says before anything is trained that the file is gone, or takes another size', async () => {
    for (const [own, why] of [
      [{ ...next, teacher: { ...teacher, file: 'gone.onnx' } }, /gone\.onnx cannot be opened/],
      [{ ...next, input: { size: 48 } }, /student\.onnx takes image \[any, 1, 32, 32\]/],
    ] as const) {
      const path = await writeConfig(join(folder, 'elsewhere'), {
        ...own,
        domains: Object.fromEntries(
          Object.entries(own.domains).map(([name, domain]) => [
            name,
            {
              ...domain,
              images: `../${domain['images'] as string}`,
              labels: `../${domain['labels'] as string}`,
            },
          ]),
        ),
        teacher: { ...own.teacher, file: `../${own.teacher.file}` },
      });
      const trained: string[] = [];
      await assert.rejects(
        runTiny(path, join(folder, 'elsewhere/run'), {
          onEvent: (e) => void (e.type === 'step' && trained.push(e.stage)),
        }),
        why,
      );
      assert.deepEqual(trained, []);
    }
  });

  it('is refused with methods that look into the teacher, with the way out', async () => {
    const faultsOf = async (own: object) => {
      const path = await writeConfig(join(folder, 'faults'), { ...next, ...own });
      return parseConfig(readConfigText(path), path).faults;
    };
    assert.deepEqual(await faultsOf({}), []);
    const [unnamed] = await faultsOf({ methods: undefined });
    assert.match(unnamed.message, /gkd looks into the teacher at every step/);
    assert.deepEqual(unnamed.fixes[0].edits, [{ path: ['methods', 0], value: soft }]);
    const named = await faultsOf({ methods: [['at', soft], { method: 'dkd', name: 'live' }] });
    assert.deepEqual(
      named.map(({ path, message }) => [path.join('.'), message.split(' ')[1]]),
      [
        ['methods.0', 'at'],
        ['methods.1', 'dkd'],
      ],
    );
    const [channel] = await faultsOf({
      teacher: { ...teacher, channels: ['background', 'spleen'] },
    });
    assert.equal(channel.path.join('.'), 'teacher.channels');
  });
});
