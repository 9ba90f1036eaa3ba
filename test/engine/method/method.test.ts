import assert from 'node:assert/strict';
import { AlignmentNetwork } from '../../../engine/method/gkd/alignment';
import { crossTerms, decodeVector, type Side } from '../../../engine/method/gkd/cross-distillation';
import { interLoss, intraLoss } from '../../../engine/method/gkd/contrastive-graphs';
import { add, stopGradient } from '../../../engine/graph/operators/elementwise';
import { gradients } from '../../../engine/graph/gradients';
import { ancestors, Graph, type Value } from '../../../engine/graph/graph';
import { compile } from '../../../engine/runtime/compile';
import {
  addGradientNorms,
  addTrainingStep,
  trainedWeights,
} from '../../../engine/training/training-graph';
import { stepFactors } from '../../../engine/training/optimizer';
import { assertClose, cpu } from '../graph/shared';
import goldenFile from './golden/method.json';
import { feeds, images, imagesIn, network, stage, tinyMethod, views, weights } from './tiny-method';

interface Golden {
  terms: Record<string, number>;
  norms: Record<string, number>;
  gradients: Record<string, number[]>;
}
const golden = goldenFile.stages as unknown as Record<string, Golden>;

/** Runs a graph on the golden images and weights. */
async function run(graph: Graph, n: number): Promise<Record<string, Float32Array>> {
  const program = await compile(graph, { device: cpu, frozen: weights });
  const results = await program.run(feeds(n));
  await program.release();
  return results;
}

const stages: [title: string, string, n: number, ReturnType<typeof tinyMethod>?][] = [
  ['warmup', 'warmup', images],
  ['psae', 'psae', images],
  ['act', 'act', images * (1 + views)],
  ['distill, cross terms on images', 'gkd', images * (1 + views), tinyMethod('image')],
  ['distill, cross terms on views', 'gkd', images * (1 + views), tinyMethod('views')],
];

/** How many rows a value is computed from at the layer of this name. */
function rowsBelow(value: Value, layer: string): number {
  for (const node of ancestors([value]))
    if (
      node.name.startsWith(`${layer}/`) ||
      node.inputs.some(({ name }) => name === `${layer}.weight`)
    )
      return node.outputs[0].shape[0];
  throw new Error(`nothing of ${layer}`);
}

describe('stages of the method', () => {
  for (const [title, name, n, config] of stages) {
    const { terms, norms, gradients: expected } = golden[title];

    it(`${title}: every term and every weight's gradient are PyTorch's`, async () => {
      const graph = new Graph();
      const loss = stage(name, config).build(graph, images);
      const trained = trainedWeights(graph, loss);
      for (const [term, { value, weight }] of Object.entries(loss.terms)) {
        assert.equal(weight, 1, `weight of ${term}`);
        graph.output(`term:${term}`, value);
      }
      const total = Object.values(loss.terms)
        .map((term) => term.value)
        .reduce(add);
      gradients(
        total,
        trained.map((w) => graph.parameters.get(w)!.value),
      ).forEach((gradient, i) => {
        if (gradient) graph.output(`gradient:${trained[i]}`, gradient);
      });
      const found = await run(graph, n);
      const prefixed = (prefix: string) =>
        Object.keys(found)
          .filter((key) => key.startsWith(prefix))
          .map((key) => key.slice(prefix.length))
          .sort();
      assert.deepEqual(prefixed('term:'), Object.keys(terms).sort());
      assert.deepEqual(prefixed('gradient:'), Object.keys(expected).sort());
      for (const [term, value] of Object.entries(terms))
        assertClose(found[`term:${term}`], [value], term, 1e-4, 0.01);
      const largest = Math.max(...Object.values(expected).flat().map(Math.abs));
      for (const [weight, gradient] of Object.entries(expected))
        assertClose(found[`gradient:${weight}`], gradient, weight, 2e-4, largest);
    });

    // With the cross terms on all views the rest is as before.
    if (
      (config?.methods[0].options as { cross: { scope: string } } | undefined)?.cross.scope ===
      'views'
    )
      continue;

    it(`${title}: the norm of every term's gradient is PyTorch's`, async () => {
      const graph = new Graph();
      addGradientNorms(graph, stage(name, config).build(graph, images));
      const found = await run(graph, n);
      assert.deepEqual(
        Object.keys(found).sort(),
        Object.keys(norms)
          .map((term) => `norm:${term}`)
          .sort(),
      );
      for (const [term, norm] of Object.entries(norms))
        assertClose(found[`norm:${term}`], [norm], term, 1e-3, 1e-3);
    });

    it(`${title}: a step changes every trained weight that it reaches, and no bit of the others`, async () => {
      const graph = new Graph();
      const loss = stage(name, config).build(graph, images);
      const optimizer = { name: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 } as const;
      addTrainingStep(graph, loss, { optimizer, clipNorm: 0 });
      const used = [...graph.parameters.keys()];
      const state = new Map(used.map((w) => [w, weights.get(w)!]));
      const program = await compile(graph, { device: cpu, state });
      await program.run({ ...feeds(n), ...stepFactors(optimizer, 0, 1) });
      const after = await program.state();
      await program.release();
      const running = new Set(loss.statistics?.keys());
      for (const [w, values] of after) {
        if (running.has(w)) continue;
        if (!(w in expected)) assert.deepEqual(values, weights.get(w), w);
        // Normalisation takes a shift before it away again: the gradient of such a bias is rounding.
        else if (expected[w].some((g) => Math.abs(g) > 1e-6))
          assert.notDeepEqual(values, weights.get(w), w);
      }
      for (const w of running) {
        assert.ok(loss.trains.some((prefix) => w.startsWith(prefix)));
        assert.notDeepEqual(after.get(w), weights.get(w), w);
      }
    });
  }

  it('control trains as warm-up does, on the loss without the terms of the method', () => {
    const terms = Object.keys(stage('control').build(new Graph(), images).terms);
    assert.deepEqual(terms, ['crossEntropy', 'dice']);
  });

  it('control and distilled student see the same rows, and learn from the labels of as many', () => {
    for (const supervise of ['images', 'views'] as const) {
      const config = tinyMethod();
      config.method.supervise = supervise;
      const rows = ['control', 'gkd'].map((name) => {
        const it = stage(name, config);
        const graph = new Graph();
        const { terms } = it.build(graph, images);
        const { shape } = graph.inputs.find((input) => input.name === 'images')!;
        // The loss of one image more or less is another one: what is supervised is told by the rows that the decoder is given.
        const supervised = rowsBelow(terms['crossEntropy'].value, 'student/decoder/logits');
        return [it.views, it.stream, shape[0], supervised];
      });
      const all = images * (1 + views);
      const expected = [views, 'distill', all, supervise === 'views' ? all : images];
      assert.deepEqual(rows, [expected, expected]);
    }
  });

  it('a control of equal steps has neither views nor a time to last', () => {
    const config = tinyMethod();
    config.baselines = ['control', 'control-steps'];
    const [control, steps] = ['control', 'control-steps'].map((name) => stage(name, config));
    assert.deepEqual([control.views, control.atLeastAsLongAs], [views, ['gkd']]);
    assert.deepEqual([steps.views, steps.atLeastAsLongAs], [0, undefined]);
  });

  it('a weight of 0 leaves a term out', () => {
    const config = tinyMethod();
    const options = config.methods[0].options as Record<'intra' | 'cross', { weight: number }>;
    options.intra.weight = 0;
    options.cross.weight = 0;
    config.method.act.output = 0;
    config.training.loss.dice = 0;
    const terms = (name: string) =>
      Object.keys(stage(name, config).build(new Graph(), images).terms);
    assert.deepEqual(terms('gkd'), ['crossEntropy', 'inter']);
    assert.deepEqual(terms('act'), [
      'tan.features',
      'tan.regularisation',
      'tan.consistency',
      'san.features',
      'san.regularisation',
      'san.consistency',
      'san.frame',
    ]);
  });
});

describe('cross distillation', () => {
  function side(graph: Graph, x: Value, name: 'teacher' | 'student', as = name): Side {
    const net = network(graph, name, as);
    const encoding = net.encode(x);
    const alignment = new AlignmentNetwork(graph, name === 'teacher' ? 'tan' : 'san', 4);
    return { network: net, alignment, encoding, vectors: alignment.encode(encoding.bottleneck) };
  }

  /** The student's weights that a loss depends on, without the decoder's and encoder's prefix cut off. */
  function reached(graph: Graph, loss: Value): string[] {
    const student = [...graph.parameters.values()].filter(
      (p) => p.trainable && p.name.startsWith('student/'),
    );
    const found = gradients(
      loss,
      student.map((p) => p.value),
    );
    return student.filter((_, i) => found[i] !== null).map((p) => p.name);
  }

  it('equal networks with equal alignment have no graph loss, and equal cross predictions', async () => {
    const { graph, x } = imagesIn(images * (1 + views));
    const teacher = side(graph, x, 'teacher');
    const student = side(graph, x, 'student', 'teacher');
    graph.output('intra', intraLoss(teacher.vectors, student.vectors, images, options));
    graph.output('inter', interLoss(teacher.vectors, student.vectors, images, 'batch', options));
    graph.output('toTeacher', decodeVector(teacher, student.vectors));
    graph.output('toStudent', decodeVector(student, teacher.vectors));
    const equal = new Map(
      [...weights]
        .filter(([name]) => /^(teacher|tan)\//.test(name))
        .flatMap(([name, data]) => [
          [name, data] as const,
          [name.replace('teacher/', 'student/').replace('tan/', 'san/'), data] as const,
        ]),
    );
    const program = await compile(graph, { device: cpu, frozen: equal });
    const found = await program.run(feeds(images * (1 + views)));
    await program.release();
    assertClose(found['intra'], [0], 'intra', 1e-6, 1);
    assertClose(found['inter'], [0], 'inter', 1e-6, 1);
    assert.ok(found['toTeacher'].some((v) => v !== 0));
    assert.deepEqual(found['toTeacher'], found['toStudent']);
  });
  const options = { temperature: 0.1, loss: 'kl' } as const;

  it("the student's vector in the teacher's decoder teaches the student's encoder, and not its decoder", () => {
    const { graph, x } = imagesIn(images);
    const [teacher, student] = [side(graph, x, 'teacher'), side(graph, x, 'student')];
    const logits = teacher.network.decode(teacher.encoding);
    const names = reached(graph, crossTerms(teacher, student, logits).studentToTeacher);
    assert.ok(names.every((name) => name.startsWith('student/encoder/')));
    for (const level of [0, 1, 2]) assert.ok(names.some((name) => name.includes(`level${level}`)));
  });

  it("the teacher's vector in the student's decoder teaches that decoder, and the encoder through its skips alone", () => {
    const { graph, x } = imagesIn(images);
    const [teacher, student] = [side(graph, x, 'teacher'), side(graph, x, 'student')];
    const logits = teacher.network.decode(teacher.encoding);
    const names = reached(graph, crossTerms(teacher, student, logits).teacherToStudent);
    assert.ok(names.some((name) => name.startsWith('student/decoder/logits')));
    // The bottleneck's own layers feed no skip.
    assert.deepEqual(
      names.filter((name) => name.startsWith('student/encoder/level2')),
      [],
    );
    assert.ok(names.some((name) => name.startsWith('student/encoder/level1')));
    const cut: Side = {
      ...student,
      encoding: { ...student.encoding, skips: student.encoding.skips.map(stopGradient) },
    };
    const withoutSkips = reached(graph, crossTerms(teacher, cut, logits).teacherToStudent);
    assert.ok(withoutSkips.length > 0);
    assert.ok(withoutSkips.every((name) => name.startsWith('student/decoder/')));
  });
});
