import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { DistillConfig } from '../../../engine/config/config';
import type { PreparedCase } from '../../../engine/preparation/prepared-case';
import { log, mul } from '../../../engine/graph/operators/elementwise';
import type { Value } from '../../../engine/graph/graph';
import { meanAll } from '../../../engine/graph/operators/reduction';
import type { EngineEvent } from '../../../engine/contract/events';
import { RunFolder } from '../../../engine/runs/run-folder';
import type { Stage } from '../../../engine/training/stage';
import { Cancelled, trainStage } from '../../../engine/training/train';
import { withFolder } from '../images/shared';
import { cpu } from '../graph/shared';

const size: [number, number] = [4, 4];
const pixels = size[0] * size[1];

const config = {
  classes: ['liver'],
  input: { size, fit: 'resize', spacing: 0, overlap: 0 },
  method: { augmentations: 0 },
  training: {
    seed: 1,
    optimizer: { name: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 },
    schedule: { name: 'constant', warmup: 0 },
    clipNorm: 0,
    augmentation: {
      flip: { horizontal: 0, vertical: 0 },
      rotate: 0,
      scale: 0,
      translate: 0,
      contrast: 0,
      brightness: 0,
      gamma: 0,
      noise: 0,
      blur: 0,
      bias: 0,
      randomConvolution: 0,
    },
    evaluateEvery: 0,
    patience: 0,
    checkpointEvery: 2,
    stages: { teacher: { steps: 8, batchSize: 1, learningRate: 1 } },
  },
} as unknown as DistillConfig;

const bright: PreparedCase = {
  case: {
    domain: 'ct',
    id: 'a',
    subject: 'a',
    split: 'train',
    images: ['a'],
    labels: ['a'],
    masks: [],
  },
  slices: 1,
  channels: 1,
  rows: size[0],
  columns: size[1],
  image: new Float32Array(pixels).fill(1),
  label: new Uint8Array(pixels),
  fov: null,
};

/** A stage that trains one number w (from 1), with terms of it and the images. */
function stageOf(
  terms: (w: Value, images: Value) => Record<string, Value>,
  network: Stage['network'] = null,
): Stage {
  return {
    name: 'teacher',
    title: 'Teacher',
    ...config.training.stages.teacher,
    needs: [],
    network,
    views: 0,
    stream: 'teacher',
    depends: null,
    build(graph, n) {
      const images = graph.input('images', 'float32', [n, 1, ...size]);
      const w = graph.parameter('teacher/w', [], { kind: 'constant', value: 1 });
      return {
        terms: Object.fromEntries(
          Object.entries(terms(w, images)).map(([name, value]) => [
            name,
            { value, weight: 1, title: name, color: 0 },
          ]),
        ),
        trains: ['teacher/'],
      };
    },
  };
}

async function train(
  folder: string,
  stage: Stage,
  o: {
    resume?: boolean;
    stopAfter?: number;
    dice?: (step: number) => number | null;
    training?: Partial<DistillConfig['training']>;
  } = {},
) {
  const events: EngineEvent[] = [];
  const run = new RunFolder(folder);
  await run.create();
  const stop = new AbortController();
  const result = trainStage(stage, new Map(), 'hash', {
    config: { ...config, training: { ...config.training, ...o.training } },
    device: cpu,
    store: run,
    cases: [bright],
    validate: (_, step) => Promise.resolve(o.dice?.(step) ?? null),
    emit(event) {
      events.push(event);
      if (event.type === 'step' && event.step === o.stopAfter) stop.abort();
    },
    signal: stop.signal,
    resume: o.resume ?? false,
  });
  return { result, events, run };
}

describe('trainStage', () => {
  /** w falls by 0.22 at each step: at the sixth the logarithm is of a negative number. */
  const falling = stageOf((w, images) => ({
    harmless: meanAll(mul(mul(w, images), w.graph.scalar(0.22))),
    logarithm: mul(log(w), w.graph.scalar(1e-6)),
  }));

  it('stops at a loss that is not finite with the stage, the step and the term, and keeps the checkpoint', () =>
    withFolder(async (folder) => {
      const { result, events, run } = await train(folder, falling);
      await assert.rejects(result, {
        name: 'UserError',
        message: /^Stage teacher, step 6: logarithm is NaN; the last checkpoint is kept\./,
      });
      assert.equal(events.filter((e) => e.type === 'step').length, 5);
      const checkpoint = await run.readCheckpoint('teacher', 'hash');
      assert.ok(checkpoint);
      assert.equal(checkpoint.step, 4);
      assert.ok(Math.abs(checkpoint.state.get('teacher/w')![0] - 0.12) < 1e-4);
    }));

  it('stops before the first step where a term has no gradient on what it should train, with its name', () =>
    withFolder(async (folder) => {
      const stage = stageOf((w, images) => ({
        fine: meanAll(mul(w, images)),
        idle: meanAll(mul(w, mul(images, w.graph.scalar(0)))),
      }));
      const { result, events } = await train(folder, stage);
      await assert.rejects(result, {
        name: 'UserError',
        message:
          'Stage teacher: the term "idle" has no gradient on what it should train, so it would do nothing; ' +
          'set its weight to 0 or change what it compares.',
      });
      assert.equal(events.filter((e) => e.type === 'step').length, 0);
    }));

  it('stops where a term depends on nothing that is trained, with its name', () =>
    withFolder(async (folder) => {
      const stage = stageOf((w, images) => ({ fine: mul(w, w), apart: meanAll(images) }));
      await assert.rejects((await train(folder, stage)).result, {
        name: 'UserError',
        message: 'The term "apart" of the loss depends on nothing that this stage trains.',
      });
    }));

  const steady = stageOf((w, images) => ({ fit: meanAll(mul(mul(w, w), images)) }), {
    name: 'teacher',
    architecture: 'teacher',
  });

  it('reports every term at each step, and its gradient at the first', () =>
    withFolder(async (folder) => {
      const { result, events } = await train(folder, steady);
      await result;
      const steps = events.flatMap((e) => (e.type === 'step' ? [e] : []));
      assert.deepEqual(
        steps.map((e) => [e.step, e.steps, e.learningRate]),
        Array.from({ length: 8 }, (_, i) => [i + 1, 8, 1]),
      );
      assert.deepEqual(steps[0].losses, { loss: 1, fit: 1 });
      const [gradients] = events.flatMap((e) => (e.type === 'gradients' ? [e] : []));
      assert.deepEqual([gradients.step, gradients.norms], [0, { fit: 2 }]);
    }));

  it('ends early once its network has stood still, with its best weights', () =>
    withFolder(async (folder) => {
      const slow = stageOf(
        (w, images) => ({ fit: meanAll(mul(mul(w, w), mul(images, w.graph.scalar(0.1)))) }),
        { name: 'teacher', architecture: 'teacher' },
      );
      const dice = (step: number) => (step === 2 ? 0.9 : 0.5);
      const patient = { evaluateEvery: 1, patience: 3 };
      const { result, events } = await train(folder, slow, { dice, training: patient });
      const { record, weights } = await result;
      assert.deepEqual(
        [record.step, record.steps, record.stoodStill, record.best?.step],
        [5, 8, true, 2],
      );
      assert.equal(events.filter((e) => e.type === 'step').length, 5);
      // w falls by a fifth of itself a step.
      assert.ok(Math.abs(weights.get('teacher/w')![0] - 0.8 ** 2) < 1e-4);
      const whole = await train(join(folder, 'whole'), slow, {
        dice,
        training: { ...patient, patience: 0 },
      });
      assert.equal((await whole.result).record.step, 8);
    }));

  it('stopped after its step and resumed, it ends with the same weights', () =>
    withFolder(async (folder) => {
      const slow = stageOf((w, images) => ({
        fit: meanAll(mul(mul(w, w), mul(images, w.graph.scalar(0.1)))),
      }));
      const whole = await (await train(folder, slow)).result;
      const stopped = await train(folder, slow, { stopAfter: 3 });
      await assert.rejects(stopped.result, Cancelled);
      assert.equal((await stopped.run.readCheckpoint('teacher', 'hash'))?.step, 3);
      const resumed = await train(folder, slow, { resume: true });
      assert.deepEqual((await resumed.result).weights, whole.weights);
      assert.equal(resumed.events.filter((e) => e.type === 'step').length, 5);
    }));
});
