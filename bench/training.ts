/* Training steps and inference beside PyTorch, on the same networks, shapes and threads, in turns. See README.md. */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { crossEntropy, softDice } from '../engine/method/segmentation-loss';
import { add } from '../engine/graph/operators/elementwise';
import { elements, Graph } from '../engine/graph/graph';
import { softmax } from '../engine/graph/operators/softmax';
import { initialize } from '../engine/networks/initialization';
import { Network } from '../engine/networks/network';
import { Random } from '../engine/random';
import { openDevice } from '../engine/runtime/device';
import { compile } from '../engine/runtime/compile';
import { stepFactors } from '../engine/training/optimizer';
import { addTrainingStep } from '../engine/training/training-graph';

const adam = { name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const;
const unet = { network: 'unet', width: 32, depth: 4 } as const;
const mobile = { network: 'mobilenetv2-unet', width: 1 } as const;
const cases = [
  { name: 'U-Net 32, training step', config: unet, train: true, batch: 4, size: 128 },
  { name: 'MobileNetV2-UNet, training step', config: mobile, train: true, batch: 8, size: 128 },
  { name: 'U-Net 32, inference', config: unet, train: false, batch: 8, size: 128 },
  { name: 'MobileNetV2-UNet, inference', config: mobile, train: false, batch: 8, size: 128 },
];
const [rounds, runs] = [3, 5];

async function engine({ config, train, batch, size }: (typeof cases)[number]): Promise<number[]> {
  const graph = new Graph();
  const network = new Network(graph, 'net', config, 1, train);
  const x = graph.input('images', 'float32', [batch, 1, size, size]);
  const logits = network.decode(network.encode(x));
  if (train) {
    const labels = graph.input('labels', 'float32', [batch, 2, size, size]);
    const value = add(crossEntropy(logits, labels), softDice(logits, labels));
    addTrainingStep(
      graph,
      {
        terms: { loss: { value, weight: 1 } },
        trains: ['net/'],
        statistics: network.layers.statistics,
      },
      { optimizer: adam, clipNorm: 0 },
    );
  } else graph.output('probabilities', softmax(logits, 1));
  const weights = initialize(graph, 0, ['']);
  const program = await compile(graph, {
    device: await openDevice('cpu'),
    ...(train ? { state: weights } : { frozen: weights }),
  });
  const random = new Random('bench');
  const feeds: Record<string, Float32Array> = {
    images: Float32Array.from({ length: elements(x.shape) }, () => random.normal()),
  };
  const pixels = size * size;
  if (train)
    feeds['labels'] = Float32Array.from({ length: batch * 2 * pixels }, (_, i) =>
      Math.floor(i / pixels) % 2 === 0 ? 1 : 0,
    );
  const seconds: number[] = [];
  for (let run = 0; run < runs + 1; run++) {
    const start = performance.now();
    await program.run({ ...feeds, ...(train ? stepFactors(adam, run, 1e-3) : {}) });
    // The first one lays out memory.
    if (run > 0) seconds.push((performance.now() - start) / 1000);
  }
  await program.release();
  return seconds;
}

function pytorch(item: (typeof cases)[number]): number[] | null {
  try {
    const text = execFileSync(
      process.env['PYTHON'] ?? 'python3',
      [join(__dirname, 'training.py'), JSON.stringify({ ...item, runs })],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    );
    return JSON.parse(text) as number[];
  } catch (error) {
    console.log(`PyTorch is left out: ${(error as Error).message.trim().split('\n').at(-1)}`);
    return null;
  }
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];

async function main(): Promise<void> {
  console.log(`${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}`);
  console.log(`median of ${rounds} x ${runs}, in turns\n`);
  console.log('| work | MedDistill ms | PyTorch ms | PyTorch / MedDistill |');
  console.log('| --- | --- | --- | --- |');
  for (const item of cases) {
    const own: number[] = [];
    const other: number[] = [];
    for (let round = 0; round < rounds; round++) {
      own.push(...(await engine(item)));
      other.push(...(pytorch(item) ?? []));
    }
    const [a, b] = [median(own), other.length ? median(other) : NaN];
    const shape = `${item.batch} x 1 x ${item.size} x ${item.size}`;
    console.log(
      `| ${item.name}, ${shape} | ${(1000 * a).toFixed(0)} | ${(1000 * b).toFixed(0)} | ${(b / a).toFixed(2)} |`,
    );
  }
}

void main();
