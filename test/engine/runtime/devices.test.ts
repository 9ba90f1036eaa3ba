import assert from 'node:assert/strict';
import { loadConfig } from '../../../engine/config/load';
import { Graph, elements } from '../../../engine/graph/graph';
import { initialize } from '../../../engine/networks/initialization';
import { Random } from '../../../engine/random';
import { openDevice } from '../../../engine/runtime/device';
import type { Device } from '../../../engine/runtime/runtime';
import { compile } from '../../../engine/runtime/compile';
import { stepFactors } from '../../../engine/training/optimizer';
import { stagesOf } from '../../../engine/method/stages';
import { type Stage } from '../../../engine/training/stage';
import { addTrainingStep } from '../../../engine/training/training-graph';
import { withFolder } from '../images/shared';
import { tinyRunConfig, writeConfig } from '../runs/tiny-cohort';
import { plainTensorFlow } from './plain-tensorflow';

// WebGPU: a graphics driver in software is enough; VK_ICD_FILENAMES names SwiftShader's description, which comes with Chromium.
for (const device of ['wasm', 'webgpu', 'tensorflow'] as const)
  describe(`training on ${device}`, function () {
    this.timeout(300_000);
    let other: Device;
    if (device === 'tensorflow') plainTensorFlow(2);

    before(async function () {
      try {
        other = await openDevice(device, 2);
      } catch (error) {
        console.log(`      skipped: ${(error as Error).message}`);
        this.skip();
      }
    });

    for (const [name, student] of [
      ['teacher', 'unet'],
      ['warmup', 'mobilenetv2-unet'],
      ['gkd', 'unet'],
    ])
      it(`takes the same steps as on the processor: ${name}, student ${student}`, () =>
        withFolder(async (folder) => {
          // Where a network has few pixels left, a batch's statistics are those of few numbers, and soon apart.
          const [size, steps] = student === 'unet' ? [32, 2] : [64, 1];
          const tiny = { ...tinyRunConfig(), student: students[student], input: { size } };
          const config = loadConfig(await writeConfig(folder, tiny));
          const stage = stagesOf(config).find((s) => s.name === name)!;
          const expected = await trained(stage, steps, await openDevice('cpu', 1));
          const found = await trained(stage, steps, other);
          assert.ok(expected.losses.every(Number.isFinite));
          expected.losses.forEach((loss, i) =>
            assert.ok(
              Math.abs(loss - found.losses[i]) < 2e-3 * Math.abs(loss),
              `step ${i + 1}: ${loss} and ${found.losses[i]}`,
            ),
          );
          for (const [weight, values] of expected.state) {
            if (weight.includes('@')) continue;
            const after = found.state.get(weight)!;
            const scale = values.reduce((max, v) => Math.max(max, Math.abs(v)), 1e-2);
            values.forEach((v, i) =>
              assert.ok(
                Math.abs(v - after[i]) < 0.05 * scale,
                `${weight}[${i}]: ${v} and ${after[i]}`,
              ),
            );
          }
        }));
  });

const students: Record<string, object> = {
  unet: { network: 'unet', width: 2, depth: 2 },
  'mobilenetv2-unet': { network: 'mobilenetv2-unet', width: 0.25 },
};

/** Losses of training steps on random images, and the state after them. */
async function trained(stage: Stage, steps: number, device: Device) {
  const graph = new Graph();
  const loss = stage.build(graph, 2);
  const optimizer = { name: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 0 } as const;
  addTrainingStep(graph, loss, { optimizer, clipNorm: 1 });
  const all = initialize(graph, 1, ['']);
  const isTrained = (key: string) => loss.trains.some((prefix) => key.startsWith(prefix));
  const program = await compile(graph, {
    device,
    frozen: new Map([...all].filter(([key]) => !isTrained(key) && !key.includes('@'))),
    state: new Map([...all].filter(([key]) => isTrained(key) || key.includes('@'))),
  });
  try {
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      const feeds: Record<string, Float32Array> = {};
      for (const { name, shape } of graph.inputs) {
        if (shape.length !== 4) continue;
        const random = new Random(step, name);
        const data = Float32Array.from({ length: elements(shape) }, () => random.uniform());
        // Labels are one-hot.
        const [n, c, h, w] = shape;
        if (name === 'labels')
          for (let i = 0; i < n; i++)
            for (let p = 0; p < h * w; p++)
              for (let k = 0; k < c; k++) data[(i * c + k) * h * w + p] = k === p % c ? 1 : 0;
        feeds[name] = data;
      }
      const results = await program.run({ ...feeds, ...stepFactors(optimizer, step, 0.01) });
      losses.push(results['loss'][0]);
    }
    return { losses, state: await program.state() };
  } finally {
    await program.release();
  }
}
