import type { DeviceCheck } from '../contract/devices';
import { elements, Graph } from '../graph/graph';
import { mul, sub } from '../graph/operators/elementwise';
import { meanAll } from '../graph/operators/reduction';
import { softmax } from '../graph/operators/softmax';
import { initialize } from '../networks/initialization';
import { Network } from '../networks/network';
import { Random } from '../random';
import { preference, type DeviceName } from '../runtime/catalogue';
import { compile } from '../runtime/compile';
import { openDevice } from '../runtime/device';
import type { Device } from '../runtime/runtime';
import { stepFactors, type OptimizerConfig } from './optimizer';
import { addTrainingStep } from './training-graph';

const optimizer = {
  name: 'sgd',
  momentum: 0.9,
  nesterov: false,
  weightDecay: 0,
} as const satisfies OptimizerConfig;
const steps = 6;
/** A device on which steps take long, a graphics card in software for one, shows that in fewer. */
const longest = 3000;
/** GPUs sum in other orders, and with TF32 in fewer digits. */
const tolerance = 2e-2;

/** A few steps of a small network: how long one takes, the loss and the gradient's norm of the first, and what of it a GPU left. */
async function smallSteps(device: Device): Promise<{
  milliseconds: number;
  results: number[];
  leftToProcessor: Record<string, number> | null;
}> {
  const graph = new Graph();
  const student = { network: 'mobilenetv2-unet', width: 0.5 } as const;
  const network = new Network(graph, 'student', student, 1, true);
  const x = graph.input('images', 'float32', [4, 1, 64, 64]);
  const labels = graph.input('labels', 'float32', [4, 2, 64, 64]);
  const miss = sub(softmax(network.decode(network.encode(x)), 1), labels);
  addTrainingStep(
    graph,
    {
      terms: { miss: { value: meanAll(mul(miss, miss)), weight: 1 } },
      trains: ['student/'],
      statistics: network.layers.statistics,
    },
    { optimizer, clipNorm: 1 },
  );
  let leftToProcessor: Record<string, number> | null = null;
  const program = await compile(graph, {
    device,
    state: initialize(graph, 1, ['']),
    onPlacement: (left) => (leftToProcessor = left),
  });
  try {
    const random = new Random('check of devices');
    const images = Float32Array.from({ length: elements(x.shape) }, () => random.normal());
    const half = Float32Array.from({ length: elements(labels.shape) }, (_, n) =>
      Math.floor(n / 4096) % 2 === 0 ? 1 : 0,
    );
    const results: number[] = [];
    let milliseconds = Infinity;
    const began = performance.now();
    for (let step = 0; step < steps; step++) {
      const start = performance.now();
      if (step > 1 && start - began > longest) break;
      const found = await program.run({
        images,
        labels: half,
        ...stepFactors(optimizer, step, 0.01),
      });
      // The first one lays out memory.
      if (step > 0) milliseconds = Math.min(milliseconds, performance.now() - start);
      // Later ones carry the rounding of the first on.
      if (step === 0) results.push(found['loss'][0], found['gradientNorm'][0]);
    }
    return { milliseconds, results, leftToProcessor };
  } finally {
    await program.release();
  }
}

/**
 * Trains a few steps of a small network on every device that there is a runtime for, the processor first, and says how fast each is and
 * how far its results are from the processor's. `tell` is given each as it is known.
 */
export async function checkDevices(tell: (check: DeviceCheck) => void): Promise<void> {
  const names: DeviceName[] = ['cpu', ...preference.filter((name) => name !== 'cpu')];
  let processor: Awaited<ReturnType<typeof smallSteps>> | null = null;
  for (const name of names) {
    const check: DeviceCheck = {
      name,
      description: null,
      milliseconds: null,
      speed: null,
      apart: null,
      leftToProcessor: null,
      problem: null,
    };
    try {
      const device = await openDevice(name);
      check.description = device.description;
      const found = await smallSteps(device);
      processor ??= found;
      check.milliseconds = found.milliseconds;
      check.leftToProcessor = found.leftToProcessor;
      check.speed = processor.milliseconds / found.milliseconds;
      check.apart = processor.results.reduce(
        (most, value, n) => Math.max(most, Math.abs(found.results[n] - value) / Math.abs(value)),
        0,
      );
      if (!(check.apart < tolerance))
        check.problem = 'its results are not those of the processor; do not train on it';
    } catch (error) {
      [check.problem] = (error as Error).message.split('\n');
    }
    tell(check);
  }
}
