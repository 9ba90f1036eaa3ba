import assert from 'node:assert/strict';
import type { TrainingConfig } from '../../../engine/config/config';
import { Graph, type Value } from '../../../engine/graph/graph';
import { compile } from '../../../engine/runtime/compile';
import type { Program } from '../../../engine/runtime/runtime';
import { next } from '../../../engine/runtime/state';
import { optimizerStep, stepFactors } from '../../../engine/training/optimizer';
import { groupsOf } from '../../../engine/training/weight-groups';
import { assertClose, cpu } from '../graph/shared';
import goldenFile from './golden/optimizers.json';

type Weights = Record<string, number[]>;
const golden = goldenFile as unknown as {
  start: Weights;
  rates: number[];
  gradients: Weights[];
  optimizers: Record<string, { config: TrainingConfig['optimizer']; steps: Weights[] }>;
};
const shapes: Record<string, number[]> = { a: [3], b: [2, 2] };

async function trainer(config: TrainingConfig['optimizer']) {
  const graph = new Graph();
  const gradients = new Map<string, Value>();
  for (const [name, shape] of Object.entries(shapes)) {
    graph.parameter(name, shape, { kind: 'constant', value: 0 });
    gradients.set(name, graph.input(`gradient:${name}`, 'float32', shape));
  }
  const state = new Map<string, Float32Array>();
  for (const [name, value] of optimizerStep(graph, groupsOf(gradients), config)) {
    graph.output(next(name), value);
    const start = golden.start[name] ?? new Array<number>(value.size).fill(0);
    state.set(name, Float32Array.from(start));
  }
  return compile(graph, { device: cpu, state });
}

const feedsOf = (gradients: Weights) =>
  Object.fromEntries(
    Object.entries(gradients).map(([name, g]) => [`gradient:${name}`, Float32Array.from(g)]),
  );

describe('optimizers', () => {
  for (const [title, { config, steps }] of Object.entries(golden.optimizers))
    it(`${title}: the weights of PyTorch after each of ${steps.length} steps`, async () => {
      const program = await trainer(config);
      for (const [i, expected] of steps.entries()) {
        await program.run({
          ...feedsOf(golden.gradients[i]),
          ...stepFactors(config, i, golden.rates[i]),
        });
        const state = await program.state();
        for (const [name, weights] of Object.entries(expected))
          assertClose(state.get(name)!, weights, `${name} after step ${i + 1}`, 1e-6, 1);
      }
      await program.release();
    });

  it('go on from a stored state as if they had never stopped', async () => {
    const { config } = golden.optimizers['adam, weight decay'];
    const step = (program: Program, i: number) =>
      program.run({ ...feedsOf(golden.gradients[i]), ...stepFactors(config, i, golden.rates[i]) });
    const whole = await trainer(config);
    const first = await trainer(config);
    for (let i = 0; i < 5; i++) await step(whole, i);
    for (let i = 0; i < 2; i++) await step(first, i);
    const second = await trainer(config);
    second.load(await first.state());
    for (let i = 2; i < 5; i++) await step(second, i);
    assert.deepEqual(await second.state(), await whole.state());
    for (const program of [whole, first, second]) await program.release();
  });
});
