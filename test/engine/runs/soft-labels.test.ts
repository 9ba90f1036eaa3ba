import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sliceOf } from '../../../engine/batches/sampler';
import type { EngineEvent } from '../../../engine/contract/events';
import type { PreparedCase } from '../../../engine/preparation/prepared-case';
import { Random } from '../../../engine/random';
import { removeSoftLabels, withSoftLabels } from '../../../engine/runs/soft-labels';
import { readWeightFile } from '../../../engine/weights';
import { runTiny, tinyRunConfig, writeTinyCohort } from './tiny-cohort';

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'meddistill-soft-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [slices, planes, rows, columns] = [3, 3, 4, 5];
const item: PreparedCase = {
  case: { domain: 'ct', id: '1', subject: '1', images: [], labels: [], masks: [], split: 'train' },
  ...{ slices, rows, columns, channels: 1 },
  image: new Float32Array(slices * rows * columns),
  label: null,
  fov: null,
};

/** Predicts what is drawn from a seed, in this order: [slices][planes][rows][columns], each pixel's probabilities adding up to 1. */
function drawn(): Float32Array {
  const random = new Random('soft');
  const pixels = rows * columns;
  const all = Float32Array.from({ length: slices * planes * pixels }, () => random.uniform());
  for (let s = 0; s < slices; s++)
    for (let p = 0; p < pixels; p++) {
      const at = (plane: number) => (s * planes + plane) * pixels + p;
      const sum = all[at(0)] + all[at(1)] + all[at(2)];
      for (let plane = 0; plane < planes; plane++) all[at(plane)] /= sum;
    }
  return all;
}
const teacher = { probabilities: () => Promise.resolve(drawn()) };

describe('soft labels', () => {
  it('are what the teacher gives for the classes, slice by slice, to a share of 65535', () =>
    withFolder(async (folder) => {
      const [labelled] = await withSoftLabels([item], teacher, folder, () => {});
      const pixels = rows * columns;
      const expected = drawn();
      for (let slice = 0; slice < slices; slice++) {
        const { softLabel, image } = sliceOf(labelled, slice);
        assert.equal(image.length, pixels);
        const own = expected.subarray((slice * planes + 1) * pixels, (slice + 1) * planes * pixels);
        assert.equal(softLabel!.length, own.length);
        softLabel!.forEach((value, n) => assert.ok(Math.abs(value - own[n]) <= 0.51 / 65535));
      }
      assert.equal(sliceOf(item, 0).softLabel, undefined);
      await removeSoftLabels(folder);
      assert.ok(!existsSync(join(folder, 'soft-labels')));
    }));

  it('that are cut short or gone are said to be, by the name of their file', () =>
    withFolder(async (folder) => {
      const [labelled] = await withSoftLabels([item], teacher, folder, () => {});
      const file = join(folder, 'soft-labels/0.u16');
      truncateSync(file, 100);
      assert.throws(() => sliceOf(labelled, 2), /0\.u16, soft labels of this run.*truncated/);
      rmSync(file);
      assert.throws(() => sliceOf(labelled, 0), /0\.u16.*ENOENT/);
    }));

  it('are neither written nor removed through a link', () =>
    withFolder(async (folder) => {
      symlinkSync(tmpdir(), join(folder, 'soft-labels'));
      await assert.rejects(
        withSoftLabels([item], teacher, folder, () => {}),
        /symbolic link/,
      );
    }));
});

describe('a student that learns by soft labels', function () {
  this.timeout(240_000);
  const still = {
    ...{ rotate: 0, scale: 0, translate: 0 },
    ...{ contrast: 0, brightness: 0, gamma: 0, noise: 0, blur: 0 },
  };
  const tiny = tinyRunConfig();
  const student = (name: string, targets: string) => ({
    ...{ method: 'kd', name, targets, temperature: 2, scope: 'image' },
  });

  it('finds what the teacher would say at the step, where nothing is moved or changed', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder, {
        ...tiny,
        methods: [student('live', 'live'), student('kept', 'precomputed')],
        training: { ...tiny.training, augmentation: still },
      });
      const run = join(folder, 'run');
      const first = new Map<string, Record<string, number>>();
      await runTiny(config, run, {
        onEvent: (e) => {
          if (e.type === 'step' && e.step === 1) first.set(e.stage, e.losses);
          // While it trains they are there.
          if (e.type === 'step' && e.stage === 'kept')
            assert.ok(existsSync(join(run, 'soft-labels')));
        },
      });
      const [live, kept] = ['live', 'kept'].map((name) => first.get(name)!);
      assert.ok(live['logits'] > 1e-3);
      assert.ok(Math.abs(live['logits'] - kept['logits']) < 1e-3 * live['logits']);
      assert.equal(live['crossEntropy'], kept['crossEntropy']);
      assert.ok(!existsSync(join(run, 'soft-labels')));
    }));

  it('is stopped and resumed to the weights of one that was not, bit for bit', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder, {
        ...tiny,
        methods: [student('kd', 'precomputed')],
      });
      const weights = async (run: string) => {
        const { weights } = await readWeightFile(join(run, 'weights/kd.safetensors'));
        return [...weights].map(([name, data]) => [name, [...data]]);
      };
      await runTiny(config, join(folder, 'whole/run'));
      const run = join(folder, 'stopped/run');
      const stop = new AbortController();
      await runTiny(config, run, {
        signal: stop.signal,
        onEvent: (e) => {
          if (e.type === 'step' && e.stage === 'kd' && e.step === 7) stop.abort();
        },
      });
      const events: EngineEvent[] = await runTiny(config, run, { resume: true });
      assert.ok(events.some((e) => e.type === 'stage' && e.state === 'resumed' && e.step === 7));
      assert.deepEqual(await weights(run), await weights(join(folder, 'whole/run')));
    }));
});
