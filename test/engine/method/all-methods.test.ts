import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { methods } from '../../../engine/method/catalogue';
import { RunFolder } from '../../../engine/runs/run-folder';
import { readWeightFile } from '../../../engine/weights';
import { runCommand } from '../command-line';
import { tinyRunConfig, writeTinyCohort } from '../runs/tiny-cohort';

const names = methods.map(({ name }) => name);
/** The terms of GKD one by one and two by two, and methods together. */
const ablation = [
  { method: 'gkd', name: 'gkd-intra', inter: { weight: 0 }, cross: { weight: 0 } },
  { method: 'gkd', name: 'gkd-inter', intra: { weight: 0 }, cross: { weight: 0 } },
  { method: 'gkd', name: 'gkd-cross', intra: { weight: 0 }, inter: { weight: 0 } },
  { method: 'gkd', name: 'gkd-graphs', cross: { weight: 0 } },
];
const together = [
  ['gkd', 'kd'],
  ['ifvd', 'kd'],
];
const students = [
  ...names,
  ...ablation.map(({ name }) => name),
  ...together.map((parts) => parts.join('+')),
];

describe('a run with a student by every method, by one command', function () {
  this.timeout(540_000);
  const folder = mkdtempSync(join(tmpdir(), 'meddistill-methods-'));
  const run = join(folder, 'run');
  before(async () => {
    const tiny = tinyRunConfig();
    const few = (stage: string): [string, object] => [stage, { steps: 4 }];
    const config = await writeTinyCohort(folder, {
      ...tiny,
      methods: [...names, ...ablation, ...together],
      training: {
        ...tiny.training,
        evaluateEvery: 0,
        stages: Object.fromEntries(['teacher', 'warmup', 'psae', 'act', 'distill'].map(few)),
      },
    });
    const { code, stderr } = await runCommand(['run', config, '--out', run]);
    assert.equal(code, 0, stderr);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('trains, evaluates and exports every one of them', () => {
    const { networks, gain } = new RunFolder(run).readReport().domains['mr'];
    assert.deepEqual(Object.keys(networks), ['teacher', 'warmup', 'control-steps', ...students]);
    for (const name of students) {
      assert.equal(typeof networks[name]!.dice.mean, 'number', name);
      assert.ok(gain[name], name);
      const model = name === students[0] ? 'student.onnx' : `student-${name}.onnx`;
      assert.ok(existsSync(join(run, model)), model);
    }
  });

  it('reports finite losses of every term at every step', () => {
    const terms = new Map<string, Set<string>>();
    for (const events of new RunFolder(run).eventsInPieces())
      for (const event of events)
        if (event.type === 'step') {
          for (const [name, value] of Object.entries(event.losses)) {
            assert.ok(Number.isFinite(value), `${event.stage} ${event.step} ${name}`);
            terms.set(event.stage, (terms.get(event.stage) ?? new Set()).add(name));
          }
        }
    for (const name of students) assert.ok(terms.get(name)!.size > 3, name);
    assert.deepEqual([...terms.get('gkd-intra')!], ['loss', 'crossEntropy', 'dice', 'intra']);
    assert.deepEqual(
      [...terms.get('ifvd+kd')!],
      ['loss', 'crossEntropy', 'dice', 'ifvd.variation', 'kd.logits'],
    );
  });

  it('gives students that differ from one another', async () => {
    const folderOfRun = new RunFolder(run);
    const logits = new Set<string>();
    for (const name of students) {
      const { weights } = await readWeightFile(folderOfRun.weightsFile(name));
      logits.add(weights.get('student/decoder/logits.weight')!.join());
      // Nothing is kept of what a method remembers only while it trains.
      assert.ok(
        [...weights.keys()].every((weight) => !weight.includes('@')),
        name,
      );
    }
    assert.equal(logits.size, students.length);
  });
});
