import assert from 'node:assert/strict';
import { Graph, type Value } from '../../../engine/graph/graph';
import { reshape } from '../../../engine/graph/operators/shape';
import { channelDivergence } from '../../../engine/method/cwd';
import { interLoss, intraLoss } from '../../../engine/method/gkd/contrastive-graphs';
import { softened } from '../../../engine/method/kd';
import { stagesOf } from '../../../engine/method/stages';
import type { StudentConfig } from '../../../engine/method/setup';
import { Random } from '../../../engine/random';
import { compile } from '../../../engine/runtime/compile';
import { assertClose, cpu } from '../graph/shared';
import { tinyMethod } from './tiny-method';

const [gkd] = tinyMethod().methods;
const kd: StudentConfig = {
  name: 'kd',
  method: 'kd',
  options: { temperature: 2, weight: 1, scope: 'views' },
};
const cwd: StudentConfig = {
  name: 'cwd',
  method: 'cwd',
  options: { temperature: 2, logits: 3, bottleneck: 50, scope: 'image' },
};

describe('a method whose batches are taken in parts', () => {
  it('has terms that are means over images; others need the whole batch', () => {
    const isWhole = (student: StudentConfig) =>
      stagesOf({ ...tinyMethod(), methods: [student], baselines: [] }).at(-1)!.whole;
    const ofBatch = { ...gkd, options: { ...gkd.options, inter: { weight: 1, scope: 'batch' } } };
    const ofImage = { ...gkd, options: { ...gkd.options, inter: { weight: 1, scope: 'image' } } };
    assert.deepEqual([ofBatch, ofImage, kd, cwd].map(isWhole), [
      true,
      undefined,
      undefined,
      undefined,
    ]);
  });

  const options = { temperature: 0.5, loss: 'kl' } as const;
  const byImage: Record<string, (t: Value, s: Value, images: number) => Value> = {
    'KD logits': (t, s) => softened(t, s, 2),
    CWD: (t, s) => channelDivergence(t, s, 2),
    'the intra-coupling graph': (t, s, n) => intraLoss(...flat(t, s), n, options),
    'the inter-coupling graph of images': (t, s, n) =>
      interLoss(...flat(t, s), n, 'image', options),
  };
  const flat = (...values: [Value, Value]) =>
    values.map((v) => reshape(v, [v.shape[0], v.size / v.shape[0]])) as [Value, Value];

  for (const [title, term] of Object.entries(byImage))
    it(`${title} of a batch is the mean of its parts`, async () => {
      const random = new Random('parts', title);
      // Rows of two images, then of their three views each.
      const values = () => Array.from({ length: 8 * 12 }, () => random.normal());
      const [t, s] = [values(), values()];
      const valueOf = async (rows: number[], n: number) => {
        const part = (all: number[]) =>
          Float32Array.from(rows.flatMap((row) => all.slice(row * 12, (row + 1) * 12)));
        const graph = new Graph();
        const shape = [rows.length, 3, 2, 2];
        graph.output(
          'value',
          term(graph.constant(part(t), shape), graph.constant(part(s), shape), n),
        );
        const program = await compile(graph, { device: cpu });
        const { value } = await program.run();
        await program.release();
        return value[0];
      };
      const whole = await valueOf([0, 1, 2, 3, 4, 5, 6, 7], 2);
      const parts = [await valueOf([0, 2, 3, 4], 1), await valueOf([1, 5, 6, 7], 1)];
      assertClose([(parts[0] + parts[1]) / 2], [whole], title, 1e-5);
    });
});
