import assert from 'node:assert/strict';
import { Graph, type Value } from '../../../engine/graph/graph';
import { methods } from '../../../engine/method/catalogue';
import { channelDivergence } from '../../../engine/method/cwd';
import { softened } from '../../../engine/method/kd';
import { networksOf, stagesOf } from '../../../engine/method/stages';
import type { StudentConfig } from '../../../engine/method/setup';
import { initialize } from '../../../engine/networks/initialization';
import { compile } from '../../../engine/runtime/compile';
import { addGradientNorms, trainedWeights } from '../../../engine/training/training-graph';
import { assertClose, assertGradients, cpu, differentiate, type Stored } from '../graph/shared';
import goldenFile from './golden/methods.json';
import { feeds, images, tinyMethod, views } from './tiny-method';

const golden = goldenFile as unknown as Record<
  string,
  { inputs: (Stored & { name: string })[]; value: number; gradients: number[][] }
>;

const terms: Record<string, (teacher: Value, student: Value) => Value> = {
  'kd 1': (t, s) => softened(t, s, 1),
  'kd 4': (t, s) => softened(t, s, 4),
  'cwd 1': (t, s) => channelDivergence(t, s, 1),
  'cwd 4': (t, s) => channelDivergence(t, s, 4),
};

describe('terms of KD and CWD', () => {
  it('all have golden values', () => {
    assert.deepEqual(Object.keys(terms).sort(), Object.keys(golden).sort());
  });

  for (const [title, term] of Object.entries(terms)) {
    const { inputs, value, gradients } = golden[title];
    const build = ([teacher, student]: Value[]) => term(teacher, student);

    it(`${title}: value and gradients are PyTorch's`, async () => {
      const found = await differentiate(inputs, build);
      assertClose(found.output, [value], 'value', 2e-5, 0.01);
      gradients.forEach((expected, i) =>
        assertClose(found.gradients[i]!, expected, inputs[i].name, 5e-5, 0.01),
      );
    });

    it(`${title}: gradients are finite differences`, () =>
      assertGradients(inputs, build, [100], { tolerance: 5e-3 }));

    it(`${title}: is 0 between equal networks`, async () => {
      const found = await differentiate([inputs[0], inputs[0]], build);
      assertClose(found.output, [0], 'value', 1e-6, 1);
    });
  }
});

/** The tiny method's config with these students. */
const withStudents = (...students: StudentConfig[]) => ({ ...tinyMethod(), methods: students });
const kd = (name = 'kd', scope = 'views'): StudentConfig => ({
  name,
  method: 'kd',
  options: { temperature: 2, weight: 1, scope },
});
const cwd: StudentConfig = {
  name: 'cwd-t2',
  method: 'cwd',
  options: { temperature: 2, logits: 3, bottleneck: 50, scope: 'image' },
};
const gkd = tinyMethod().methods[0];

describe('stages of several students', () => {
  it('share what is trained before, and each is trained from the same start on the same batches', () => {
    const stages = stagesOf(withStudents(gkd, kd(), cwd));
    assert.deepEqual(
      stages.map(({ name }) => name),
      ['teacher', 'warmup', 'psae', 'act', 'gkd', 'kd', 'cwd-t2', 'control'],
    );
    const students = stages.slice(4);
    assert.equal(new Set(students.map(({ stream }) => stream)).size, 1);
    for (const { needs } of students) assert.ok(needs.includes('warmup'));
  });

  it('leave out what no method needs', () => {
    const names = stagesOf({ ...withStudents(kd()), baselines: [] }).map(({ name }) => name);
    assert.deepEqual(names, ['teacher', 'warmup', 'kd']);
  });

  it('tell their networks apart by title and colour', () => {
    const networks = networksOf(withStudents(gkd, kd(), cwd));
    assert.deepEqual(
      networks.map(({ title }) => title),
      [
        'Teacher',
        'Student, warm-up',
        'Student, trained on',
        'Student, GKD',
        'Student, KD',
        'Student, CWD (cwd-t2)',
      ],
    );
    assert.equal(new Set(networks.map(({ color }) => color)).size, networks.length);
    assert.deepEqual(
      networks.map(({ role }) => role),
      ['teacher', 'baseline', 'baseline', 'student', 'student', 'student'],
    );
  });

  it('say by one hash that they are the same, whatever a student is called', () => {
    const [one, other] = stagesOf(withStudents(kd('a'), kd('b'))).slice(-3);
    assert.deepEqual(one.depends, other.depends);
  });
});

describe('a method', () => {
  const students: StudentConfig[] = [gkd, kd(), kd('kd-images', 'image'), cwd];

  it('is tested here, whichever there are', () => {
    assert.deepEqual(
      [...new Set(students.map(({ method }) => method))],
      methods.map(({ name }) => name),
    );
  });

  for (const student of students)
    it(`${student.name}: every term acts on the student, the teacher stays frozen, and running statistics are its own`, async () => {
      const stage = stagesOf({ ...withStudents(student), baselines: [] }).at(-1)!;
      const graph = new Graph();
      const loss = stage.build(graph, images);
      const trained = trainedWeights(graph, loss);
      assert.ok(trained.every((name) => !/^(teacher|tan|san|psae)\//.test(name)));
      assert.ok(trained.some((name) => name.startsWith('student/encoder')));
      assert.ok([...loss.statistics!.keys()].every((name) => name.startsWith('student/')));
      assert.deepEqual(Object.keys(loss.terms).slice(0, 2), ['crossEntropy', 'dice']);
      assert.ok(Object.values(loss.terms).every(({ title }) => title.length > 0));

      const diagnosis = new Graph();
      addGradientNorms(diagnosis, stage.build(diagnosis, images));
      const state = initialize(diagnosis, 1, ['']);
      const program = await compile(diagnosis, { device: cpu, state });
      const norms = await program.run(feeds(images * (1 + stage.views)));
      await program.release();
      assert.equal(Object.keys(norms).length, Object.keys(loss.terms).length);
      for (const [name, [norm]] of Object.entries(norms)) assert.ok(norm > 0, name);
    });

  it('sees as many views as it asks for', () => {
    const viewsOf = (student: StudentConfig) =>
      stagesOf({ ...withStudents(student), baselines: [] }).at(-1)!.views;
    assert.deepEqual(students.map(viewsOf), [views, views, 0, 0]);
  });
});
