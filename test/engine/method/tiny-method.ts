import type { DistillConfig } from '../../../engine/config/config';
import { Graph, type Value } from '../../../engine/graph/graph';
import { Network } from '../../../engine/networks/network';
import { stagesOf } from '../../../engine/method/stages';
import { type Stage } from '../../../engine/training/stage';
import golden from './golden/method.json';

/** Images of a batch, and augmented views beside each. */
export const images = 2;
export const views = 2;
const size: [number, number] = [16, 16];

/** The networks and the method of the golden values: two small U-Nets, K = 4. */
export function tinyMethod(crossScope: 'image' | 'views' = 'image'): DistillConfig {
  const options = {
    temperature: 0.1,
    graphLoss: 'kl',
    intra: { weight: 1 },
    inter: { weight: 1, scope: 'batch' },
    cross: { weight: 1, scope: crossScope },
  };
  return {
    classes: ['liver'],
    domains: { ct: { role: 'source', channel: 'grey' } },
    input: { size, fit: 'resize', spacing: 0, overlap: 0 },
    teacher: { network: 'unet', width: 2, depth: 2 },
    student: { network: 'unet', width: 1, depth: 2 },
    method: {
      psae: { input: 'mask', channels: 4 },
      act: { output: 1, regularisation: 1, frame: 1, consistency: 1 },
      augmentations: views,
      views: {},
      scale: 'none',
      share: 0.3,
      supervise: 'images',
      studentStart: 'warmup',
      fsd: { dims: 4, vectors: 8 },
    },
    methods: [{ name: 'gkd', method: 'gkd', options }],
    baselines: ['control'],
    training: { loss: { crossEntropy: 1, dice: 1 }, stages: {} },
  } as unknown as DistillConfig;
}

export function stage(name: string, config = tinyMethod()): Stage {
  return stagesOf(config).find((s) => s.name === name)!;
}

/** The golden weights by name. */
export const weights = new Map(
  Object.entries(golden.weights as Record<string, { data: number[] }>).map(([name, { data }]) => [
    name,
    Float32Array.from(data),
  ]),
);

/** Images [n, 1, 16, 16] and one-hot labels [n, 2, 16, 16]: the first n of the golden ones. */
export function feeds(n: number): Record<string, Float32Array> {
  const pixels = size[0] * size[1];
  const labels = new Float32Array(n * 2 * pixels);
  for (let i = 0; i < n; i++)
    for (let p = 0; p < pixels; p++)
      labels[(i * 2 + Number(golden.labels[i * pixels + p])) * pixels + p] = 1;
  return { images: Float32Array.from(golden.images.slice(0, n * pixels)), labels };
}

/** A graph with the golden images as its input. */
export function imagesIn(n: number): { graph: Graph; x: Value } {
  const graph = new Graph();
  return { graph, x: graph.input('images', 'float32', [n, 1, ...size]) };
}

export const network = (graph: Graph, name: 'teacher' | 'student', as = name): Network =>
  new Network(graph, name, tinyMethod()[as], 1);
