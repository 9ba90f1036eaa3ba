import assert from 'node:assert/strict';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { conv } from '../../../engine/graph/operators/convolution';
import { add, mul, neg, relu } from '../../../engine/graph/operators/elementwise';
import { Graph } from '../../../engine/graph/graph';
import { toOnnx, type OnnxOptions } from '../../../engine/graph/onnx';
import { matmul } from '../../../engine/graph/operators/matmul';

const zero = { kind: 'constant', value: 0 } as const;

async function open(graph: Graph, options?: OnnxOptions): Promise<InferenceSession> {
  return InferenceSession.create(toOnnx(graph, options), { logSeverityLevel: 4 });
}

function shapeOf(session: InferenceSession, input: number): readonly (number | string)[] {
  const metadata = session.inputMetadata[input];
  return metadata.isTensor ? metadata.shape : assert.fail('not a tensor');
}

const run = async (session: InferenceSession, feeds: Record<string, Float32Array>) => {
  const inputs = session.inputNames.map((name, i) => {
    const shape = shapeOf(session, i);
    const known = shape.filter((n) => typeof n === 'number');
    const rest = feeds[name].length / known.reduce((a, b) => a * b, 1);
    const dims = shape.map((n) => (typeof n === 'number' ? n : rest));
    return [name, new Tensor('float32', feeds[name], dims)] as const;
  });
  const results = await session.run(Object.fromEntries(inputs));
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, [...(data as Float32Array)]]),
  );
};

describe('toOnnx', () => {
  it('writes what the outputs depend on, and nothing else', async () => {
    const g = new Graph();
    const x = g.input('x', 'float32', [2]);
    g.input('unused', 'float32', [2]);
    g.parameter('unusedWeight', [2], zero);
    neg(x);
    g.output('y', relu(x));
    const session = await open(g);
    assert.deepEqual([session.inputNames, session.outputNames], [['x'], ['y']]);
    assert.deepEqual(await run(session, { x: Float32Array.of(-1, 2) }), { y: [0, 2] });
  });

  it('takes weights as inputs, or as constants where they are given', async () => {
    const g = new Graph();
    const x = g.input('x', 'float32', [2]);
    const w = g.scope('net', () => g.parameter('w', [2], zero));
    const b = g.scope('net', () => g.parameter('b', [2], zero));
    g.output('y', add(mul(x, w), b));
    assert.deepEqual((await open(g)).inputNames, ['x', 'net/w', 'net/b']);
    const frozen = await open(g, { weights: new Map([['net/w', Float32Array.of(3, 4)]]) });
    assert.deepEqual(frozen.inputNames, ['x', 'net/b']);
    assert.deepEqual(
      await run(frozen, { x: Float32Array.of(1, 2), 'net/b': Float32Array.of(10, 20) }),
      { y: [13, 28] },
    );
  });

  it('gives a value several names, also that of an input, a constant or a weight', async () => {
    const g = new Graph();
    const x = g.input('x', 'float32', [2]);
    const w = g.parameter('w', [1], zero);
    const y = neg(x);
    g.output('first', y);
    g.output('second', y);
    g.output('same', x);
    g.output('five', g.constant(Float32Array.of(5), [1]));
    g.output('weight', w);
    const session = await open(g, { weights: new Map([['w', Float32Array.of(7)]]) });
    assert.deepEqual(await run(session, { x: Float32Array.of(1, 2) }), {
      first: [-1, -2],
      second: [-1, -2],
      same: [1, 2],
      five: [5],
      weight: [7],
    });
  });

  it('leaves the number of images open on request', async () => {
    const g = new Graph();
    const x = g.input('image', 'float32', [1, 1, 2, 2]);
    const w = g.parameter('w', [1, 1, 1, 1], zero);
    g.output('y', conv(x, w, null));
    const options = { weights: new Map([['w', Float32Array.of(2)]]), dynamicBatch: true };
    const session = await open(g, options);
    assert.deepEqual(shapeOf(session, 0), ['batch', 1, 2, 2]);
    const { y } = await run(session, { image: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) });
    assert.deepEqual(y, [2, 4, 6, 8, 10, 12, 14, 16]);
  });

  it('keeps data that lie inside a larger buffer', async () => {
    const g = new Graph();
    const all = Float32Array.of(9, 9, 1, 2, 3, 4, 9);
    const x = g.input('x', 'float32', [1, 2]);
    g.output('y', matmul(x, g.constant(all.subarray(2, 6), [2, 2])));
    assert.deepEqual(await run(await open(g), { x: Float32Array.of(1, 1) }), { y: [4, 6] });
  });

  it('writes the same bytes for the same graph', () => {
    const build = () => {
      const g = new Graph();
      g.output('y', relu(neg(g.input('x', 'float32', [3]))));
      return toOnnx(g, { metadata: { classes: 'liver' } });
    };
    assert.deepEqual(build(), build());
    assert.ok(Buffer.from(build()).includes('liver'));
  });
});
