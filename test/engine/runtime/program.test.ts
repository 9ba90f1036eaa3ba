import assert from 'node:assert/strict';
import { add, mul, sub } from '../../../engine/graph/operators/elementwise';
import { Graph } from '../../../engine/graph/graph';
import { conv } from '../../../engine/graph/operators/convolution';
import { gradients } from '../../../engine/graph/gradients';
import { meanAll } from '../../../engine/graph/operators/reduction';
import { Random } from '../../../engine/random';
import { compile } from '../../../engine/runtime/compile';
import type { Device, Program } from '../../../engine/runtime/runtime';
import { next } from '../../../engine/runtime/state';
import { cpu } from '../graph/shared';
import { plainTensorFlow } from './plain-tensorflow';

const zero = { kind: 'constant', value: 0 } as const;

/** w <- w + x * rate, with the old w as a result. */
function counter() {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [2]);
  const w = graph.parameter('w', [2], zero);
  const rate = graph.parameter('rate', [], zero);
  graph.output('old', mul(w, graph.scalar(1)));
  graph.output(next('w'), add(w, mul(x, rate)));
  return graph;
}
const start = () => new Map([['w', Float32Array.of(1, 2)]]);
const frozen = new Map([['rate', Float32Array.of(10)]]);
const values = async (program: Program, name: string) => [...(await program.state()).get(name)!];

describe('program', () => assertProgram(() => cpu));

describe('program on TensorFlow.js', () => assertProgram(plainTensorFlow()));

function assertProgram(device: () => Device): void {
  it('carries state from run to run', async () => {
    const program = await compile(counter(), { device: device(), frozen, state: start() });
    const seen: number[][] = [];
    for (let i = 0; i < 4; i++)
      seen.push([...(await program.run({ x: Float32Array.of(i, 1) }))['old']]);
    assert.deepEqual(seen, [
      [1, 2],
      [1, 12],
      [11, 22],
      [31, 32],
    ]);
    assert.deepEqual(await values(program, 'w'), [61, 42]);
    await program.release();
  });

  it('hands out copies of its state, and takes copies', async () => {
    const given = start();
    const program = await compile(counter(), { device: device(), frozen, state: given });
    const before = await program.state();
    given.get('w')![0] = 100;
    await program.run({ x: Float32Array.of(1, 1) });
    assert.deepEqual([...before.get('w')!], [1, 2]);
    assert.deepEqual(await values(program, 'w'), [11, 12]);
    program.load(
      new Map([
        ['w', Float32Array.of(5, 6)],
        ['other', Float32Array.of(1)],
      ]),
    );
    await program.run({ x: Float32Array.of(1, 1) });
    await program.run({ x: Float32Array.of(1, 1) });
    assert.deepEqual(await values(program, 'w'), [25, 26]);
    await program.release();
  });

  it('refuses a weight without a value, and an input of another length', async () => {
    await assert.rejects(compile(counter(), { device: device(), state: start() }), {
      message: 'parameter rate has neither a frozen value nor a place in the state',
    });
    const program = await compile(counter(), { device: device(), frozen, state: start() });
    await assert.rejects(program.run({ x: new Float32Array(3) }), {
      message: 'input x: expected 2 elements, found 3',
    });
    await assert.rejects(program.run({}), {
      message: 'input x: expected 2 elements, found undefined',
    });
    await program.release();
  });

  it('computes the same bits each time', async () => {
    const train = async () => {
      const graph = new Graph();
      const x = graph.input('x', 'float32', [2, 3, 16, 16]);
      const w = graph.parameter('w', [8, 3, 3, 3], zero);
      const y = conv(x, w, null, { padding: 1 });
      const loss = meanAll(mul(y, y));
      const [gradient] = gradients(loss, [w]);
      graph.output(next('w'), sub(w, mul(gradient!, graph.scalar(0.1))));
      const random = new Random(3);
      const normal = (n: number) => Float32Array.from({ length: n }, () => random.normal());
      const program = await compile(graph, {
        device: { ...device(), threads: 2 },
        state: new Map([['w', normal(w.size)]]),
      });
      const feeds = { x: normal(x.size) };
      for (let i = 0; i < 5; i++) await program.run(feeds);
      const state = await program.state();
      await program.release();
      return state.get('w')!;
    };
    const first = await train();
    assert.ok(first.every(Number.isFinite));
    assert.deepEqual(await train(), first);
  });
}
