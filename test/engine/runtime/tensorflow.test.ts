import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineEvent } from '../../../engine/contract/events';
import { Graph, type Operator } from '../../../engine/graph/graph';
import { add, clip, mul, neg, sub } from '../../../engine/graph/operators/elementwise';
import { conv } from '../../../engine/graph/operators/convolution';
import { operators } from '../../../engine/graph/operators/operators';
import { meanAll } from '../../../engine/graph/operators/reduction';
import { openDevice } from '../../../engine/runtime/device';
import { next } from '../../../engine/runtime/state';
import { kernels } from '../../../engine/runtime/tensorflow/kernels/kernels';
import { channelsLast, LaidOut, plainOrder } from '../../../engine/runtime/tensorflow/laid-out';
import {
  findPackage,
  folderVariable,
  loadPackage,
} from '../../../engine/runtime/tensorflow/package';
import { tensorflowRuntime } from '../../../engine/runtime/tensorflow/tensorflow';
import { compileTensors } from '../../../engine/runtime/tensorflow/tensor-program';
import { withFolder } from '../images/shared';
import { runTiny, tinyRunConfig, writeTinyCohort } from '../runs/tiny-cohort';
import { installPackage, plainTensorFlow } from './plain-tensorflow';

const zero = { kind: 'constant', value: 0 } as const;

describe("TensorFlow.js's interpreter", () => {
  before(() => tf.env().set('IS_TEST', true));

  it('has a kernel for each operator that has no expansion', () => {
    for (const [key, operator] of operators)
      assert.ok(kernels.has(key) || operator.expand !== undefined, key);
    for (const key of kernels.keys()) assert.ok(operators.has(key), key);
  });

  it('names an operator that it has not, before anything runs', () => {
    const graph = new Graph();
    const unknown: Operator = { name: 'Lrn', attributes: {}, infer: ([x]) => [x] };
    graph.output('y', graph.apply(unknown, [graph.input('x', 'float32', [2])]));
    assert.throws(() => compileTensors(tf, graph, {}), {
      name: 'GraphError',
      message: 'TensorFlow.js has no operator Lrn here, as Lrn_0 is',
    });
  });

  it('holds nothing between runs but constants and state, and nothing once it is released', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [1, 2, 8, 8]);
    const w = graph.parameter('w', [3, 2, 3, 3], zero);
    const still = graph.parameter('still', [3, 3, 1, 1], zero);
    const y = conv(conv(x, w, null, { padding: 1 }), still, null);
    graph.output('loss', meanAll(y));
    graph.output(next('w'), add(w, mul(w, graph.scalar(2))));
    const before = tf.memory().numTensors;
    const program = compileTensors(tf, graph, {
      frozen: new Map([['still', new Float32Array(9)]]),
      state: new Map([['w', new Float32Array(54)]]),
    });
    const run = () => program.run({ x: new Float32Array(128) });
    await run();
    const after = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) await run();
    assert.equal(tf.memory().numTensors, after);
    await program.release();
    assert.equal(tf.memory().numTensors, before);
  });

  it('frees each value after its last use, also where a kernel fails', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [4]);
    let y = x;
    for (let i = 0; i < 50; i++) y = neg(mul(y, y));
    graph.output('y', y);
    let most = 0;
    let calls = 0;
    let failing = false;
    const watched = {
      ...tf,
      neg: (a: tf.Tensor) => {
        most = Math.max(most, tf.memory().numTensors);
        if (failing && ++calls === 20) throw new Error('the device was lost');
        return tf.neg(a);
      },
    } as typeof tf;
    const before = tf.memory().numTensors;
    const program = compileTensors(watched, graph, {});
    const feeds = { x: Float32Array.of(1, 0, 0.5, -1) };
    assert.deepEqual([...(await program.run(feeds))['y'].slice(0, 2)], [-1, -0]);
    assert.ok(most - before <= 3, `${most - before} tensors at a time`);
    failing = true;
    await assert.rejects(program.run(feeds), { message: 'the device was lost' });
    assert.equal(tf.memory().numTensors, before);
    await program.release();
  });

  it('limits to 0 and 6 as to any others', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [5]);
    graph.output('y', clip(x, 0, 6));
    graph.output('z', clip(x, 0, 5));
    const program = compileTensors(tf, graph, {});
    const { y, z } = await program.run({ x: Float32Array.of(-1, 0, 5.5, 6, 7) });
    assert.deepEqual([...y, ...z], [0, 0, 5.5, 6, 6, 0, 0, 5, 5, 5]);
    await program.release();
  });

  it('moves a state on to the value of another, to its own and to a constant', async () => {
    const graph = new Graph();
    const [a, b] = ['a', 'b'].map((name) => graph.parameter(name, [1], zero));
    const c = graph.parameter('c', [1], zero);
    const d = graph.parameter('d', [1], zero);
    const difference = sub(a, b);
    graph.output(next('a'), b);
    graph.output(next('b'), a);
    graph.output(next('c'), difference);
    graph.output(next('d'), difference);
    graph.output('was c', c);
    graph.output('was d', d);
    const state = new Map(['a', 'b', 'c', 'd'].map((name, i) => [name, Float32Array.of(i + 1)]));
    const program = compileTensors(tf, graph, { state });
    const seen: number[][] = [];
    for (let i = 0; i < 3; i++) {
      const results = await program.run();
      seen.push([results['was c'][0], results['was d'][0]]);
    }
    const after = [...(await program.state()).values()].map(([value]) => value);
    assert.deepEqual(seen, [
      [3, 4],
      [-1, -1],
      [1, 1],
    ]);
    assert.deepEqual(after, [2, 1, -1, -1]);
    await program.release();
  });

  it('lays a value out in any order of axes, each once', () => {
    const shape = [2, 3, 1, 4];
    const data = Float32Array.from({ length: 24 }, (_, i) => i);
    const value = new LaidOut(tf, shape, tf.tensor(data, shape));
    const last = value.in(channelsLast);
    assert.deepEqual(last.shape, [2, 1, 4, 3]);
    assert.deepEqual([...last.dataSync().slice(0, 6)], [0, 4, 8, 1, 5, 9]);
    assert.equal(value.in(channelsLast), last);
    const back = new LaidOut(tf, shape, tf.clone(last), channelsLast);
    assert.deepEqual(back.in(plainOrder(4)).dataSync(), data);
    // Rows have extent 1: nothing but their place is new.
    assert.deepEqual([...value.in([0, 1, 3, 2]).dataSync()], [...data]);
    value.dispose();
    back.dispose();
  });
});

describe('the package of TensorFlow.js', () => {
  const named = process.env[folderVariable];
  beforeEach(() => delete process.env[folderVariable]);
  after(() => {
    delete process.env[folderVariable];
    if (named !== undefined) process.env[folderVariable] = named;
  });
  const empty = 'module.exports = {};';

  it('is found in the folder that the environment names, in one above it, or as that folder, for GPUs first', () =>
    withFolder(async (folder) => {
      const cpu = await installPackage(folder, '@tensorflow/tfjs-node', empty);
      process.env[folderVariable] = join(folder, 'deep', 'er');
      assert.deepEqual(findPackage(), {
        name: '@tensorflow/tfjs-node',
        version: '4.22.0',
        folder: cpu,
      });
      process.env[folderVariable] = cpu;
      assert.equal(findPackage().folder, cpu);
      const gpu = await installPackage(folder, '@tensorflow/tfjs-node-gpu', empty);
      process.env[folderVariable] = folder;
      assert.equal(findPackage().folder, gpu);
    }));

  it('is only what bears its name', () =>
    withFolder(async (folder) => {
      const own = await installPackage(folder, '@tensorflow/tfjs-node-gpu', empty);
      await writeFile(
        join(own, 'package.json'),
        JSON.stringify({ name: 'tfjs-node-gpu', version: '4.22.0' }),
      );
      for (const where of [folder, own]) {
        process.env[folderVariable] = where;
        assert.throws(findPackage, /^Error: neither @tensorflow\/tfjs-node-gpu nor/);
      }
    }));

  it('is asked for in one sentence where it is not there, with the folders that were looked in', async () => {
    await assert.rejects(openDevice('tensorflow'), {
      name: 'UserError',
      message:
        /^device "tensorflow" does not start: neither @tensorflow\/tfjs-node-gpu nor @tensorflow\/tfjs-node is installed in .+; run "npm install @tensorflow\/tfjs-node-gpu" in a folder and name that in MEDDISTILL_TENSORFLOW, in VS Code in the setting meddistill\.tensorflowPath$/,
    });
  });

  it('is told by its folder where it cannot be loaded', () =>
    withFolder(async (folder) => {
      const own = await installPackage(
        folder,
        '@tensorflow/tfjs-node',
        "throw new Error('libtensorflow.so.2: cannot open shared object file\\nmore');",
      );
      process.env[folderVariable] = folder;
      await assert.rejects(openDevice('tensorflow'), {
        name: 'UserError',
        message: `device "tensorflow" does not start: @tensorflow/tfjs-node in ${own} cannot be loaded: libtensorflow.so.2: cannot open shared object file`,
      });
    }));

  it('finds what newer versions of Node have no more', () =>
    withFolder(async (folder) => {
      const script = `
        const util = require('util');
        module.exports = [null, undefined, 0].map((x) => util.isNullOrUndefined(x)).concat(util.isArray([]));`;
      const own = await installPackage(folder, '@tensorflow/tfjs-node', script);
      const found = { name: '@tensorflow/tfjs-node', version: '4.22.0', folder: own };
      assert.deepEqual(loadPackage(found, 1), [true, true, false, true]);
    }));

  it('is taken by no one who has not asked for it', async () => {
    assert.equal(
      await tensorflowRuntime.open('tensorflow', 1, false),
      'tensorflow is taken only where it is asked for',
    );
  });

  it('is code from the folder one works in for --device tensorflow, not for a config that says so', () =>
    withFolder(async (folder) => {
      const marker = join(folder, 'loaded');
      await installPackage(
        folder,
        '@tensorflow/tfjs-node',
        `require('fs').appendFileSync(${JSON.stringify(marker)}, 'x'); throw new Error('loaded');`,
      );
      const config = await writeTinyCohort(folder, { ...tinyRunConfig(), device: 'tensorflow' });
      const run = (...flags: string[]) => {
        const root = join(__dirname, '../../..');
        const tsx = join(root, 'node_modules/tsx/dist/cjs/index.cjs');
        const command = [
          '--require',
          tsx,
          join(root, 'engine/cli/cli.ts'),
          'run',
          config,
          ...flags,
        ];
        try {
          execFileSync(process.execPath, command, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
          return '';
        } catch (error) {
          return (error as { stderr: string }).stderr;
        }
      };
      assert.match(run(), /neither @tensorflow\/tfjs-node-gpu nor/);
      await assert.rejects(readFile(marker));
      assert.match(run('--device', 'tensorflow', '--resume'), /cannot be loaded: loaded/);
      assert.equal(await readFile(marker, 'utf8'), 'x');
    })).timeout(180_000);
});

describe('a run on TensorFlow.js', function () {
  this.timeout(300_000);
  plainTensorFlow();

  it('goes to its end, and starts as on the processor', () =>
    withFolder(async (folder) => {
      const config = (device: string) => {
        const tiny = tinyRunConfig();
        const stages = ['teacher', 'warmup', 'psae', 'act', 'distill'].map((name) => [
          name,
          { steps: 2 },
        ]);
        return {
          ...tiny,
          device,
          input: { size: 16 },
          training: { ...tiny.training, stages: Object.fromEntries(stages) as object },
        };
      };
      const losses = async (device: string) => {
        const file = await writeTinyCohort(join(folder, device), config(device));
        const events = await runTiny(file, join(folder, device, 'out'));
        const report = events.some((event) => event.type === 'finished');
        return { report, first: firstLosses(events) };
      };
      const expected = await losses('cpu');
      const found = await losses('tensorflow');
      assert.ok(expected.report && found.report);
      assert.deepEqual(Object.keys(found.first), Object.keys(expected.first));
      assert.ok(Object.keys(found.first).length >= 5);
      for (const [stage, loss] of Object.entries(expected.first))
        assert.ok(
          Math.abs(found.first[stage] - loss) < 2e-2 * Math.abs(loss),
          `${stage}: ${loss} and ${found.first[stage]}`,
        );
    }));
});

/** The loss of the first step of each stage. */
function firstLosses(events: readonly EngineEvent[]): Record<string, number> {
  const first: Record<string, number> = {};
  for (const event of events)
    if (event.type === 'step') first[event.stage] ??= event.losses['loss'];
  return first;
}
