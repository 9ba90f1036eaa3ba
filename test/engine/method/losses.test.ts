import assert from 'node:assert/strict';
import { alignmentTerms } from '../../../engine/method/gkd/consistency';
import { interEdges, interLoss, intraLoss } from '../../../engine/method/gkd/contrastive-graphs';
import { crossEntropy, klDivergence, softDice } from '../../../engine/method/segmentation-loss';
import { unit } from '../../../engine/method/gkd/vectors';
import { mul, stopGradient } from '../../../engine/graph/operators/elementwise';
import type { Value } from '../../../engine/graph/graph';
import { gather } from '../../../engine/graph/operators/shape';
import {
  assertClose,
  assertGradients,
  differentiate,
  evaluate,
  type Stored,
} from '../graph/shared';
import goldenFile from './golden/losses.json';

interface Golden {
  inputs: (Stored & { name: string })[];
  value: number;
  gradients: (number[] | null)[];
}
const { labels, 'labels without the last class': withoutLast, ...rest } = goldenFile;
const golden = rest as unknown as Record<string, Golden>;

const images = 2;
const views = 3;
const constant = (like: Value, { shape, data }: Stored) =>
  like.graph.constant(Float32Array.from(data), shape);
const options = (loss: 'kl' | 'mse') => ({ temperature: 0.1, loss });
const alignment = (...[bottleneck, reconstructed, logits, reconstructedLogits, ...v]: Value[]) =>
  alignmentTerms({
    bottleneck,
    reconstructed,
    logits,
    reconstructedLogits,
    vectors: v[0],
    semantic: v[1],
    images,
  });

const losses: Record<string, (...inputs: Value[]) => Value> = {
  'cross-entropy against labels': (x) => crossEntropy(x, constant(x, labels)),
  'cross-entropy against probabilities': crossEntropy,
  'soft Dice': (x) => softDice(x, constant(x, labels)),
  'soft Dice, a class absent': (x) => softDice(x, constant(x, withoutLast)),
  'KL per pixel': klDivergence,
  'intra kl': (t, s) => intraLoss(t, s, images, options('kl')),
  'intra mse': (t, s) => intraLoss(t, s, images, options('mse')),
  'inter kl image': (t, s) => interLoss(t, s, images, 'image', options('kl')),
  'inter kl batch': (t, s) => interLoss(t, s, images, 'batch', options('kl')),
  'inter mse image': (t, s) => interLoss(t, s, images, 'image', options('mse')),
  'inter mse batch': (t, s) => interLoss(t, s, images, 'batch', options('mse')),
  'alignment features': (...x) => alignment(...x).features,
  'alignment output': (...x) => alignment(...x).output,
  'alignment regularisation': (...x) => alignment(...x).regularisation,
  'alignment consistency': (...x) => alignment(...x).consistency,
};

describe('losses of the method', () => {
  it('all have golden values', () => {
    assert.deepEqual(Object.keys(losses).sort(), Object.keys(golden).sort());
  });

  for (const [title, build] of Object.entries(losses)) {
    const { inputs, value, gradients } = golden[title];
    it(`${title}: value and gradients are PyTorch's`, async () => {
      const found = await differentiate(inputs, (x) => build(...x));
      assert.deepEqual(found.shape, []);
      assertClose(found.output, [value], 'value', 2e-5, 0.01);
      gradients.forEach((expected, i) => {
        const gradient = found.gradients[i];
        const what = `gradient in ${inputs[i].name}`;
        if (expected && gradient) assertClose(gradient, expected, what, 5e-5, 0.01);
        else assert.deepEqual(gradient, expected, what);
      });
    });
  }

  it('has gradients that are finite differences, at the temperature that sharpens them', async () => {
    for (const title of ['intra kl', 'inter kl batch'])
      await assertGradients(golden[title].inputs, (x) => losses[title](...x), [100], {
        step: 2 ** -8,
        tolerance: 2e-2,
      });
  });
});

describe('contrastive graphs', () => {
  const [teacher, student] = golden['intra kl'].inputs;
  const kinds: [string, (t: Value, s: Value) => Value][] = Object.entries(losses)
    .filter(([title]) => /^int(ra|er) /.test(title))
    .map(([title, build]) => [title, build]);

  for (const [title, build] of kinds) {
    it(`${title}: no loss and no gradient between equal networks`, async () => {
      const found = await differentiate([teacher, teacher], ([t, s]) => build(t, s));
      assertClose(found.output, [0], 'loss', 1e-6, 1);
      assertClose(found.gradients[1]!, new Float32Array(teacher.data.length), 'gradient', 1e-6, 1);
    });

    it(`${title}: no loss where the vectors differ only in length`, async () => {
      const longer = { ...teacher, data: teacher.data.map((x) => 3 * x) };
      const found = await differentiate([teacher, longer], ([t, s]) => build(t, s));
      assertClose(found.output, [0], 'loss', 1e-6, 1);
    });

    it(`${title}: a loss between networks that differ`, async () => {
      const found = await differentiate([teacher, student], ([t, s]) => build(t, s));
      assert.ok(found.output[0] > 1e-3, `${found.output[0]}`);
    });

    it(`${title}: unchanged where views change places in both networks alike, and not where in one`, async () => {
      // The images stay first; the views of each take another order.
      const order = [0, 1, 2 + 2, 2 + 0, 2 + 1, 5 + 1, 5 + 0, 5 + 2];
      assert.equal(order.length, images * (1 + views));
      const results = await evaluate([teacher, student], (_, [t, s]) => ({
        before: build(t, s),
        after: build(gather(t, order, 0), gather(s, order, 0)),
        one: build(gather(t, order, 0), s),
      }));
      assertClose(results['after'], results['before'], 'loss', 1e-6, 1);
      assert.ok(Math.abs(results['one'][0] - results['before'][0]) > 1e-3);
    });
  }

  it('has N x N edges for each image, or B N x B N for the batch', async () => {
    const results = await evaluate([teacher], (_, [t]) => ({
      image: interEdges(t, images, 'image'),
      batch: interEdges(t, images, 'batch'),
    }));
    assert.equal(results['image'].length, images * views * views);
    assert.equal(results['batch'].length, (images * views) ** 2);
  });
});

describe('alignment terms', () => {
  const { inputs } = golden['alignment consistency'];

  it('vanish for a perfect reconstruction of vectors that are the semantic ones in every view', async () => {
    const [bottleneck, , logits, , vectors] = inputs;
    const [anchor] = [vectors.data.slice(0, vectors.shape[1])];
    const same = {
      ...vectors,
      data: Array.from({ length: vectors.shape[0] }, () => anchor).flat(),
    };
    const results = await evaluate(
      [bottleneck, bottleneck, logits, logits, same, same],
      (_, values) => alignment(...values),
    );
    for (const name of ['features', 'regularisation', 'consistency'])
      assertClose(results[name], [0], name, 1e-6, 1);
    // A cross-entropy with oneself is the entropy, not zero.
    assert.ok(results['output'][0] > 0.1);
  });
});

describe('vectors', () => {
  it('unit: length 1, zero stays zero', async () => {
    const v = { shape: [2, 2], data: [3, -4, 0, 0] };
    const { unit: found } = await evaluate([v], (_, [x]) => ({ unit: unit(x) }));
    assertClose(found, [0.6, -0.8, 0, 0], 'vectors');
  });

  it('stopGradient: the value passes, the gradient does not', async () => {
    const x = { shape: [2], data: [2, 3] };
    const found = await differentiate([x], ([v]) => mul(v, stopGradient(v)));
    assert.deepEqual([...found.output], [4, 9]);
    assert.deepEqual([...found.gradients[0]!], [2, 3]);
  });
});
