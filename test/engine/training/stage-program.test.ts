import assert from 'node:assert/strict';
import type { Batch } from '../../../engine/batches/sampler';
import { add, mul, sub } from '../../../engine/graph/operators/elementwise';
import { matmul } from '../../../engine/graph/operators/matmul';
import { meanAll } from '../../../engine/graph/operators/reduction';
import { reshape, slice } from '../../../engine/graph/operators/shape';
import { Random } from '../../../engine/random';
import type { Stage } from '../../../engine/training/stage';
import { StageProgram } from '../../../engine/training/stage-program';
import { assertClose, cpu } from '../graph/shared';

const zero = { kind: 'constant', value: 0 } as const;
const [images, views, pixels] = [4, 2, 4];
const rows = images * (1 + views);

const random = new Random('batch in parts');
const batch: Batch = {
  shape: [rows, 1, 2, 2],
  images: Float32Array.from({ length: rows * pixels }, () => random.normal()),
  labels: new Uint8Array(rows * pixels),
  fov: new Uint8Array(rows * pixels).fill(1),
};

/** A linear map of images, whose result on an image is to be that on each of its views, and its first pixel 1. */
const stage = (accumulate?: number): Stage => ({
  name: 'linear',
  title: 'Linear',
  steps: 3,
  batchSize: images,
  ...(accumulate === undefined ? {} : { accumulate }),
  learningRate: 0.1,
  needs: [],
  network: null,
  views,
  stream: 'linear',
  depends: null,
  build(graph, n) {
    const x = reshape(graph.input('images', 'float32', [n * (1 + views), 1, 2, 2]), [
      n * (1 + views),
      pixels,
    ]);
    const weight = graph.parameter('w', [pixels, pixels], { kind: 'normal', deviation: 1 });
    const y = matmul(x, weight);
    const anchors = reshape(slice(y, [0], [0], [n]), [n, 1, pixels]);
    const others = reshape(slice(y, [0], [n], [n * (1 + views)]), [n, views, pixels]);
    const apart = sub(others, anchors);
    const miss = sub(slice(anchors, [2], [0], [1]), graph.scalar(1));
    return {
      terms: {
        views: { value: meanAll(mul(apart, apart)), weight: 0.5, title: '', color: 0 },
        first: { value: meanAll(mul(miss, miss)), weight: 1, title: '', color: 1 },
      },
      trains: ['w'],
    };
  },
});

const adam = { name: 'adam', beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01 } as const;
const open = (parts: number | undefined, kept?: Map<string, Float32Array>) =>
  StageProgram.open(stage(parts), {
    device: cpu,
    training: { optimizer: adam, clipNorm: 1, seed: 5 },
    classes: 1,
    given: new Map(),
    kept: () => Promise.resolve(kept),
  });

describe('a batch taken in parts', () => {
  for (const parts of [2, 4])
    it(`of ${parts} gives the steps of the whole batch, each image with its own views`, async () => {
      const [whole, inParts] = [await open(undefined), await open(parts)];
      for (let step = 0; step < 3; step++) {
        const expected = await whole.step(batch, step, 0.05);
        const found = await inParts.step(batch, step, 0.05);
        for (const [name, value] of Object.entries(expected.losses))
          assertClose([found.losses[name]], [value], name, 1e-5);
        assertClose([found.gradientNorm], [expected.gradientNorm], 'norm', 1e-5);
        assertClose(
          (await inParts.trained()).get('w')!,
          (await whole.trained()).get('w')!,
          'w',
          2e-5,
        );
      }
      assert.deepEqual([...(await inParts.trained()).keys()], ['w']);
      await whole.release();
      await inParts.release();
    });

  it('goes on from a checkpoint as if it had not been stopped, bit for bit', async () => {
    const [once, before] = [await open(2), await open(2)];
    for (const program of [once, before]) await program.step(batch, 0, 0.05);
    const after = await open(2, await before.state());
    for (const program of [once, after]) await program.step(batch, 1, 0.05);
    assert.deepEqual(await after.trained(), await once.trained());
    for (const program of [once, before, after]) await program.release();
  });
});

describe('the moving average of weights', () => {
  /** The same, with a running statistic that counts the runs. */
  const counted = (parts?: number): Stage => {
    const own = stage(parts);
    return {
      ...own,
      build(graph, n) {
        const count = graph.parameter('w/count', [1], zero, { trainable: false });
        const next = add(count, graph.scalar(1));
        return { ...own.build(graph, n), statistics: new Map([['w/count', next]]) };
      },
    };
  };
  const averaged = (average: number, parts?: number) =>
    StageProgram.open(counted(parts), {
      device: cpu,
      training: { optimizer: adam, clipNorm: 1, seed: 5, average },
      classes: 1,
      given: new Map(),
    });

  for (const parts of [undefined, 2])
    it(`is what is left: the mean so long as there are few, then exponential${parts ? ', of a batch in parts too' : ''}`, async () => {
      const [plain, program] = [await averaged(0, parts), await averaged(0.6, parts)];
      const expected = new Float64Array(pixels * pixels);
      let count = 0;
      for (let step = 0; step < 5; step++) {
        for (const one of [plain, program]) await one.step(batch, step, 0.05);
        // Shares of what it was: 0, 1/2, then 0.6.
        const decay = Math.min(0.6, step / (step + 1));
        const now = (await plain.trained()).get('w')!;
        now.forEach((value, n) => (expected[n] = decay * expected[n] + (1 - decay) * value));
        count = decay * count + (1 - decay) * (step + 1) * (parts ?? 1);
        const left = await program.trained();
        assertClose(left.get('w')!, expected, 'w', 1e-5);
        assertClose(left.get('w/count')!, [count], 'count', 1e-5);
        // It is beside the weights, which take the same steps.
        assert.deepEqual((await program.state()).get('w'), now);
      }
      assert.deepEqual([...(await program.trained()).keys()].sort(), ['w', 'w/count']);
      for (const one of [plain, program]) await one.release();
    });
});
