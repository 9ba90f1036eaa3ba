import assert from 'node:assert/strict';
import * as ort from 'onnxruntime-node';
import { loadConfig } from '../../../engine/config/load';
import { Graph, type TensorData } from '../../../engine/graph/graph';
import { lower } from '../../../engine/graph/lower';
import { toOnnx } from '../../../engine/graph/onnx';
import { matmul } from '../../../engine/graph/operators/matmul';
import { logSoftmax } from '../../../engine/graph/operators/softmax';
import { stagesOf } from '../../../engine/method/stages';
import { initialize } from '../../../engine/networks/initialization';
import { Random } from '../../../engine/random';
import { compile } from '../../../engine/runtime/compile';
import { openDevice } from '../../../engine/runtime/device';
import { compileSession } from '../../../engine/runtime/onnxruntime/session-program';
import { webgpuRule } from '../../../engine/runtime/onnxruntime/webgpu-rules';
import type { Device, Program } from '../../../engine/runtime/runtime';
import { addTrainingStep } from '../../../engine/training/training-graph';
import { cpu } from '../graph/shared';
import { withFolder } from '../images/shared';
import { tinyRunConfig, writeConfig } from '../runs/tiny-cohort';

const shapes = { a: [2, 3, 5], b: [2, 4, 5], c: [2, 5, 3], d: [2, 5, 4], x: [2, 3, 6] };

/** Every way to turn a factor, and both axes of images. */
function withoutShaders(): Graph {
  const graph = new Graph();
  const [a, b, c, d, x] = Object.entries(shapes).map(([name, shape]) =>
    graph.input(name, 'float32', shape),
  );
  graph.output('turned right', matmul(a, b, { transB: true }));
  graph.output('turned left', matmul(c, d, { transA: true }));
  graph.output('both turned', matmul(c, b, { transA: true, transB: true }));
  graph.output(
    'turned and repeated',
    matmul(a, graph.input('e', 'float32', [7, 5]), { transB: true }),
  );
  graph.output('few columns', matmul(d, graph.input('f', 'float32', [2, 2, 4]), { transB: true }));
  graph.output('channels', logSoftmax(x, 1));
  graph.output('columns', logSoftmax(x, 2));
  return graph;
}

const feedsOf = (graph: Graph): Record<string, TensorData> =>
  Object.fromEntries(
    graph.inputs.map(({ name, size }) => {
      const random = new Random(1, name);
      return [name, Float32Array.from({ length: size }, () => 30 * random.normal())];
    }),
  );

describe('what a GPU leaves to the processor', function () {
  this.timeout(300_000);
  let webgpu: Device;

  before(async function () {
    try {
      webgpu = await openDevice('webgpu', 2);
    } catch (error) {
      console.log(`      skipped: ${(error as Error).message}`);
      this.skip();
    }
  });

  it('is listed by operator after the first run, once', async () => {
    const told: object[] = [];
    const graph = withoutShaders();
    const declaration = {
      name: 'webgpu',
      title: '',
      provider: 'webgpu',
      preference: 0,
      gpu: true,
    } as const;
    const program = await compileSession(ort, { ...declaration, state: 'on the GPU' }, graph, {
      device: webgpu,
      onPlacement: (left) => told.push(left),
    });
    assert.deepEqual(told, []);
    for (let run = 0; run < 3; run++) await program.run(feedsOf(graph));
    await program.release();
    assert.deepEqual(told, [{ FusedMatMul: 5, LogSoftmax: 2 }]);
  });

  it('is nothing where the rules put other operators in, which compute the same', async () => {
    const graph = withoutShaders();
    const told: object[] = [];
    const results = async (program: Program) => {
      const found = await program.run(feedsOf(graph));
      await program.release();
      return found;
    };
    const expected = await results(await compile(graph, { device: cpu }));
    const found = await results(
      await compile(graph, { device: webgpu, onPlacement: (left) => told.push(left) }),
    );
    assert.deepEqual(told, [{}]);
    for (const [name, values] of Object.entries(expected))
      values.forEach((v, i) =>
        assert.ok(
          Math.abs(v - found[name][i]) <= 1e-5 * Math.max(1, Math.abs(v)) * 30,
          `${name}[${i}]: ${v} and ${found[name][i]}`,
        ),
      );
  });

  it('is not told of the processor', async () => {
    const graph = withoutShaders();
    const program = await compile(graph, {
      device: cpu,
      onPlacement: () => assert.fail('told of the processor'),
    });
    await program.run(feedsOf(graph));
    await program.release();
  });

  it('is nothing of the training step of any stage: U-Net, MobileNetV2-UNet, the networks of GKD, and all methods', () =>
    withFolder(async (folder) => {
      const config = loadConfig(
        await writeConfig(folder, {
          ...tinyRunConfig(),
          student: { network: 'mobilenetv2-unet', width: 0.35 },
          methods: ['gkd', 'kd', 'cwd'],
        }),
      );
      const stages = stagesOf(config).filter(({ name }) => name !== 'control-steps');
      assert.deepEqual(
        stages.map(({ name }) => name),
        ['teacher', 'warmup', 'psae', 'act', 'gkd', 'kd', 'cwd'],
      );
      for (const stage of stages) {
        const graph = new Graph();
        const loss = stage.build(graph, 2);
        // What the parts of a batch add is the same for every stage.
        addTrainingStep(graph, loss, config.training, stage.name === 'teacher' ? 2 : 1);
        const isTrained = (name: string) => loss.trains.some((prefix) => name.startsWith(prefix));
        const weights = new Map(
          [...initialize(graph, 1, [''])].filter(
            ([name]) => !isTrained(name) && !name.includes('@'),
          ),
        );
        // To be refused where a node is left takes no run, which a graphics card in software would need minutes for.
        const session = await ort.InferenceSession.create(
          toOnnx(lower(lower(graph), webgpuRule), { weights }),
          {
            executionProviders: ['webgpu'],
            logSeverityLevel: 4,
            extra: { session: { disable_cpu_ep_fallback: '1' } },
          },
        ).catch((error: Error) => assert.fail(`${stage.name}: ${error.message}`));
        await session.release();
      }
    }));
});
