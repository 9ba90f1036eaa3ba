/* Training steps, the distillation step and inference beside PyTorch: the same weights, shapes and threads, in turns. See README.md. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseConfig } from '../engine/config/load';
import { Graph } from '../engine/graph/graph';
import { meanAll } from '../engine/graph/operators/reduction';
import { slice } from '../engine/graph/operators/shape';
import { softmax } from '../engine/graph/operators/softmax';
import { stagesOf } from '../engine/method/stages';
import { initialize } from '../engine/networks/initialization';
import { Network } from '../engine/networks/network';
import { Random } from '../engine/random';
import { compile } from '../engine/runtime/compile';
import { deviceNames, type DeviceName } from '../engine/runtime/catalogue';
import { openDevice } from '../engine/runtime/device';
import type { Program } from '../engine/runtime/runtime';
import { stepFactors, type OptimizerConfig } from '../engine/training/optimizer';
import { addTrainingStep } from '../engine/training/training-graph';
import type { Weights } from '../engine/weights';

interface Work {
  title: string;
  /** A stage that is trained, or a network that predicts. */
  stage?: 'teacher' | 'warmup' | 'gkd';
  network: 'unet' | 'mobilenetv2-unet';
  images: number;
  /** Augmented views of each. */
  views: number;
  size: number;
}

const step = (title: string, stage: Work['stage'], images: number, size: number): Work => ({
  title,
  stage,
  network: stage === 'teacher' ? 'unet' : 'mobilenetv2-unet',
  images,
  views: stage === 'gkd' ? 4 : 0,
  size,
});
const works: Work[] = [
  step('U-Net 32, training step', 'teacher', 4, 128),
  step('MobileNetV2-UNet, training step', 'warmup', 8, 128),
  step('GKD step, 4 images with 4 views each', 'gkd', 4, 128),
  step('GKD step, 4 images with 4 views each', 'gkd', 4, 256),
  { title: 'U-Net 32, inference', network: 'unet', images: 8, views: 0, size: 128 },
  {
    title: 'MobileNetV2-UNet, inference',
    network: 'mobilenetv2-unet',
    images: 8,
    views: 0,
    size: 128,
  },
];
const adam = {
  name: 'adam',
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
} as const satisfies OptimizerConfig;
const threads = 2;
/** Ours; PyTorch runs on the processor. */
const deviceName = (process.env['DEVICE'] ?? 'cpu') as DeviceName;

/** One step, or one inference: how long it took, and what it computed. */
interface Turn {
  seconds: number;
  /** Of all threads. */
  processor: number;
  loss: number;
  /** The gradient's; 0 of inference. */
  norm: number;
  /** MiB of memory at the most so far. */
  peak: number;
}

/** Who takes a turn when asked. */
interface Side {
  turn(): Promise<Turn>;
  end(): Promise<void>;
}

/** A work's tensors by name: weights, images, labels. */
type Tensors = Map<string, { data: Float32Array; shape: readonly number[] }>;

async function engine(work: Work): Promise<{ side: Side; tensors: Tensors; trains: string }> {
  const graph = new Graph();
  let trains = '';
  if (work.stage) {
    const stage = stagesOf(configOf(work.size)).find(({ name }) => name === work.stage)!;
    const loss = stage.build(graph, work.images);
    [trains] = loss.trains;
    addTrainingStep(graph, loss, { optimizer: adam, clipNorm: 0 });
  } else {
    const network = new Network(
      graph,
      'net',
      configOf(work.size)[work.network === 'unet' ? 'teacher' : 'student'],
      1,
    );
    const x = graph.input('images', 'float32', [work.images, 1, work.size, work.size]);
    const probabilities = softmax(network.decode(network.encode(x)), 1);
    graph.output('loss', meanAll(slice(probabilities, [1], [1], [2])));
  }
  const all = initialize(graph, 0, ['']);
  const isTrained = (name: string) =>
    trains !== '' && (name.startsWith(trains) || name.includes('@'));
  const part = (trained: boolean): Weights =>
    new Map([...all].filter(([name]) => isTrained(name) === trained));
  const program = await compile(graph, {
    device: { ...(await openDevice(deviceName, threads)), threads },
    frozen: part(false),
    state: part(true),
  });
  const tensors: Tensors = new Map(
    [...all].map(([name, data]) => [
      name,
      { data, shape: graph.parameters.get(name)!.value.shape },
    ]),
  );
  const feeds: Record<string, Float32Array> = {};
  for (const { name, shape } of graph.inputs)
    if (shape.length === 4) {
      feeds[name] = name === 'labels' ? oneHot(shape) : noise(shape);
      tensors.set(name, { data: feeds[name], shape });
    }
  return {
    side: { turn: turnsOf(program, feeds, trains !== ''), end: () => program.release() },
    tensors,
    trains,
  };
}

function turnsOf(program: Program, feeds: Record<string, Float32Array>, trains: boolean) {
  let count = 0;
  return async (): Promise<Turn> => {
    const before = process.cpuUsage();
    const start = performance.now();
    const results = await program.run({
      ...feeds,
      ...(trains ? stepFactors(adam, count++, 1e-3) : {}),
    });
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(before);
    return {
      seconds,
      processor: (user + system) / 1e6,
      loss: results['loss'][0],
      norm: results['gradientNorm']?.[0] ?? 0,
      peak: process.resourceUsage().maxRSS / 1024,
    };
  };
}

const configOf = (size: number) => {
  const { config, faults } = parseConfig(
    JSON.stringify({
      classes: ['structure'],
      domains: {
        source: { role: 'source', images: 'images/{case}.png', labels: 'labels/{case}.png' },
      },
      input: { size: [size, size], fit: 'resize' },
      teacher: { network: 'unet', width: 32, depth: 4 },
      student: { network: 'mobilenetv2-unet', width: 1 },
    }),
    'bench.distill.jsonc',
  );
  if (!config) throw new Error(faults.map(({ message }) => message).join('\n'));
  return config;
};

const random = new Random('bench');
const noise = (shape: readonly number[]) =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());

/** Labels [n, 2, h, w] of which a third is foreground. */
function oneHot([n, c, h, w]: readonly number[]): Float32Array {
  const labels = new Float32Array(n * c * h * w);
  for (let image = 0; image < n; image++)
    for (let i = 0; i < h * w; i++)
      labels[(image * c + (random.uniform() < 1 / 3 ? 1 : 0)) * h * w + i] = 1;
  return labels;
}

/** PyTorch in a process of its own, whose first turn fails where it cannot be had. */
function pytorch(work: Work, tensors: Tensors, trains: string, compiled: boolean): Side {
  const folder = mkdtempSync(join(tmpdir(), 'meddistill-bench-'));
  let start = 0;
  const index = Object.fromEntries(
    [...tensors].map(([name, { data, shape }]) => {
      const entry = { shape, start, size: data.length };
      start += data.length;
      return [name, entry];
    }),
  );
  writeFileSync(join(folder, 'tensors.json'), JSON.stringify(index));
  writeFileSync(
    join(folder, 'tensors.bin'),
    Buffer.concat(
      [...tensors.values()].map(({ data }) =>
        Buffer.from(data.buffer, data.byteOffset, data.byteLength),
      ),
    ),
  );
  const what = {
    folder,
    threads,
    trains,
    network: work.network,
    images: work.images,
    work: work.stage === 'gkd' ? 'gkd' : 'supervised',
    compile: compiled,
  };
  const child = spawn(
    process.env['PYTHON'] ?? 'python3',
    [join(__dirname, 'training.py'), JSON.stringify(what)],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const turn = async (): Promise<Turn> => {
    child.stdin.write('\n');
    const line = await lines.next();
    if (line.done) throw new Error(errors.trim().split('\n').at(-1));
    return JSON.parse(line.value) as Turn;
  };
  const end = async () => {
    child.stdin.end();
    rmSync(folder, { recursive: true });
    await Promise.resolve();
  };
  return { turn, end };
}

const relative = (a: number, b: number) => (a === b ? '0' : Math.abs((a - b) / b).toExponential(0));
const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];
const spread = (values: number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  return `${sorted[sorted.length >> 2].toFixed(2)} to ${sorted[(3 * sorted.length) >> 2].toFixed(2)}`;
};

async function main(): Promise<void> {
  const turns = Number(process.argv[2] ?? 9);
  const only = process.argv[3] ?? '';
  const compiled = process.env['COMPILE'] === '1';
  if (!deviceNames.includes(deviceName))
    throw new Error(`DEVICE: "${deviceName}" is none of ${deviceNames.join(', ')}`);
  console.log(
    `${deviceName === 'cpu' ? '' : `MedDistill on ${deviceName}, `}${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}, ${threads} threads`,
  );
  console.log(
    `medians of ${turns} turns${compiled ? ', torch.compile' : ''}; ratio: PyTorch's time / MedDistill's in the same turn\n`,
  );
  console.log(
    '| work | MedDistill ms (processor) | PyTorch ms (processor) | ratio, quartiles | loss, norm apart | MiB |',
  );
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const work of works) {
    if (!`${work.title} ${work.size}`.includes(only)) continue;
    const { side, tensors, trains } = await engine(work);
    const peer = pytorch(work, tensors, trains, compiled);
    const own: Turn[] = [];
    const other: Turn[] = [];
    let missing = '';
    // The first turn lays out memory; what it computes is compared.
    for (let i = 0; i < turns + 1; i++) {
      own.push(await side.turn());
      if (!missing)
        try {
          other.push(await peer.turn());
        } catch (error) {
          missing = (error as Error).message;
          console.log(`PyTorch is left out: ${missing}`);
        }
    }
    const peak = own.at(-1)!.peak;
    const apart = other[0]
      ? `${relative(own[0].loss, other[0].loss)}, ${relative(own[0].norm, other[0].norm)}`
      : '';
    const ms = (list: Turn[]) =>
      list.length
        ? `${(1000 * median(list.slice(1).map((t) => t.seconds))).toFixed(0)} (${(1000 * median(list.slice(1).map((t) => t.processor))).toFixed(0)})`
        : '';
    const ratios = other.slice(1).map((t, i) => t.processor / own[i + 1].processor);
    const shape = `${work.images * (1 + work.views)} x 1 x ${work.size} x ${work.size}`;
    console.log(
      `| ${work.title}, ${shape} | ${ms(own)} | ${ms(other)} | ${other.length ? `${median(ratios).toFixed(2)}, ${spread(ratios)}` : ''} | ${apart} | ${peak.toFixed(0)}${other.length ? ` / ${other.at(-1)!.peak.toFixed(0)}` : ''} |`,
    );
    await side.end();
    await peer.end();
  }
}

void main();
