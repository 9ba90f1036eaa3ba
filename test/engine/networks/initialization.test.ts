import assert from 'node:assert/strict';
import { Graph } from '../../../engine/graph/graph';
import { initialize } from '../../../engine/networks/initialization';
import { Layers } from '../../../engine/networks/layers';
import { Network } from '../../../engine/networks/network';

function graphOf(...names: string[]): Graph {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [1, 1, 16, 16]);
  for (const name of names) {
    const network = new Network(graph, name, { network: 'unet', width: 4, depth: 1 }, 1);
    network.decode(network.encode(x));
  }
  return graph;
}

const moments = (data: Float32Array) => {
  const mean = data.reduce((a, b) => a + b, 0) / data.length;
  return {
    mean,
    deviation: Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length),
  };
};

describe('initialize', () => {
  it('gives the same weights for the same seed, others for another', () => {
    const first = initialize(graphOf('student'), 1, ['student/']);
    assert.deepEqual(initialize(graphOf('student'), 1, ['student/']), first);
    const other = initialize(graphOf('student'), 2, ['student/']);
    const name = 'student/encoder/level0.0.conv.weight';
    assert.notDeepEqual(other.get(name), first.get(name));
  });

  it('gives a weight the same values whatever else is in the graph', () => {
    const alone = initialize(graphOf('student'), 1, ['student/']);
    const beside = initialize(graphOf('teacher', 'student'), 1, ['student/', 'teacher/']);
    assert.ok(beside.size === 2 * alone.size);
    for (const [name, data] of alone) assert.deepEqual(beside.get(name), data, name);
  });

  it('fills only what a prefix names, all of it', () => {
    const graph = graphOf('teacher', 'student');
    const found = [...initialize(graph, 1, ['student/']).keys()];
    const student = [...graph.parameters.keys()].filter((name) => name.startsWith('student/'));
    assert.deepEqual(found, student);
  });

  it('two weights of one shape differ', () => {
    const weights = initialize(graphOf('teacher', 'student'), 1, ['']);
    const of = (network: string) => weights.get(`${network}/encoder/level0.1.conv.weight`);
    assert.notDeepEqual(of('teacher'), of('student'));
  });

  it('convolutions are normal with variance 2 / (out * kernel area / groups), biases zero', () => {
    const graph = new Graph();
    const layers = new Layers(graph, false);
    const x = graph.input('x', 'float32', [1, 32, 8, 8]);
    layers.conv('dense', x, 64, { kernel: 3, bias: true });
    layers.conv('depthwise', graph.input('y', 'float32', [1, 4096, 8, 8]), 4096, {
      kernel: 3,
      groups: 4096,
    });
    layers.convTranspose('up', x, 64, 4, 2);
    const weights = initialize(graph, 3, ['']);
    for (const [name, variance] of [
      ['dense.weight', 2 / (64 * 9)],
      ['depthwise.weight', 2 / 9],
      // Of the 4 x 4 taps, 4 meet in one output pixel at stride 2.
      ['up.weight', 1 / (32 * 4)],
    ] as const) {
      const { mean, deviation } = moments(weights.get(name)!);
      assert.ok(Math.abs(deviation / Math.sqrt(variance) - 1) < 0.03, `${name}: ${deviation}`);
      assert.ok(Math.abs(mean) < 0.03 * deviation, `${name}: ${mean}`);
    }
    assert.ok(weights.get('dense.bias')!.every((v) => v === 0));
  });

  it('normalisation starts as the identity, with mean 0 and variance 1', () => {
    const graph = new Graph();
    new Layers(graph, true).batchNorm('norm', graph.input('x', 'float32', [2, 3, 4, 4]));
    const start = Object.fromEntries(
      [...initialize(graph, 1, [''])].map(([name, data]) => [name, [...data]]),
    );
    assert.deepEqual(start, {
      'norm.weight': [1, 1, 1],
      'norm.bias': [0, 0, 0],
      'norm.running_mean': [0, 0, 0],
      'norm.running_var': [1, 1, 1],
    });
  });

  it('affine maps are uniform within 1 / sqrt(inputs)', () => {
    const graph = new Graph();
    new Layers(graph, false).linear('map', graph.input('x', 'float32', [1, 64]), 128);
    const data = initialize(graph, 1, ['']).get('map.weight')!;
    const largest = data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    assert.ok(largest <= 1 / 8 && largest > 0.99 / 8);
    const { deviation } = moments(data);
    assert.ok(Math.abs(deviation / (1 / 8 / Math.sqrt(3)) - 1) < 0.03);
  });
});
