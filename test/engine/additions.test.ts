import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { packEvents, History } from '../../engine/presentation/history';
import { finalTable, verdict } from '../../engine/presentation/tables';
import { diceChart } from '../../engine/presentation/charts';
import { RunFolder } from '../../engine/runs/run-folder';
import { runCases } from '../../engine/viewer/run-cases';
import { tinyRunConfig, writeConfig, writeTinyCohort } from './runs/tiny-cohort';

const root = resolve(__dirname, '../..');

/** A network of one convolution a side, as its author would write it. */
const toyNetwork = `
import Type from 'typebox';
import { settings } from '../options';
import { architecture } from './architecture';

export const toyNet = architecture({
  name: 'toy-net',
  title: 'ToyNet',
  source: 'This test',
  byDefault: 'Two convolutions.',
  options: settings({
    width: Type.Integer({ markdownDescription: 'Channels of the toy.', default: 3, minimum: 1 }),
  }),
  stride: () => 2,
  encode: (layers, x, { width }) => ({
    bottleneck: layers.convBlock('down', x, width, { kernel: 3, stride: 2 }),
    skips: [],
  }),
  decode: (layers, { bottleneck }, classes) =>
    layers.convTranspose('up', bottleneck, classes + 1, 2, 2),
});
`;

/** A method that wants the student's logits small. */
const toyMethod = `
import Type from 'typebox';
import { mul } from '../graph/operators/elementwise';
import { meanAll } from '../graph/operators/reduction';
import { settings } from '../options';
import { method } from './method';

export const toy = method({
  name: 'toy',
  title: 'Toy',
  source: 'This test',
  summary: 'Small logits.',
  formula: 'weight times the mean of squared logits',
  options: settings({
    weight: Type.Number({ markdownDescription: 'Of the toy term.', default: 0.5, exclusiveMinimum: 0 }),
  }),
  before: [],
  views: () => 0,
  predicts: () => 'images',
  terms: ({ logits }, { weight }) => ({
    small: { value: meanAll(mul(logits, logits)), weight, title: 'Toy smallness', color: 5 },
  }),
});
`;

/** Writes a thing into a file of its own and adds its line to a catalogue. */
function add(engine: string, file: string, source: string, catalogue: string, name: string): void {
  writeFileSync(join(engine, file), source);
  const path = join(engine, catalogue);
  const text = readFileSync(path, 'utf8');
  const listed = text.replace(/( = )\[\s*(\w[^\]]*?),?\s*\]/, `$1[$2, ${name}]`);
  assert.notEqual(listed, text, `${catalogue} has no list`);
  const module = file.split('/').at(-1)!.replace('.ts', '');
  writeFileSync(path, `import { ${name} } from './${module}';\n${listed}`);
}

describe('a new network and a new method, each one file and one line of a catalogue', function () {
  this.timeout(240_000);
  const folder = mkdtempSync(join(tmpdir(), 'meddistill-additions-'));
  const engine = join(folder, 'engine');
  const run = join(folder, 'runs/toys');
  const node = (...args: string[]) =>
    spawnSync(process.execPath, ['--require', 'tsx/cjs', ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
  const command = (...args: string[]) => node('engine/cli/cli.ts', ...args);
  let config = '';

  before(async () => {
    cpSync(join(root, 'engine'), engine, { recursive: true });
    for (const name of ['package.json', 'tsconfig.json', '.prettierrc.json', 'scripts'])
      cpSync(join(root, name), join(folder, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    add(engine, 'networks/toy-net.ts', toyNetwork, 'networks/catalogue.ts', 'toyNet');
    add(engine, 'method/toy.ts', toyMethod, 'method/catalogue.ts', 'toy');
    const tiny = tinyRunConfig();
    config = await writeTinyCohort(folder, {
      ...tiny,
      student: { network: 'toy-net', width: 4 },
      methods: ['toy', { method: 'toy', name: 'toy-heavy', weight: 3 }],
    });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('stand in the schema, with their options and texts', () => {
    const made = node('scripts/generate.ts');
    assert.equal(made.status, 0, made.stderr);
    const schema = readFileSync(join(engine, 'config/distill.schema.json'), 'utf8');
    for (const text of ['"toy-net"', 'Channels of the toy.', '"toy"', 'Of the toy term.'])
      assert.ok(schema.includes(text), text);
  });

  it('are what the command line allows, and what it checks', async () => {
    const wrong = await writeConfig(join(folder, 'wrong'), {
      ...tinyRunConfig(),
      student: 'toy-nets',
    });
    assert.match(command('run', wrong).stderr, /"toy-nets" .*"toy-net"/);
    const faulty = await writeConfig(join(folder, 'wrong'), {
      ...tinyRunConfig(),
      methods: [{ method: 'toy', weight: 0 }],
    });
    assert.match(command('run', faulty).stderr, /methods\.0\.weight: 0 is not allowed/);
  });

  it('train in a run, and stand in its table', () => {
    const ran = command('run', config, '--out', run);
    assert.equal(ran.status, 0, ran.stderr);
    const { stdout } = command('table', run);
    assert.match(stdout, /\| Student, Toy +\|/);
    assert.match(stdout, /\| Student, Toy \(toy-heavy\) +\|/);
    assert.match(stdout, /Student, Toy minus student, warm-up: ct /);
    const report = new RunFolder(run).readReport();
    assert.deepEqual(
      finalTable(report).rows.map(([{ text }]) => text),
      report.networks.map(({ title }) => title),
    );
    assert.ok(
      verdict(report).some((sentence) => sentence.includes('the Dice of "Student, Toy" is')),
    );
    const image = join(folder, 'ct/images/ct1.nii.gz');
    const predicted = command('predict', run, image, '--network', 'toy-heavy', '--out', folder);
    assert.equal(predicted.status, 0, predicted.stderr);
  });

  it("are in the dashboard's data: stages, terms and curves", () => {
    const history = new History();
    for (const events of new RunFolder(run).eventsInPieces()) history.add(packEvents(events));
    const stage = history.stages.get('toy')!;
    assert.equal(history.stageTitle('toy'), 'Distillation, Toy');
    assert.deepEqual(stage.term('small'), { title: 'Toy smallness', color: 5 });
    assert.ok(stage.losses('small').length > 0);
    const names = diceChart(history, 'run').curves.map(({ name }) => name);
    assert.ok(names.some((name) => name.startsWith('Student, Toy (toy-heavy), mr')));
  });

  it("are in the viewer's list", () => {
    const { networks, domains } = runCases(run);
    assert.ok(networks.some(({ name, role }) => name === 'toy-heavy' && role === 'student'));
    assert.equal(typeof domains[0].cases[0].dice['toy'], 'number');
  });
});
