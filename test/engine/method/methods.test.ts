import assert from 'node:assert/strict';
import { Graph, type Value } from '../../../engine/graph/graph';
import { conv } from '../../../engine/graph/operators/convolution';
import { methods } from '../../../engine/method/catalogue';
import { attentionDistance } from '../../../engine/method/at';
import { afterwards, crossImageDistance, regionDistance } from '../../../engine/method/cirkd';
import { correlation } from '../../../engine/method/coco';
import { channelDivergence } from '../../../engine/method/cwd';
import { interClass, intraClass } from '../../../engine/method/dist';
import { decoupled } from '../../../engine/method/dkd';
import { affinityDistance, importanceDistance } from '../../../engine/method/emkd';
import { labelsOn, meanSquare } from '../../../engine/method/features';
import { flow } from '../../../engine/method/fsp';
import { flowEdges, vertexDistance } from '../../../engine/method/graph-flow';
import { variationDistance } from '../../../engine/method/ifvd';
import { softened } from '../../../engine/method/kd';
import { generationDistance } from '../../../engine/method/mgd';
import { pairDistance } from '../../../engine/method/skd';
import { randomInput } from '../../../engine/method/rows';
import { parseConfig } from '../../../engine/config/load';
import type { DistillConfig } from '../../../engine/config/config';
import type { Batch } from '../../../engine/batches/sampler';
import { Random } from '../../../engine/random';
import { feedsOf, randomFeeds } from '../../../engine/training/feeds';
import { stepFactors } from '../../../engine/training/optimizer';
import { networksOf, stagesOf } from '../../../engine/method/stages';
import type { StudentConfig } from '../../../engine/method/setup';
import { initialize } from '../../../engine/networks/initialization';
import { compile } from '../../../engine/runtime/compile';
import {
  addGradientNorms,
  addTrainingStep,
  trainedWeights,
} from '../../../engine/training/training-graph';
import { assertClose, assertGradients, cpu, differentiate, type Stored } from '../graph/shared';
import goldenFile from './golden/methods.json';
import { feeds, images, tinyMethod, views } from './tiny-method';

type Named = Stored & { name: string };
const golden = goldenFile as unknown as Record<
  string,
  { inputs: Named[]; constants?: Named[]; value: number; gradients: number[][] }
>;

/** Terms of their inputs and of what is constant, both by their names in the golden file. */
const terms: Record<string, (values: Record<string, Value>) => Value> = {
  'kd 1': ({ teacher, student }) => softened(teacher, student, 1),
  'kd 4': ({ teacher, student }) => softened(teacher, student, 4),
  'cwd 1': ({ teacher, student }) => channelDivergence(teacher, student, 1),
  'cwd 4': ({ teacher, student }) => channelDivergence(teacher, student, 4),
  at: ({ teacher, student }) => attentionDistance(teacher, student),
  'dkd target 1': ({ teacher, student, labels }) => decoupled(teacher, student, labels, 1).target,
  'dkd target 4': ({ teacher, student, labels }) => decoupled(teacher, student, labels, 4).target,
  'dkd nonTarget 1': ({ teacher, student, labels }) =>
    decoupled(teacher, student, labels, 1).nonTarget,
  'dkd nonTarget 4': ({ teacher, student, labels }) =>
    decoupled(teacher, student, labels, 4).nonTarget,
  'dist inter': ({ teacher, student }) => interClass(teacher, student),
  'dist intra': ({ teacher, student }) => intraClass(teacher, student),
  'skd pairs': ({ teacher, student }) => pairDistance(teacher, student),
  ifvd: ({ teacher, student, labels }) =>
    variationDistance(teacher, student, labelsOn(labels, teacher)),
  fsp: (x) =>
    meanSquare(
      flow(x['teacherFine'], x['teacherCoarse']),
      flow(x['studentFine'], x['studentCoarse']),
    ),
  mgd: ({ teacher, student, random, ...x }) =>
    generationDistance(teacher, student, random, 0.75, (name, features) => {
      const i = name.at(-1)!;
      return conv(features, x[`weight${i}`], x[`bias${i}`], { padding: 1 });
    }),
  'emkd importance': ({ teacher, student }) => importanceDistance(teacher, student),
  'emkd regions': ({ teacher, student, labels }) => affinityDistance(teacher, student, labels),
  'cirkd pixels': ({ teacher, student }) => crossImageDistance(teacher, student, 0.1),
  'cirkd regions': ({ teacher, student, labels, memory }) =>
    regionDistance(teacher, student, afterwards(memory, teacher, labels), 0.1),
  coco: (x) =>
    meanSquare(
      correlation(x['teacherFine'], x['teacherCoarse']),
      correlation(x['studentFine'], x['studentCoarse']),
    ),
  'graph-flow vertices': ({ teacher, student }) => vertexDistance(teacher, student),
  'graph-flow edges': (x) =>
    meanSquare(
      flowEdges(x['teacherFine'], x['teacherCoarse']),
      flowEdges(x['studentFine'], x['studentCoarse']),
    ),
};
/** Terms that are not of equal features: 0 is not what they have between equal networks. */
const others = ['mgd', 'cirkd regions'];

describe('terms of the methods', () => {
  it('all have golden values', () => {
    assert.deepEqual(Object.keys(terms).sort(), Object.keys(golden).sort());
  });

  for (const [title, term] of Object.entries(terms)) {
    const { inputs, constants = [], value, gradients } = golden[title];
    const build = (values: Value[]) => {
      const { graph } = values[0];
      const given = inputs.map(({ name }, i): [string, Value] => [name, values[i]]);
      const constant = constants.map(({ name, shape, data }): [string, Value] => [
        name,
        graph.constant(Float32Array.from(data), shape),
      ]);
      return term(Object.fromEntries([...given, ...constant]));
    };

    it(`${title}: value and gradients are PyTorch's`, async () => {
      const found = await differentiate(inputs, build);
      assertClose(found.output, [value], 'value', 2e-5, 0.01);
      gradients.forEach((expected, i) =>
        assertClose(found.gradients[i]!, expected, inputs[i].name, 5e-5, 0.01),
      );
    });

    it(`${title}: gradients are finite differences`, () =>
      assertGradients(inputs, build, [100], { tolerance: 5e-3 }));

    if (!others.includes(title))
      it(`${title}: is 0 between equal networks`, async () => {
        const half = inputs.slice(0, inputs.length / 2);
        const found = await differentiate([...half, ...half], build);
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

/** A method with its default options, as a config that names it alone has it. */
function byDefault(name: string, given: object = {}): StudentConfig {
  const { methods: students } = resolveMethods([{ method: name, ...given }]);
  return students[0];
}

describe('a method', () => {
  const students: StudentConfig[] = [
    gkd,
    kd(),
    kd('kd-images', 'image'),
    cwd,
    ...methods.map(({ name }) => byDefault(name, { name: `${name}-by-default` })),
    ...['at', 'dkd', 'mgd', 'emkd'].map((name) =>
      byDefault(name, { name: `${name}-images`, scope: 'image' }),
    ),
    ...['kd', 'dkd', 'dist'].flatMap((name) =>
      ['views', 'image'].map((scope) =>
        byDefault(name, { name: `${name}-soft-${scope}`, scope, targets: 'precomputed' }),
      ),
    ),
    byDefault('cirkd', { name: 'cirkd-views', scope: 'views' }),
    byDefault('gkd', { name: 'gkd-intra', inter: { weight: 0 }, cross: { weight: 0 } }),
    ...resolveMethods([
      ['at', { method: 'kd', targets: 'precomputed' }],
      ['gkd', 'kd'],
      ['kd', { method: 'cwd', scope: 'image' }, 'mgd', 'cirkd'],
    ]).methods,
  ];

  /** The graph's own parameters, fresh, beside those of a golden run. */
  const prepared = (graph: Graph) => ({ device: cpu, state: initialize(graph, 1, ['']) });
  const fed = (graph: Graph, rows: number) => ({
    ...feeds(rows),
    ...softLabels(graph),
    ...randomFeeds(graph.inputs, 1, 'distill', 0),
  });

  /** Random probabilities, where a graph takes soft labels. */
  const softLabels = (graph: Graph): Record<string, Float32Array> => {
    const input = graph.inputs.find(({ name }) => name === 'softLabels');
    if (!input) return {};
    const [n, planes, h, w] = input.shape;
    const random = new Random('soft labels');
    const classes = Float32Array.from(
      { length: n * (planes - 1) * h * w },
      () => random.uniform() / planes,
    );
    const batch = { shape: [n, 1, h, w] as Batch['shape'], softLabels: classes };
    const labels = new Uint8Array(n * h * w);
    const images = new Float32Array(n * h * w);
    const all = feedsOf({ ...batch, images, labels, fov: labels }, planes - 1);
    return { softLabels: all['softLabels'] as Float32Array };
  };

  it('takes no pass through the teacher where soft labels are all that it learns by', () => {
    for (const student of students) {
      const [stage] = stagesOf({ ...withStudents(student), baselines: [] }).slice(-1);
      const graph = new Graph();
      stage.build(graph, images);
      const bySoftLabels = JSON.stringify(student.options).includes('precomputed');
      assert.equal(stage.softLabels ?? false, bySoftLabels, student.name);
      const ownTeacher = [...graph.parameters.keys()].some((name) => name.startsWith('teacher/'));
      assert.equal(ownTeacher, !bySoftLabels || student.method.includes('+'), student.name);
    }
  });

  for (const student of students)
    it(`${student.name}: every term acts on the student, the teacher stays frozen, and running statistics are its own`, async () => {
      const stage = stagesOf({ ...withStudents(student), baselines: [] }).at(-1)!;
      const graph = new Graph();
      const loss = stage.build(graph, images);
      const trained = trainedWeights(graph, loss);
      assert.ok(trained.every((name) => !/^(teacher|tan|san|psae)\//.test(name)));
      assert.ok(trained.some((name) => name.startsWith('student/encoder')));
      assert.ok([...loss.statistics!.keys()].every((name) => /^student\/|@/.test(name)));
      assert.deepEqual(Object.keys(loss.terms).slice(0, 2), ['crossEntropy', 'dice']);
      assert.ok(Object.keys(loss.terms).length > 2);
      assert.ok(Object.values(loss.terms).every(({ title }) => title.length > 0));
      const colors = Object.values(loss.terms).map(({ color }) => color);
      assert.equal(new Set(colors).size, colors.length);

      const diagnosis = new Graph();
      addGradientNorms(diagnosis, stage.build(diagnosis, images));
      const program = await compile(diagnosis, prepared(diagnosis));
      const norms = await program.run(fed(diagnosis, images * (1 + stage.views)));
      await program.release();
      assert.equal(Object.keys(norms).length, Object.keys(loss.terms).length);
      for (const [name, [norm]] of Object.entries(norms)) assert.ok(norm > 0, name);
    });

  it('sees as many views as it asks for', () => {
    const viewsOf = (student: StudentConfig) =>
      stagesOf({ ...withStudents(student), baselines: [] }).at(-1)!.views;
    assert.deepEqual(students.slice(0, 4).map(viewsOf), [views, views, 0, 0]);
    assert.deepEqual(students.slice(-2).map(viewsOf), [views, views]);
    assert.equal(viewsOf(byDefault('cirkd')), 0);
  });

  it('needs its batches whole where it compares their images', () => {
    const whole = [...methods.map(({ name }) => byDefault(name)), ...students.slice(-2)]
      .filter((student) => stagesOf({ ...withStudents(student), baselines: [] }).at(-1)!.whole)
      .map(({ name }) => name);
    assert.deepEqual(whole, ['gkd', 'dist', 'cirkd', 'gkd+kd', 'kd+cwd+mgd+cirkd']);
  });

  it('has a paper as its source, and no name that joins others', () => {
    for (const { name, source } of methods) {
      assert.match(source, /\d{4}/, name);
      assert.ok(!name.includes('+'), name);
    }
  });

  it('leaves out what is nothing with one foreground class', () => {
    const termsOf = (classes: string[], name: string) => {
      const config = { ...withStudents(byDefault(name)), classes, baselines: [] };
      return Object.keys(stagesOf(config).at(-1)!.build(new Graph(), images).terms).slice(2);
    };
    assert.deepEqual(termsOf(['a'], 'dkd'), ['target']);
    assert.deepEqual(termsOf(['a', 'b'], 'dkd'), ['target', 'nonTarget']);
    assert.deepEqual(termsOf(['a'], 'dist'), ['intra']);
    assert.deepEqual(termsOf(['a', 'b'], 'dist'), ['inter', 'intra']);
  });

  it('says which grids networks have where they share too few', () => {
    const config = {
      ...withStudents(byDefault('fsp')),
      baselines: [],
      student: { network: 'mobilenetv2-unet' },
    };
    const shallow = {
      ...config,
      teacher: { network: 'unet', width: 2, depth: 1 },
    } as unknown as DistillConfig;
    const large = { ...shallow, input: { ...shallow.input, size: [64, 64] as [number, number] } };
    const student = { network: 'mobilenetv2-unet' as const, width: 0.1 };
    assert.throws(
      () =>
        stagesOf({ ...large, student })
          .at(-1)!
          .build(new Graph(), images),
      /fsp needs features on 2 grids that both networks have, but the teacher's are on 64 x 64, 32 x 32, the student's on 32 x 32, 16 x 16/,
    );
  });

  /** Values of all terms, from one state of the weights that all students have. */
  async function valuesOf(student: StudentConfig) {
    const graph = new Graph();
    const stage = stagesOf({ ...withStudents(student), baselines: [] }).at(-1)!;
    const { terms } = stage.build(graph, images);
    for (const [name, { value }] of Object.entries(terms)) graph.output(name, value);
    const program = await compile(graph, prepared(graph));
    const values = await program.run(fed(graph, images * (1 + stage.views)));
    await program.release();
    return values;
  }

  it('has in company the terms that it has alone', async () => {
    // All of them on all views: batch norms of the student take the statistics of what it sees.
    const several = ['gkd', 'kd', 'at', 'dkd', 'mgd'];
    const [joined, ...alone] = resolveMethods([several, ...several]).methods;
    assert.equal(joined.name, 'gkd+kd+at+dkd+mgd');
    const together = await valuesOf(joined);
    let count = 2;
    for (const student of alone)
      for (const [name, value] of Object.entries(await valuesOf(student)).slice(2)) {
        assertClose(together[`${student.name}.${name}`], value, `${student.name}.${name}`, 1e-4);
        count++;
      }
    assert.equal(Object.keys(together).length, count);
  });

  it('that remembers regions has them at the next step', async () => {
    const stage = stagesOf({
      ...withStudents(byDefault('cirkd', { memory: 5 })),
      baselines: [],
    }).at(-1)!;
    const graph = new Graph();
    const optimizer = { name: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 } as const;
    addTrainingStep(graph, stage.build(graph, images), { optimizer, clipNorm: 0 });
    const program = await compile(graph, prepared(graph));
    const regions = async () => (await program.state()).get('cirkd@regions')!;
    const before = (await regions()).slice();
    await program.run({ ...feeds(images), ...stepFactors(optimizer, 0, 0.1) });
    const after = (await regions()).slice();
    await program.release();
    // Both images have both classes: two regions of each are new, three remain, each of 8 channels.
    const channels = before.length / 2 / 5;
    for (const c of [0, 1]) {
      const of = (memory: Float32Array) =>
        memory.subarray(c * 5 * channels, (c + 1) * 5 * channels);
      assert.deepEqual(of(after).subarray(2 * channels), of(before).subarray(0, 3 * channels));
      for (const at of [0, 1]) {
        const region = of(after).subarray(at * channels, (at + 1) * channels);
        assertClose([region.reduce((sum, x) => sum + x * x, 0)], [1], 'length of a region', 1e-4);
      }
    }
  });
});

describe('random numbers of a stage', () => {
  const graph = new Graph();
  const shape = [3, 1, 20, 20];
  randomInput(graph, 'one', shape);
  randomInput(graph, 'other', shape);
  const at = (step: number, seed = 1, stream = 'distill', part = 0) => {
    const numbers = randomFeeds(graph.inputs, seed, stream, step, part);
    return [numbers['random/one'], numbers['random/other']] as Float32Array[];
  };

  it('are the same for the same seed, stream, step and part, and else not', () => {
    assert.deepEqual(at(3), at(3));
    const all = [...at(3), ...at(4), ...at(3, 2), ...at(3, 1, 'else'), ...at(3, 1, 'distill', 1)];
    assert.equal(new Set(all.map(([first]) => first)).size, all.length);
  });

  it('are uniform in 0..1', () => {
    const [numbers] = at(1);
    assert.ok(numbers.every((x) => x >= 0 && x <= 1));
    const shares = [0.25, 0.5, 0.75].map((x) => numbers.filter((y) => y < x).length / 1200);
    assertClose(shares, [0.25, 0.5, 0.75], 'shares', 0.05, 1);
  });
});

/** The config of these entries, by the tiny method's other settings. */
function resolveMethods(entries: readonly object[] | readonly unknown[]) {
  const tiny = tinyMethod();
  const source = { role: 'source', images: '{case}.nii', labels: '{case}-l.nii' };
  const text = JSON.stringify({
    classes: tiny.classes,
    domains: { ct: source },
    input: { size: tiny.input.size },
    teacher: tiny.teacher,
    student: tiny.student,
    method: tiny.method,
    methods: entries,
  });
  const { config, faults } = parseConfig(text, 'x.distill.jsonc');
  assert.deepEqual(
    faults.map(({ message }) => message),
    [],
  );
  return config!;
}
