import assert from 'node:assert/strict';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import * as onnxruntime from 'onnxruntime-node';
import { gradients } from '../../../engine/graph/gradients';
import { elements, Graph, type Value } from '../../../engine/graph/graph';
import { lower, type Rule } from '../../../engine/graph/lower';
import { toOnnx } from '../../../engine/graph/onnx';
import { conv, convTranspose } from '../../../engine/graph/operators/convolution';
import { add, clip, mul, relu } from '../../../engine/graph/operators/elementwise';
import { batchNormalizationInTraining } from '../../../engine/graph/operators/normalization';
import { averagePool, maxPool } from '../../../engine/graph/operators/pooling';
import { sumAll } from '../../../engine/graph/operators/reduction';
import { upsampleBilinear, upsampleNearest } from '../../../engine/graph/operators/resize';
import { concat, slice } from '../../../engine/graph/operators/shape';
import { Random } from '../../../engine/random';
import { findBlock } from '../../../engine/runtime/onnxruntime/block';
import { processorRule } from '../../../engine/runtime/onnxruntime/processor-rules';

type Build = (x: Value, w: (...shape: number[]) => Value) => Value;

const normalized = (x: Value, w: (...shape: number[]) => Value): Value => {
  const zeros = x.graph.constant(new Float32Array(x.shape[1]), [x.shape[1]]);
  const state = { scale: w(x.shape[1]), shift: w(x.shape[1]), mean: zeros, variance: zeros };
  return batchNormalizationInTraining(x, state, 1e-5, 0.1).y;
};

/** Small networks whose channels fill blocks of 8 and 16, on an image [2, 16, 16, 16]; those of other channels stay plain. */
const networks: Record<string, Build> = {
  'a convolution': (x, w) => conv(x, w(32, 16, 3, 3), null, { padding: 1 }),
  'a convolution with a bias, without padding': (x, w) => conv(x, w(32, 16, 3, 3), w(32)),
  'a convolution of stride 2 that reaches every row': (x, w) =>
    conv(x, w(16, 16, 3, 3), null, { padding: 1, stride: 2 }),
  'a convolution of stride 3 that leaves rows out': (x, w) =>
    conv(x, w(16, 16, 3, 3), null, { stride: 3 }),
  'a dilated convolution': (x, w) => conv(x, w(16, 16, 3, 3), null, { padding: 2, dilation: 2 }),
  'a kernel of 1': (x, w) => conv(x, w(48, 16, 1, 1), null),
  'a convolution of groups': (x, w) => conv(x, w(32, 8, 3, 3), null, { padding: 1, groups: 2 }),
  'few channels in': (x, w) => conv(slice(x, [1], [0], [3]), w(16, 3, 3, 3), null, { padding: 1 }),
  'channels that do not fill blocks': (x, w) =>
    conv(conv(x, w(20, 16, 3, 3), null, { padding: 1 }), w(16, 20, 1, 1), null),
  'a depthwise convolution': (x, w) => conv(x, w(16, 1, 3, 3), null, { padding: 1, groups: 16 }),
  'a depthwise convolution of stride 2': (x, w) =>
    conv(x, w(16, 1, 3, 3), null, { padding: 1, stride: 2, groups: 16 }),
  'a dilated depthwise convolution of stride 2': (x, w) =>
    conv(x, w(16, 1, 3, 3), null, { padding: 2, dilation: 2, stride: 2, groups: 16 }),
  'batch normalisation and its limit': (x, w) =>
    relu(normalized(conv(x, w(16, 16, 3, 3), null, { padding: 1 }), w)),
  'batch normalisation of one that is plain': (x, w) => normalized(x, w),
  'a limit on both sides': (x, w) => clip(conv(x, w(16, 16, 3, 3), null, { padding: 1 }), -1, 1.5),
  'a limit of a convolution that is used again': (x, w) => {
    const y = conv(x, w(16, 16, 3, 3), null, { padding: 1 });
    return add(relu(y), y);
  },
  'a depthwise convolution that is limited and used again': (x, w) => {
    const y = conv(x, w(16, 1, 3, 3), null, { padding: 1, groups: 16 });
    return add(relu(y), mul(y, y));
  },
  'an inverted residual': (x, w) => {
    const wide = clip(normalized(conv(x, w(64, 16, 1, 1), null), w), 0, 6);
    const own = conv(wide, w(64, 1, 3, 3), null, { padding: 1, groups: 64 });
    const y = clip(normalized(own, w), 0, 6);
    return add(x, normalized(conv(y, w(16, 64, 1, 1), null), w));
  },
  'pooling and enlarging': (x, w) => {
    const y = conv(x, w(16, 16, 3, 3), null, { padding: 1 });
    return add(upsampleNearest(maxPool(y, 2), 2), upsampleNearest(averagePool(y, 4), 4));
  },
  'bilinear enlarging': (x, w) =>
    upsampleBilinear(conv(x, w(16, 16, 3, 3), null, { padding: 1 }), 2),
  'a step down and up, joined with what it left': (x, w) => {
    const skip = relu(conv(x, w(16, 16, 3, 3), null, { padding: 1 }));
    const low = relu(conv(maxPool(skip, 2), w(32, 16, 3, 3), null, { padding: 1 }));
    const up = convTranspose(low, w(32, 16, 2, 2), w(16), { stride: 2 });
    return conv(concat([skip, up], 1), w(16, 32, 3, 3), null, { padding: 1 });
  },
  'parts of channels, within blocks and across': (x, w) => {
    const y = conv(x, w(32, 16, 3, 3), null, { padding: 1 });
    return add(slice(y, [1], [16], [32]), mul(slice(y, [1], [5], [21]), x));
  },
  'numbers for all pixels and for each channel': (x, w) => {
    const y = conv(x, w(16, 16, 3, 3), null, { padding: 1 });
    return mul(add(mul(y, x.graph.scalar(0.5)), w(1, 16, 1, 1)), y);
  },
};

/** The result and the gradients in the image and in all weights, of a fixed upstream, by names. */
function gradientGraph(build: Build): Graph {
  const graph = new Graph();
  const random = new Random('processor rules');
  const drawn = (shape: readonly number[]) =>
    Float32Array.from({ length: elements(shape) }, () => random.normal());
  const x = graph.input('x', 'float32', [2, 16, 16, 16]);
  const weights: Value[] = [];
  const y = build(x, (...shape) => {
    const w = graph.input(`w${weights.length}`, 'float32', shape);
    weights.push(w);
    return w;
  });
  const loss = sumAll(mul(y, graph.constant(drawn(y.shape), y.shape)));
  graph.output('y', y);
  gradients(loss, [x, ...weights]).forEach((gradient, i) =>
    graph.output(`gradient${i}`, gradient!),
  );
  return graph;
}

async function run(graph: Graph, rule?: Rule): Promise<Record<string, Float32Array>> {
  const session = await InferenceSession.create(toOnnx(lower(graph, rule)), {
    logSeverityLevel: 4,
  });
  const random = new Random('processor inputs');
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name, shape }) => [
      name,
      new Tensor(
        'float32',
        Float32Array.from({ length: elements(shape) }, () => random.normal()),
        shape,
      ),
    ]),
  );
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]),
  );
}

function assertAgree(found: Record<string, Float32Array>, expected: Record<string, Float32Array>) {
  for (const [name, values] of Object.entries(expected)) {
    const size = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
    const apart = values.reduce((most, v, i) => Math.max(most, Math.abs(v - found[name][i])), 0);
    assert.ok(apart <= 2e-5 * Math.max(size, 1), `${name}: ${apart} apart, of the size ${size}`);
  }
}

describe("the processor's programs compute what the operators' own expansions do", () => {
  let block: number | null;
  before(async () => {
    block = await findBlock(onnxruntime);
  });

  for (const [title, build] of Object.entries(networks)) {
    it(`${title}: in the plain layout`, async () => {
      const graph = gradientGraph(build);
      assertAgree(await run(graph, processorRule(null, new Set())), await run(graph));
    });
    it(`${title}: in the blocked layout`, async function () {
      if (block === null) this.skip();
      const graph = gradientGraph(build);
      assertAgree(await run(graph, processorRule(block, new Set())), await run(graph));
    });
  }

  it('with a block of another machine they do not', async function () {
    if (block === null) this.skip();
    const graph = gradientGraph(networks['a step down and up, joined with what it left']);
    const wrong = processorRule(block === 16 ? 8 : 16, new Set());
    const expected = await run(graph);
    await assert.rejects(async () => assertAgree(await run(graph, wrong), expected));
  });

  it('lays no constant weights out, which the runtime does', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2, 16, 16, 16]);
    const w = graph.parameter('w', [16, 16, 3, 3], { kind: 'constant', value: 1 });
    graph.output('y', conv(x, w, null, { padding: 1 }));
    const domains = (frozen: string[]) =>
      lower(graph, processorRule(16, new Set(frozen))).nodes.map(({ operator }) => operator.domain);
    assert.deepEqual(domains(['w']), [undefined]);
    assert.ok(domains([]).includes('com.microsoft.nchwc'));
  });
});
