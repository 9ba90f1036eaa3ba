import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ConfigError } from '../../../engine/errors';
import type { Estimate } from '../../../engine/contract/estimate';
import type { EngineEvent } from '../../../engine/contract/events';
import { runCommand } from '../command-line';
import { readVolume } from '../../../engine/images/read-volume';
import { dicomMade } from '../images/dicom-made';
import { niftiBytes, niftiFiles, withFolder } from '../images/shared';
import { runTiny, tinyRunConfig, writeConfig, writeTinyCohort } from '../runs/tiny-cohort';

type Config = ReturnType<typeof tinyRunConfig>;

describe('the command line', function () {
  this.timeout(120_000);

  it('says what a run would take, as a table and as JSON, and refuses times that are none', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder, { ...tinyRunConfig(), methods: ['kd'] });
      const shown = await runCommand(['estimate', config, '--out', join(folder, 'run')]);
      assert.equal(shown.code, 0, shown.stderr);
      assert.match(shown.stdout, /^\| Stage +\| Steps +\| Step, ms +\| Time +\| Memory +\|$/m);
      assert.match(shown.stdout, /^\| Distillation +\| 16 +\| [\d.]+ +\| \d+ s +\| \d+ MB +\|$/m);
      assert.match(shown.stdout, /^\| All +\| +\| +\| \d+ \w+ +\| \d+ MB +\|$/m);
      assert.ok(!existsSync(join(folder, 'run')), 'no run is begun');
      const { stdout } = await runCommand(['estimate', config, '--json', '--time', '1h30m']);
      const { stages, scale } = JSON.parse(stdout) as Estimate;
      assert.deepEqual(
        stages.map(({ stage, steps }) => [stage, steps]),
        [
          ['prepare', 0],
          ['teacher', 16],
          ['warmup', 16],
          ['kd', 16],
          ['control-steps', 16],
          ['evaluate', 0],
        ],
      );
      assert.equal(scale, 1);
      for (const time of ['soon', '5']) {
        const { code, stderr } = await runCommand(['run', config, `--time=${time}`]);
        assert.equal(code, 2, time);
        assert.match(stderr, /It is a time, as in 45s, 30m, 2h or 1h30m\./);
      }
    }));

  it('gives one sentence for each config that cannot be run', () =>
    withFolder(async (folder) => {
      await writeTinyCohort(folder);
      const cases: [name: string, change: (c: Config) => void, sentence: RegExp][] = [
        [
          'unknown network',
          (c) => (c.teacher.network = 'resnet'),
          /^teacher\.network: "resnet" is unknown; allowed are "unet", "mobilenetv2-unet"/,
        ],
        [
          'no matching file',
          (c) => (c.domains['mr']['images'] = 'mr/pictures/{case}.nii.gz'),
          /domains\.mr\.images: No file matches .*pictures.*; the nearest folder is .*mr/,
        ],
        [
          'label missing',
          (c) => (c.domains['mr']['labels'] = 'mr/labels/{case:mr1}.nii.gz'),
          /domains\.mr: 1 of 2 images have no label, the first of them .*mr2\.nii\.gz/,
        ],
        [
          'a class value that never occurs',
          (c) => (c.domains['mr']['values'] = { liver: 7 }),
          /domains\.mr\.values\.liver: 7 never occurs in the labels of the 2 cases; these values occur: 0, 1/,
        ],
        [
          'overlapping splits',
          (c) =>
            (c.domains['ct']['split'] = {
              train: ['ct1', 'ct2'],
              validation: ['ct2'],
              test: ['ct3'],
            }),
          /"ct2" is in train already; splits may not overlap/,
        ],
        [
          'a size that the network cannot take',
          (c) => (c.input.size = 40),
          /input\.size: must be a multiple|input\.size: 40 is not a multiple/,
        ],
      ];
      // 40 = 8 * 5 fits both networks of depth 2; a deeper one it does not fit.
      for (const [name, change, sentence] of cases) {
        const config = tinyRunConfig();
        if (name.startsWith('a size')) config.teacher.depth = 4;
        change(config);
        const file = await writeConfig(folder, config);
        await assert.rejects(runTiny(file, join(folder, 'run')), (error: Error) => {
          assert.ok(error instanceof ConfigError, name);
          assert.match(error.message, sentence, name);
          assert.doesNotMatch(error.message, /\n/);
          return true;
        });
      }
    }));

  it('exits with 2 for a config that cannot be run, and says which image and label differ in size', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder);
      await writeFile(join(folder, 'mr/labels/mr2.nii.gz'), niftiBytes(niftiFiles[0].name));
      const { code, stderr } = await runCommand(['run', config, '--out', join(folder, 'run')]);
      assert.equal(code, 2, stderr);
      assert.match(
        stderr,
        /^Image and label of case mr2 of domain mr differ in size: .* is 64 x 64 x 10 and .*\n$/,
      );
    }));

  it('exits with 2 and the place for a config with a fault', () =>
    withFolder(async (folder) => {
      const file = await writeConfig(folder, { ...tinyRunConfig(), classes: [] });
      const { code, stderr } = await runCommand(['run', file]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /tiny\.distill\.jsonc:2:\d+: classes: .*\n$/);
    }));

  it('exits with 2 for a wrong command line, and says what is allowed', async () => {
    const cases: [args: string[], sentence: RegExp][] = [
      [['run', 'x.distill.jsonc', '--device', 'tpu'], /Allowed choices are auto, cpu/],
      [['run', 'nowhere.distill.jsonc'], /There is no config file .*nowhere\.distill\.jsonc/],
      [
        ['score', '--prediction', 'a', '--reference', 'b', '--spacing', '1,2'],
        /three numbers of mm/,
      ],
    ];
    for (const [args, sentence] of cases) {
      const { code, stderr } = await runCommand(args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, sentence);
    }
  });

  it('exits with 1 for a file that cannot be read, with a sentence that names it', async () => {
    const { code, stderr } = await runCommand(['inspect', 'nowhere.nii.gz']);
    assert.equal(code, 1);
    assert.match(stderr, /nowhere\.nii\.gz/);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  });

  it('prints events as JSON lines, and what a file holds as JSON', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder);
      const run = join(folder, 'run');
      const { code, stdout, stderr } = await runCommand(['run', config, '--out', run, '--json']);
      assert.equal(code, 0, stderr);
      const events = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as EngineEvent);
      assert.equal(events[0].type, 'run');
      assert.equal(events.at(-1)!.type, 'finished');
      assert.ok(existsSync(join(run, 'report.json')));

      const prediction = join(run, 'predictions/mr/gkd/mr1.nii.gz');
      const inspected = await runCommand(['inspect', prediction, '--json']);
      const found = JSON.parse(inspected.stdout) as Record<string, unknown>;
      for (const key of [
        'format',
        'shape',
        'dtype',
        'spacing',
        'orientation',
        'affine',
        'min',
        'max',
      ])
        assert.ok(key in found, key);
      assert.deepEqual(found['shape'], [64, 64, 10]);

      // Of a folder that holds several series, one is chosen as a message says.
      const series = join(folder, 'series');
      await mkdir(series);
      for (const [n, columns] of [20, 20, 16, 16, 16].entries())
        await writeFile(
          join(series, `${n}`),
          dicomMade({ columns, rows: 20, instance: n, position: [0, 0, n] }),
        );
      for (const [choice, refused, shape] of [
        [[], /"series" must choose one: number 5\/1 .*; number 5\/2 /, null],
        [['--series', '5/2'], null, [20, 20, 2]],
        [['--series', '5/2', '--frame', '1'], /frame 1 was asked for/, null],
      ] as const) {
        const out = join(folder, 'out');
        const told = await runCommand(['predict', run, series, '--out', out, ...choice]);
        const shown = await runCommand(['inspect', series, '--json', ...choice]);
        assert.deepEqual([told.code, shown.code], refused ? [1, 1] : [0, 0], told.stderr);
        if (refused) for (const { stderr: said } of [told, shown]) assert.match(said, refused);
        else {
          assert.deepEqual((JSON.parse(shown.stdout) as { shape: unknown }).shape, shape);
          const written = told.stdout.trim().split('\n').at(-1)!;
          assert.deepEqual((await readVolume(written)).shape, shape);
        }
      }

      const scored = await runCommand([
        ...['score', '--prediction', prediction],
        ...['--reference', join(folder, 'mr/labels/mr1.nii.gz'), '--json'],
      ]);
      const score = JSON.parse(scored.stdout) as Record<string, number>;
      for (const key of [
        'dice',
        'iou',
        'sensitivity',
        'specificity',
        'precision',
        'ravd',
        'assd',
        'hd95',
        'hd',
        'auc',
        'cldice',
      ])
        assert.ok(key in score, key);
    }));

  it('works with file names of any characters and lengths', async function () {
    this.timeout(480_000);
    // What Windows allows of these its own tests of names tell.
    if (process.platform === 'win32') this.skip();
    await withFolder(async (folder) => {
      const ids = ['a b\'s "q" $(id)', '-dash', '#%20é'.normalize('NFD'), `${'x'.repeat(246)}\n\\`];
      const config = tinyRunConfig();
      const domain = config.domains['ct'];
      domain['split'] = { train: [ids[0]], validation: [ids[1]], test: [ids[2], ids[3]] };
      const file = await writeTinyCohort(folder, config);
      const at = (part: string, id: string) => join(folder, 'ct', part, `${id}.nii.gz`);
      for (const [n, id] of ids.entries()) {
        await rename(at('images', `ct${n + 1}`), at('images', id));
        await rename(at('labels', `ct${n + 1}`), at('labels', id.normalize('NFC')));
      }
      const run = join(folder, 'a run #1');
      const done = await runCommand(['run', file, '--out', run]);
      assert.equal(done.code, 0, done.stderr);
      const written = await readdir(join(run, 'predictions/ct/gkd'));
      assert.deepEqual(written.sort(), [`${ids[2]}.nii.gz`, `${ids[3]}.nii.gz`].sort());

      const images = ids.map((id) => at('images', id));
      const out = join(folder, 'o');
      const predicted = await runCommand(['predict', run, ...images, '--out', out, '--json']);
      assert.equal(predicted.code, 0, predicted.stderr);
      const { files } = JSON.parse(predicted.stdout) as { files: string[] };
      assert.deepEqual(
        files.map((path) => basename(path)),
        images.map((path) => basename(path)),
      );
      const label = at('labels', ids[3].normalize('NFC'));
      for (const command of [
        ['score', '--prediction', files[3], '--reference', label],
        ['evaluate', run],
        ['report', run, '--out', join(folder, 'r.html')],
      ])
        assert.equal((await runCommand(command)).code, 0, command[0]);

      const missing = await runCommand(['inspect', at('images', 'not\nthere\u001b[2J')]);
      assert.match(missing.stderr, /not\\nthere\\u001b\[2J\.nii\.gz does not exist\.\n$/);
      const twice = [images[0], at('labels', ids[0])];
      const refused = await runCommand(['predict', run, ...twice, '--out', join(folder, 'p')]);
      assert.match(
        refused.stderr,
        /The predictions for .*images.* and .*labels.* would be one file/,
      );
      assert.deepEqual(await readdir(join(folder, 'p')), []);
    });
  });

  it('stops a run on SIGTERM within 2 seconds, with a run that can be resumed', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder);
      const run = join(folder, 'run');
      let asked = 0;
      const { code } = await runCommand(['run', config, '--out', run, '--json'], (line, child) => {
        const event = JSON.parse(line) as EngineEvent;
        if (event.type === 'step' && event.stage === 'act' && event.step === 4) {
          asked = performance.now();
          child.kill('SIGTERM');
        }
      });
      assert.ok(asked > 0);
      assert.equal(code, 1);
      const resumed = await runCommand(['run', config, '--out', run, '--json', '--resume']);
      assert.equal(resumed.code, 0, resumed.stderr);
      assert.match(resumed.stdout, /"stage":"act","state":"resumed"/);
    }));
});
