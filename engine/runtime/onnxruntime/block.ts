import { Graph, elements } from '../../graph/graph';
import { lower, type Rule } from '../../graph/lower';
import { toOnnx } from '../../graph/onnx';
import { conv } from '../../graph/operators/convolution';
import { maxPool } from '../../graph/operators/pooling';
import { upsampleNearest } from '../../graph/operators/resize';
import { processorRule } from './processor-rules';
import type { OnnxRuntime } from './session-program';

/** Blocks that ONNX Runtime's kernels may have: 16 with AVX-512, 8 with AVX. */
const blocks = [16, 8];

/**
 * How many channels lie together in the blocked layout of this machine's processor; null where it has none. The runtime does not tell:
 * it is the block with which a small network computes what it does in the plain layout.
 */
export async function findBlock(ort: OnnxRuntime): Promise<number | null> {
  const expected = await compute(ort, () => null);
  for (const block of blocks) {
    // With a block that it has not, the runtime refuses the network, or computes something else.
    const found = await compute(ort, processorRule(block, new Set())).catch(() => null);
    if (found?.every((value, i) => Math.abs(value - expected[i]) < 1e-3)) return block;
  }
  return null;
}

async function compute(ort: OnnxRuntime, rule: Rule): Promise<Float32Array> {
  const graph = new Graph();
  const channels = 32;
  const shapes = {
    x: [2, 3, 8, 8],
    w1: [channels, 3, 3, 3],
    w2: [channels, 1, 3, 3],
    w3: [channels, channels, 1, 1],
  };
  const [x, w1, w2, w3] = Object.entries(shapes).map(([name, shape]) =>
    graph.input(name, 'float32', shape),
  );
  const few = conv(x, w1, null, { padding: 1 });
  const own = conv(few, w2, null, { padding: 1, groups: channels });
  graph.output('y', upsampleNearest(maxPool(conv(own, w3, null), 2), 2));
  const session = await ort.InferenceSession.create(toOnnx(lower(graph, rule)), {
    executionProviders: ['cpu'],
    logSeverityLevel: 4,
  });
  try {
    const feeds = Object.entries(shapes).map(([name, shape], n) => {
      // No two channels alike, so that no exchange of them goes unseen.
      const data = Float32Array.from({ length: elements(shape) }, (_, i) => Math.sin(i * (n + 2)));
      return [name, new ort.Tensor('float32', data, shape)] as const;
    });
    const { y } = await session.run(Object.fromEntries(feeds));
    return (await y.getData()) as Float32Array;
  } finally {
    await session.release();
  }
}
