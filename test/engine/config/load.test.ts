import assert from 'node:assert/strict';
import type { DistillConfig } from '../../../engine/config/config';
import { methods } from '../../../engine/method/catalogue';
import { stagesOf } from '../../../engine/method/stages';
import { readdirSync } from 'node:fs';
import { truncate, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadConfig, parseConfig, type LoadOptions } from '../../../engine/config/load';
import { salvageConfig } from '../../../engine/config/salvage';
import { ConfigError } from '../../../engine/errors';
import { withFolder } from '../images/shared';

const root = resolve(__dirname, '../../..');
const file = '/data/liver.distill.jsonc';

/** The smallest config; every test changes one place of it. */
const smallest = `{
  "classes": ["liver"],
  "domains": {
    "ct": {
      "role": "source",
      "images": "ct/{case}.png",
      "labels": "ct/{case}_label.png"
    }
  },
  "teacher": "unet",
  "student": "mobilenetv2-unet"
}
`;

const replaced = (from: string, to: string): string => {
  assert.ok(smallest.includes(from), from);
  return smallest.replace(from, to);
};
/** With one more setting on line 12, from column 3, or in the domain on line 8, from column 7. */
const withSetting = (setting: string) =>
  replaced('"mobilenetv2-unet"\n', `"mobilenetv2-unet",\n  ${setting}\n`);
const inDomain = (setting: string) => replaced('_label.png"\n', `_label.png",\n      ${setting}\n`);
const withTeacher = (teacher: string) => replaced('"teacher": "unet"', `"teacher": ${teacher}`);
const twoClasses = (text: string) => text.replace('["liver"]', '["liver", "spleen"]');

const faultsOf = (text: string) =>
  parseConfig(text, file).faults.map(({ line, column, message }) => `${line}:${column} ${message}`);

const load = (text: string, options?: LoadOptions) => loadConfig(file, options, text);

/** How long a stage is trained, and with what. */
function settingsOf(config: DistillConfig, name: string) {
  const { steps, batchSize, learningRate } = stagesOf(config).find((s) => s.name === name)!;
  return { steps, batchSize, learningRate };
}

describe('config', () => {
  it('needs no source where only its domains are used, to evaluate on them', () => {
    const options = { onlyDomains: true };
    const config = loadConfig(file, options, replaced('"source"', '"target"'));
    assert.equal(config.domains['ct'].role, 'target');
    assert.deepEqual(loadConfig(file, options, smallest), loadConfig(file, {}, smallest));
  });

  it('of the smallest useful size has no fault, with comments and trailing commas too', () => {
    assert.deepEqual(faultsOf(smallest), []);
    const commented = replaced('["liver"],', '["liver",], // The organ.\n  /* more */');
    assert.deepEqual(faultsOf(commented), []);
    assert.ok(smallest.trim().split('\n').length < 20);
  });

  it('gets every default of the schema', () => {
    const config = load(smallest);
    const { ct } = config.domains;
    assert.deepEqual(ct, {
      role: 'source',
      images: '/data/ct/{case}.png',
      labels: '/data/ct/{case}_label.png',
      values: { liver: 1 },
      channel: 'grey',
      intensity: { normalize: 'percentile' },
      clahe: null,
      axis: 'axial',
      fov: 'none',
      split: { train: 0.7, validation: 0.1, test: 0.2 },
      maxCases: 0,
      maxSlices: 0,
    });
    assert.deepEqual(config.input, { size: [128, 128], fit: 'resize', spacing: 0, overlap: 0.25 });
    assert.deepEqual(config.teacher, { network: 'unet', width: 32, depth: 4 });
    assert.deepEqual(config.student, { network: 'mobilenetv2-unet', width: 1 });
    assert.deepEqual(config.method, {
      psae: { input: 'image', channels: 512 },
      act: { output: 10, regularisation: 1, frame: 1, consistency: 0.1 },
      augmentations: 4,
      temperature: 0.1,
      graphLoss: 'kl',
      intra: { weight: 1 },
      inter: { weight: 1, scope: 'batch' },
      cross: { weight: 1, scope: 'views' },
      scale: 'gradient',
      share: 0.3,
      supervise: 'views',
      views: {
        contrast: 0.25,
        brightness: 0.1,
        gamma: 0.3,
        noise: 0.05,
        blur: 0.7,
        bias: 0.2,
        randomConvolution: 0.25,
      },
      studentStart: 'warmup',
      fsd: { dims: 64, vectors: 256 },
    });
    const { optimizer, schedule, loss, clipNorm, stages } = config.training;
    assert.deepEqual(optimizer, {
      name: 'adam',
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0,
    });
    assert.deepEqual(schedule, { name: 'polynomial', power: 0.9, warmup: 0 });
    assert.deepEqual([loss, clipNorm], [{ crossEntropy: 1, dice: 1 }, 5]);
    assert.deepEqual(settingsOf(config, 'control'), stages.distill);
    assert.deepEqual(stages.teacher, { steps: 2000, batchSize: 8, learningRate: 0.001 });
    assert.equal(config.evaluation.threshold, 'argmax');
    assert.equal(config.evaluation.confidence, 0.95);
    assert.deepEqual([config.device, config.threads], ['auto', 0]);
    assert.deepEqual(config.output, {
      folder: '/data/runs/liver',
      predictions: true,
      probabilities: false,
      errors: false,
    });
  });

  it('gets the defaults of the form that was chosen among several', () => {
    const { training, domains } = load(
      withSetting('"training": { "optimizer": { "name": "sgd" }, "schedule": { "name": "step" } }'),
    );
    assert.deepEqual(training.optimizer, {
      name: 'sgd',
      momentum: 0.9,
      nesterov: false,
      weightDecay: 0,
    });
    assert.deepEqual(training.schedule, {
      name: 'step',
      milestones: [0.25, 0.5, 0.75],
      gamma: 0.1,
      warmup: 0,
    });
    assert.equal(domains['ct'].clahe, null);
    const of = (setting: string) => load(inDomain(setting)).domains['ct'];
    assert.deepEqual(of('"clahe": true').clahe, { clipLimit: 2, tiles: 8 });
    assert.deepEqual(of('"clahe": { "tiles": 4 }').clahe, { clipLimit: 2, tiles: 4 });
    assert.deepEqual(of('"values": { "liver": { "color": [1, 2, 3] } }').values, {
      liver: { color: [1, 2, 3], tolerance: 0 },
    });
    assert.equal(of('"masks": "m/{case}.png"').fov, 'provided');
  });

  it('numbers the classes from 1, gives all cases of a target to the test, a square for one size', () => {
    const text = twoClasses(smallest).replace(
      '"domains": {',
      '"input": { "size": 64 },\n  "domains": {\n    "mr": { "role": "target", "images": "m/{case}.png", "labels": "l/{case}.png" },',
    );
    const config = load(text);
    assert.deepEqual(config.domains['mr'].values, { liver: 1, spleen: 2 });
    assert.deepEqual(config.domains['mr'].split, { train: 0, validation: 0, test: 1 });
    assert.deepEqual(config.input.size, [64, 64]);
  });

  it('multiplies the steps of all stages by the budget, to one step at least', () => {
    const { stages } = load(
      withSetting('"training": { "budget": 0.001, "stages": { "psae": { "steps": 9000 } } }'),
    ).training;
    assert.deepEqual([stages.teacher.steps, stages.psae.steps, stages.act.steps], [2, 9, 1]);
  });

  it('names a student by several methods after them, with the options of each', () => {
    const own = '{ "method": "gkd", "name": "gkd-intra", "inter": { "weight": 0 } }';
    const { methods: students } = load(
      withSetting(`"methods": ["kd", ["gkd", "kd"], [${own}, "kd"]]`),
    );
    const [kd, both, named] = students;
    assert.deepEqual(
      students.map(({ name, method }) => [name, method]),
      [
        ['kd', 'kd'],
        ['gkd+kd', 'gkd+kd'],
        ['gkd-intra+kd', 'gkd+kd'],
      ],
    );
    const parts = (student: typeof both) =>
      student.options['parts'] as [gkd: { inter: { weight: number } }, kd: object];
    assert.deepEqual(parts(both)[1], kd.options);
    assert.equal(parts(both)[0].inter.weight, 1);
    assert.equal(parts(named)[0].inter.weight, 0);
  });

  it('takes batch size and learning rate of a stage before those of all', () => {
    const config = load(
      withSetting(
        '"training": { "batchSize": 2, "learningRate": 0.1, "stages": { "act": { "batchSize": 3 }, "distill": { "learningRate": 0.2 } } }',
      ),
    );
    assert.deepEqual(settingsOf(config, 'act'), { steps: 500, batchSize: 3, learningRate: 0.1 });
    assert.deepEqual(settingsOf(config, 'control'), {
      steps: 2000,
      batchSize: 2,
      learningRate: 0.2,
    });
  });

  it('takes variables from the options, then the environment, then the file', () => {
    const text = withSetting('"variables": { "data": "from-file" }').replace(
      'ct/{case}.png',
      '${data}/{case}.png',
    );
    const images = (options?: LoadOptions) => load(text, options).domains['ct'].images;
    assert.equal(images(), '/data/from-file/{case}.png');
    process.env['MEDDISTILL_DATA'] = '/environment';
    try {
      assert.equal(images(), '/environment/{case}.png');
      assert.equal(images({ variables: { data: '/set' } }), '/set/{case}.png');
    } finally {
      delete process.env['MEDDISTILL_DATA'];
    }
  });

  it('is overruled by the options', () => {
    const config = load(smallest, { seed: 7, device: 'cpu', threads: 3, out: '/runs/x' });
    assert.deepEqual(
      [config.training.seed, config.device, config.threads, config.output.folder],
      [7, 'cpu', 3, '/runs/x'],
    );
  });

  it('takes names that look like numbers, device files or settings as names', () => {
    for (const name of ['2', '1e3', 'role', 'length', 'a b', 'CT (früh) #1', '脳']) {
      const text = twoClasses(smallest)
        .replaceAll('"ct"', JSON.stringify(name))
        .replace('"spleen"', JSON.stringify(name));
      assert.deepEqual(faultsOf(text), [], name);
      const { domains } = load(text);
      assert.deepEqual(Object.keys(domains), [name]);
      const [domain] = Object.values(domains);
      assert.deepEqual(
        Object.entries(domain.values).sort(),
        [
          ['liver', 1],
          [name, 2],
        ].sort(),
      );
      assert.equal(domain.axis, 'axial');
    }
  });

  it('the examples have no fault', () => {
    const folder = join(root, 'examples');
    const examples = readdirSync(folder).filter((name) => name.endsWith('.distill.jsonc'));
    assert.ok(examples.length > 0);
    for (const name of examples) loadConfig(join(folder, name));
  });
});

describe('a file that is no config', () => {
  it('is refused with a place where it is nested too deep, and has no value for an editor', () => {
    const levels: [text: string, column: number][] = [
      ['['.repeat(1e5), 101],
      ['{"a":'.repeat(1e5), 501],
      [`[${'[],'.repeat(9)}${'['.repeat(200)}`, 128],
    ];
    for (const [text, column] of levels)
      assert.deepEqual(faultsOf(text), [
        `1:${column} liver.distill.jsonc is not JSON with comments: it is nested more than 100 levels deep.`,
      ]);
    assert.equal(salvageConfig('['.repeat(1e5), file), null);
    const brackets = '['.repeat(200);
    assert.deepEqual(faultsOf(withSetting(`"$schema": "${brackets}" // ${brackets}`)), []);
  });

  it('is refused by its name where it is no regular file, or too large for one', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'a.distill.jsonc');
      await writeFile(path, '');
      await truncate(path, 2e7);
      assert.throws(() => loadConfig(path), {
        name: 'ConfigError',
        message: `The config file ${path} cannot be read: it has 20000000 bytes; a config has at most 10000000.`,
      });
      assert.throws(() => loadConfig(folder), /cannot be read: it is no regular file\.$/);
    }));
});

describe('names that cannot be those of files or keys', () => {
  const bad = [
    ['__proto__', 'is a word of JavaScript that no name may be'],
    ['constructor', 'is a word of JavaScript that no name may be'],
    ['toString', 'is a word of JavaScript that no name may be'],
    ['hasOwnProperty', 'is a word of JavaScript that no name may be'],
  ];
  const outside = [
    ['../../../../escaped', 'has / in it, which names of files may not have'],
    ['/etc', 'has / in it, which names of files may not have'],
    ['a\\b', 'has \\ in it, which names of files may not have'],
    ['C:x', 'has : in it, which names of files may not have'],
    ['a\nb', 'has a control character in it, which names of files may not have'],
    ['..', 'is no name of a folder'],
    ['.', 'is no name of a folder'],
    ['', 'is empty'],
    ['con', 'is the name of a device on Windows'],
    ['LPT1.x', 'is the name of a device on Windows'],
    ['ct.', 'begins or ends with a space or ends with a full stop'],
    [' ct', 'begins or ends with a space or ends with a full stop'],
    ['x'.repeat(101), 'is longer than 100 bytes'],
    ['ü'.repeat(51), 'is longer than 100 bytes'],
  ];
  const faults = (text: string) => parseConfig(text, file).faults;
  /** The text with a fix applied has no fault any more. */
  const isFixed = (text: string, replacements: [from: string, to: string][]) =>
    assert.deepEqual(
      faults(replacements.reduce((all, [from, to]) => all.replace(from, to), text)),
      [],
    );

  it('are refused for domains, with another name as a fix', () => {
    for (const [name, reason] of [...bad, ...outside]) {
      const text = replaced('"ct"', JSON.stringify(name));
      const [found, ...more] = faults(text);
      assert.deepEqual(more, [], name);
      assert.equal(
        found.message,
        // On one line, whatever the name holds.
        `domains.${name}: a folder is named after the domain, and "${name}" ${reason}`.replaceAll(
          '\n',
          '\\n',
        ),
      );
      const [{ edits }] = found.fixes;
      isFixed(text, [[JSON.stringify(name), JSON.stringify((edits[0] as { name: string }).name)]]);
    }
  });

  it('are refused for students, classes and variables', () => {
    for (const [name, reason] of [...bad, ...outside.filter(([given]) => given !== '')]) {
      const own = JSON.stringify(name);
      const [student] = faults(withSetting(`"methods": [{ "method": "kd", "name": ${own} }]`));
      const [place, sentence] = student.message.split(': ');
      assert.equal(place, 'methods.0.name');
      assert.ok(
        sentence === `files are named after the student, and "${name}" ${reason}` ||
          sentence.endsWith('is not a name of letters, digits, dots, dashes and underscores') ||
          sentence === 'is empty',
        student.message,
      );
    }
    for (const [name, reason] of bad) {
      const own = JSON.stringify(name);
      const message = (place: string) => `${place}: "${name}" ${reason}`;
      assert.equal(
        faults(twoClasses(smallest).replace('"spleen"', own))[0].message,
        message('classes.1'),
      );
      const [variable] = faults(withSetting(`"variables": { ${own}: "x" }`));
      assert.equal(variable.message, message(`variables.${name}`));
      // A variable that nobody gave has no value.
      assert.match(
        faults(replaced('ct/{case}.png', `\${${name}}/{case}.png`))[0].message,
        /has no value; give it/,
      );
    }
  });

  it('are refused where two would be one folder on some system', () => {
    const domain = smallest.split('\n').slice(3, 8).join('\n');
    for (const twin of ['CT', 'Ct']) {
      const text = replaced(
        '"domains": {',
        `"domains": {\n${domain.replace('"ct"', `"${twin}"`)},`,
      );
      assert.deepEqual(
        faults(text).map(({ message }) => message),
        [`domains.ct: "ct" and "${twin}" would be one folder on some systems`],
      );
    }
  });
});

describe('faults of a config', () => {
  const cases: [title: string, text: string, ...faults: string[]][] = [
    // What is no JSON.
    ['nothing', '', '1:1 liver.distill.jsonc is not JSON with comments: a value is missing here.'],
    [
      'no JSON',
      'hello',
      '1:1 liver.distill.jsonc is not JSON with comments: it cannot be read from here on (InvalidSymbol).',
    ],
    [
      'cut short',
      smallest.slice(0, smallest.indexOf('"ct"')).trimEnd(),
      '3:15 liver.distill.jsonc is not JSON with comments: a closing } is missing here.',
    ],
    [
      'a comma missing',
      replaced('"source",', '"source"'),
      '6:7 liver.distill.jsonc is not JSON with comments: a comma is missing here.',
    ],
    [
      'a comma too many',
      replaced('"unet",', '"unet",,'),
      '10:21 liver.distill.jsonc is not JSON with comments: the name of a setting, in double quotes, is missing here.',
    ],
    ['a list', '[]', '1:1 [] is not an object { ... }'],
    [
      'an empty object',
      '{}',
      '1:1 "classes" is missing',
      '1:1 "domains" is missing',
      '1:1 "teacher" is missing',
      '1:1 "student" is missing',
    ],

    // Names of settings.
    [
      'a setting misspelt',
      withSetting('"trainning": {}'),
      '12:16 trainning: there is no such setting here; did you mean "training"?',
    ],
    [
      'a setting unknown',
      withSetting('"method": { "psae": { "layers": 3 } }'),
      '12:35 method.psae.layers: there is no such setting here; there are input, channels',
    ],
    [
      'a setting missing',
      replaced('      "images": "ct/{case}.png",\n', ''),
      '4:11 domains.ct: "images" is missing',
    ],

    // Values of the wrong kind or size.
    ['a text for a list', replaced('["liver"]', '"liver"'), '2:14 classes: "liver" is not a list'],
    ['a number for a text', replaced('["liver"]', '[3]'), '2:15 classes.0: 3 is not a text'],
    [
      'a number for an object',
      withSetting('"input": 3'),
      '12:12 input: 3 is not an object { ... }',
    ],
    [
      'a text for a truth value',
      withSetting('"output": { "predictions": "yes" }'),
      '12:30 output.predictions: "yes" is not true or false',
    ],
    [
      'a fraction for a whole number',
      inDomain('"maxSlices": 1.5'),
      '8:20 domains.ct.maxSlices: 1.5 is not a whole number',
    ],
    [
      'a text for a number',
      withSetting('"training": { "seed": "a" }'),
      '12:25 training.seed: "a" is not a whole number',
    ],
    [
      'no class',
      replaced('["liver"]', '[]'),
      '2:14 classes: [] is too short; it must have 1 entry or more',
    ],
    [
      'a class twice',
      replaced('["liver"]', '["liver", "liver"]'),
      '2:24 classes.1: "liver" is there twice',
    ],
    ['a class without a name', replaced('["liver"]', '[""]'), '2:15 classes.0: is empty'],
    ['no domain', smallest.replace(/"ct": \{[\s\S]*?\n {4}\}/, ''), '3:14 domains: is empty'],
    [
      'too few numbers',
      inDomain('"intensity": { "window": [1] }'),
      '8:32 domains.ct.intensity.window: [1] is too short; it must have 2 entries or more',
    ],
    [
      'too many numbers',
      inDomain('"spacing": [1, 1, 1]'),
      '8:18 domains.ct.spacing: [1,1,1] is too long; it must have 2 entries or fewer',
    ],
    [
      'a number too small',
      inDomain('"maxCases": -1'),
      '8:19 domains.ct.maxCases: -1 is not allowed; it must be at least 0',
    ],
    [
      'a number at an open bound',
      inDomain('"spacing": [1, 0]'),
      '8:22 domains.ct.spacing.1: 0 is not allowed; it must be above 0',
    ],
    [
      'a number too large',
      withSetting('"input": { "overlap": 1 }'),
      '12:25 input.overlap: 1 is not allowed; it must be at most 0.9',
    ],
    [
      'a share of everything',
      withSetting('"training": { "optimizer": { "name": "adam", "beta1": 1 } }'),
      '12:57 training.optimizer.beta1: 1 is not allowed; it must be below 1',
    ],
    [
      'a role unknown',
      replaced('"source"', '"sauce"'),
      '5:15 domains.ct.role: "sauce" is unknown; allowed are "source", "target"',
    ],
    [
      'a device unknown',
      withSetting('"device": "gpu"'),
      '12:13 device: "gpu" is unknown; allowed are "auto", "cpu", "webgpu", "cuda", "directml", "coreml", "wasm", "tensorflow"',
    ],
    [
      'nothing for one of several texts',
      withSetting('"method": { "scale": null }'),
      '12:24 method.scale: null is unknown; allowed are "gradient", "match", "none"',
    ],
    [
      'an orientation with an axis twice',
      inDomain('"orientation": "LRS"'),
      '8:22 domains.ct.orientation: "LRS" is not three letters, one of each axis of the patient: L or R, A or P, S or I',
    ],

    // Values of several forms.
    [
      'a network unknown',
      withTeacher('"vgg"'),
      '10:14 teacher: "vgg" is unknown; allowed are "unet", "mobilenetv2-unet"',
    ],
    [
      'a network unknown, with options',
      withTeacher('{ "network": "vgg", "width": 3 }'),
      '10:27 teacher.network: "vgg" is unknown; allowed are "unet", "mobilenetv2-unet", "onnx"',
    ],
    [
      'a network without a name',
      withTeacher('{ "width": 3 }'),
      '10:14 teacher: "network" is missing; allowed are "unet", "mobilenetv2-unet", "onnx"',
    ],
    [
      'an option of another network',
      withTeacher('{ "network": "mobilenetv2-unet", "depth": 3 }'),
      '10:56 teacher.depth: there is no such setting here; there are network, width, weights',
    ],
    [
      'a network of no size',
      withTeacher('{ "network": "unet", "width": 0 }'),
      '10:44 teacher.width: 0 is not allowed; it must be at least 1',
    ],
    [
      'a number for a network',
      withTeacher('3'),
      '10:14 teacher: 3 is not allowed here; allowed are "unet", "mobilenetv2-unet", or { "network": "unet" }, or { "network": "mobilenetv2-unet" }, or { "network": "onnx" }',
    ],
    [
      'an optimiser unknown',
      withSetting('"training": { "optimizer": { "name": "rmsprop" } }'),
      '12:40 training.optimizer.name: "rmsprop" is unknown; allowed are "adam", "adamw", "sgd"',
    ],
    [
      'an optimiser as a text',
      withSetting('"training": { "optimizer": "adam" }'),
      '12:30 training.optimizer: "adam" is not allowed here; allowed are { "name": "adam" }, or { "name": "adamw" }, or { "name": "sgd" }',
    ],
    [
      'an option of another optimiser',
      withSetting('"training": { "optimizer": { "name": "sgd", "beta1": 0.9 } }'),
      '12:56 training.optimizer.beta1: there is no such setting here; there are name, momentum, nesterov, weightDecay',
    ],
    [
      'a milestone beyond the end',
      withSetting('"training": { "schedule": { "name": "step", "milestones": [2] } }'),
      '12:62 training.schedule.milestones.0: 2 is not allowed; it must be below 1',
    ],
    [
      'a size below the smallest',
      withSetting('"input": { "size": 8 }'),
      '12:22 input.size: 8 is not allowed; it must be at least 16',
    ],
    [
      'a threshold above 1',
      withSetting('"evaluation": { "threshold": 2 }'),
      '12:32 evaluation.threshold: 2 is not allowed; it must be below 1',
    ],
    [
      'an intensity without a rule',
      inDomain('"intensity": {}'),
      '8:20 domains.ct.intensity: {} is not allowed here; allowed are an object with window, or an object with normalize',
    ],
    [
      'a class value of no form',
      inDomain('"values": { "liver": "one" }'),
      '8:28 domains.ct.values.liver: "one" is not allowed here; allowed are a number, or a list, or an object with above, or an object with color, tolerance',
    ],
    [
      'a class value misspelt',
      inDomain('"values": { "liver": { "abvoe": 3 } }'),
      '8:28 domains.ct.values.liver: "above" is missing',
      '8:39 domains.ct.values.liver.abvoe: there is no such setting here; did you mean "above"?',
    ],
    [
      'a colour out of range',
      inDomain('"values": { "liver": { "color": [1, 2, 300] } }'),
      '8:46 domains.ct.values.liver.color.2: 300 is not allowed; it must be at most 255',
    ],

    // Meaning.
    [
      'no source',
      replaced('"source"', '"target"'),
      '3:14 domains: no domain has the role "source"; at least one is needed to train on',
    ],
    [
      'a value for a class that is not there',
      inDomain('"values": { "spleen": 2 }'),
      '8:29 domains.ct.values.spleen: there is no class of this name; the classes are liver',
    ],
    [
      'one value for two classes',
      twoClasses(inDomain('"values": { "liver": [1, 2], "spleen": 2 }')),
      '8:46 domains.ct.values.spleen: the value 2 means liver already',
    ],
    [
      'a value that a default takes too',
      twoClasses(inDomain('"values": { "liver": 2 }')),
      '8:17 domains.ct.values.spleen: the value 2 means liver already',
    ],
    [
      'a field of view without masks',
      inDomain('"fov": "provided"'),
      '8:14 domains.ct.fov: is "provided", but "masks" names no files',
    ],
    [
      'shares that are not the whole',
      inDomain('"split": { "train": 0.5, "validation": 0.1, "test": 0.1 }'),
      '8:16 domains.ct.split: the shares add up to 0.7, not to 1',
    ],
    [
      'splits that overlap',
      inDomain('"split": { "train": ["a", "b"], "validation": ["c"], "test": ["b"] }'),
      '8:69 domains.ct.split.test.0: case "b" is in train already; splits may not overlap',
    ],
    [
      'a size that the networks cannot halve',
      withSetting('"input": { "size": [96, 112] }'),
      '12:22 input.size: 112 is not a multiple of 32, which the student (mobilenetv2-unet) needs; the nearest are 96 or 128',
    ],
    [
      'a spacing without patches',
      withSetting('"input": { "spacing": 1 }'),
      '12:25 input.spacing: has no effect with "fit": "resize"; use "fit": "patch"',
    ],
    [
      'a spacing asked for that pictures do not state',
      withSetting('"input": { "fit": "patch", "spacing": 1 }'),
      '4:11 domains.ct: input.spacing asks for a pixel spacing, and pictures state none: give "spacing": [row, column] in mm',
    ],
    [
      'channels that the autoencoder cannot halve',
      withSetting('"method": { "psae": { "channels": 6 } }'),
      '12:37 method.psae.channels: 6 is not a multiple of 4',
    ],
    [
      'a batch in parts that are not equal',
      withSetting('"methods": ["kd"], "training": { "accumulate": 3 }'),
      '12:50 training.accumulate: the 8 images of a batch (stage teacher) cannot be taken in 3 equal parts; the nearest number below that works is 2',
    ],
    [
      'a batch in parts of one stage that are not equal',
      withSetting('"training": { "stages": { "act": { "batchSize": 6, "accumulate": 4 } } }'),
      '12:68 training.stages.act.accumulate: the 6 images of a batch (stage act) cannot be taken in 4 equal parts; the nearest number below that works is 3',
    ],
    [
      'parts of a batch whose images are compared with each other',
      withSetting('"methods": ["kd", "gkd"], "training": { "accumulate": 2 }'),
      '12:57 training.accumulate: the student gkd (gkd) compares the images of a batch with each other, so that its batches cannot be taken in parts; set training.stages.distill.accumulate to 1, or method.inter.scope to "image"',
    ],
    [
      'a loss of nothing',
      withSetting('"training": { "loss": { "crossEntropy": 0, "dice": 0 } }'),
      '12:25 training.loss: both weights are 0; at least one must be above',
    ],
    [
      'a student by a method unknown among several',
      withSetting('"methods": [["kd", "cwe"]]'),
      `12:22 methods.0.1: "cwe" is unknown; allowed are ${methods.map(({ name }) => `"${name}"`).join(', ')}`,
    ],
    [
      'an option out of bounds of a method among several',
      withSetting('"methods": ["kd", ["kd", { "method": "cwd", "temperature": 0 }]]'),
      '12:62 methods.1.1.temperature: 0 is not allowed; it must be above 0',
    ],
    [
      'a student by one method as if by several',
      withSetting('"methods": [["kd"]]'),
      '12:15 methods.0: ["kd"] is too short; it must have 2 entries or more',
    ],
    [
      'a student by one method twice',
      withSetting('"methods": [["kd", { "method": "kd", "temperature": 2 }]]'),
      '12:22 methods.0.1: a student learns by "kd" but once',
    ],
    [
      'two students by the same methods',
      withSetting('"methods": [["kd", "cwd"], ["kd", { "method": "cwd", "temperature": 2 }]]'),
      '12:30 methods.1: "kd+cwd" is there twice; give a method in one of them a "name" of its own, as in { "method": "kd", "name": "kd-2" }',
    ],
    [
      'a threshold for several classes',
      twoClasses(withSetting('"evaluation": { "threshold": 0.5 }')),
      '12:32 evaluation.threshold: a threshold is for one class; with several use "argmax"',
    ],
    [
      'a variable without a value',
      replaced('ct/{case}.png', '${nowhere}/{case}.png'),
      '6:17 domains.ct.images: "${nowhere}" has no value; give it in "variables" or by --set nowhere=...',
    ],
    [
      'several, each in its place, in the order of the file',
      replaced('"source"', '"sauce"').replace('"unet"', '"vgg"').replace('["liver"]', '[]'),
      '2:14 classes: [] is too short; it must have 1 entry or more',
      '5:15 domains.ct.role: "sauce" is unknown; allowed are "source", "target"',
      '10:14 teacher: "vgg" is unknown; allowed are "unet", "mobilenetv2-unet"',
    ],
    [
      'in a file with the line ends of Windows',
      replaced('"source"', '"sauce"').replaceAll('\n', '\r\n'),
      '5:15 domains.ct.role: "sauce" is unknown; allowed are "source", "target"',
    ],
    [
      'in a domain whose name looks like a number',
      replaced('"source"', '"sauce"').replace('"ct"', '"2"'),
      '5:15 domains.2.role: "sauce" is unknown; allowed are "source", "target"',
    ],
  ];
  for (const [title, text, ...faults] of cases)
    it(title, () => {
      assert.deepEqual(faultsOf(text), faults);
    });

  it('takes batches in parts where it is asked to, each stage as its own setting says', () => {
    const config = load(
      withSetting(
        '"training": { "accumulate": 4, "stages": { "distill": { "accumulate": 1 }, "psae": { "accumulate": 2 } } }',
      ),
    );
    const parts = stagesOf(config).map(({ name, accumulate = 1 }) => [name, accumulate]);
    assert.deepEqual(Object.fromEntries(parts), {
      teacher: 4,
      warmup: 4,
      psae: 2,
      act: 4,
      control: 1,
      gkd: 1,
    });
    assert.deepEqual(
      load(withSetting('"training": { "accumulate": 1 }')).training,
      load(smallest).training,
    );
  });

  it('loadConfig throws the first, with its place, and counts the others', () => {
    const text = replaced('"source"', '"sauce"').replace('"unet"', '"vgg"');
    assert.throws(
      () => load(text),
      (error: Error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(
          error.message,
          'domains.ct.role: "sauce" is unknown; allowed are "source", "target" (and 1 more fault)',
        );
        assert.deepEqual(error.place, { file, line: 5, column: 15, path: 'domains.ct.role' });
        return true;
      },
    );
  });

  it('loadConfig says where there is no file, or none that can be read', async () => {
    assert.throws(() => loadConfig('/nowhere/a.distill.jsonc'), {
      name: 'ConfigError',
      message: 'There is no config file /nowhere/a.distill.jsonc.',
    });
    await withFolder(async (folder) => {
      assert.throws(() => loadConfig(folder), { name: 'ConfigError', message: /cannot be read: / });
      const path = join(folder, 'a.distill.jsonc');
      await writeFile(path, smallest);
      assert.equal(loadConfig(path).domains['ct'].images, join(folder, 'ct/{case}.png'));
    });
  });
});
