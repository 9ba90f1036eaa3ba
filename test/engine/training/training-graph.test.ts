import assert from 'node:assert/strict';
import { add, mul, stopGradient } from '../../../engine/graph/operators/elementwise';
import { Graph, type Value } from '../../../engine/graph/graph';
import { sumAll } from '../../../engine/graph/operators/reduction';
import { compile } from '../../../engine/runtime/compile';
import type { Program } from '../../../engine/runtime/runtime';
import { stepFactors } from '../../../engine/training/optimizer';
import {
  addGradientNorms,
  addTrainingStep,
  rescaled,
  trainedWeights,
} from '../../../engine/training/training-graph';
import type { Loss, WeightedTerm } from '../../../engine/training/stage';
import { assertClose, cpu } from '../graph/shared';
import golden from './golden/optimizers.json';

const sgd = { name: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 } as const;
const zero = { kind: 'constant', value: 0 } as const;

interface Descent {
  program: Program;
  step: () => Promise<Record<string, Float32Array>>;
}

/** A program that descends on `build`'s loss, from the given start. */
async function descent(
  start: Record<string, number[]>,
  build: (graph: Graph) => Loss<WeightedTerm>,
  { clipNorm = 0, rate = 0.1 } = {},
): Promise<Descent> {
  const graph = new Graph();
  addTrainingStep(graph, build(graph), { optimizer: sgd, clipNorm });
  const state = new Map(
    [...graph.parameters.values()].map(({ name, value }) => [
      name,
      Float32Array.from(start[name] ?? new Array<number>(value.size).fill(0)),
    ]),
  );
  const program = await compile(graph, { device: cpu, state });
  return { program, step: () => program.run({ ...stepFactors(sgd, 0, rate) }) };
}

describe('addTrainingStep', () => {
  for (const [largest, steps] of Object.entries(golden.clipped))
    it(`clips the gradient at a norm of ${Number(largest)} as PyTorch does, and reports it before`, async () => {
      const { program, step } = await descent(
        golden.start,
        (graph) => {
          const a = graph.parameter('a', [3], zero);
          const b = graph.parameter('b', [2, 2], zero);
          const factors = graph.constant(Float32Array.of(1, 2, 3), [3]);
          return {
            terms: {
              square: { value: sumAll(mul(mul(a, a), factors)), weight: 1 },
              cube: { value: sumAll(mul(mul(b, b), b)), weight: 1 },
            },
            trains: ['a', 'b'],
          };
        },
        { clipNorm: Number(largest) },
      );
      for (const { norm, weights } of steps) {
        assertClose((await step())['gradientNorm'], [norm], 'norm', 1e-5);
        const state = await program.state();
        for (const [name, expected] of Object.entries(weights))
          assertClose(state.get(name)!, expected, name, 1e-6, 1);
      }
      await program.release();
    });

  /** Terms 3 w (weight 2) and 10 v (weight `weight`), each scaled to `like` where there is one. */
  const two =
    (weight: number, like?: (graph: Graph, w: Value) => Value) =>
    (graph: Graph): Loss<WeightedTerm> => {
      const w = graph.parameter('w', [], zero);
      const v = graph.parameter('v', [], zero);
      return {
        terms: {
          first: { value: mul(w, graph.scalar(3)), weight: 2 },
          second: { value: mul(v, graph.scalar(10)), weight, like: like?.(graph, w) },
        },
        trains: ['w', 'v'],
      };
    };

  it('reports each term as it is, and the loss as their weighted sum', async () => {
    const { program, step } = await descent({ w: [1], v: [2] }, two(0.5));
    const { 'term:first': first, 'term:second': second, loss } = await step();
    assert.deepEqual([first[0], second[0], loss[0]], [3, 20, 2 * 3 + 0.5 * 20]);
    const state = await program.state();
    assertClose(state.get('w')!, [1 - 0.1 * 6], 'w');
    assertClose(state.get('v')!, [2 - 0.1 * 5], 'v');
    await program.release();
  });

  it('scales a term to the size of another at the first step, and by the same factor ever after', async () => {
    const like = (graph: Graph, w: Value) => mul(w, graph.scalar(3));
    const { program, step } = await descent({ w: [1], v: [2] }, two(1, like));
    // 3 / 20 at the start.
    const { loss } = await step();
    assertClose(loss, [6 + 20 * 0.15], 'loss');
    assertClose((await program.state()).get('v')!, [2 - 0.1 * 10 * 0.15], 'v');
    assertClose((await program.state()).get('second@scale')!, [0.15], 'scale');
    await step();
    assertClose((await program.state()).get('second@scale')!, [0.15], 'scale');
    assertClose((await program.state()).get('v')!, [2 - 2 * 0.1 * 10 * 0.15], 'v');
    await program.release();
  });

  it('scales by no more than 10000, also where a term starts at 0', async () => {
    const { program, step } = await descent(
      { w: [1], v: [0] },
      two(1, (_, w) => w),
    );
    const { loss } = await step();
    assert.ok(Number.isFinite(loss[0]));
    assertClose((await program.state()).get('second@scale')!, [1e4], 'scale');
    await program.release();
  });

  it('no gradient flows into what a term is scaled to', async () => {
    const { program, step } = await descent(
      { w: [1], v: [2] },
      two(1, (_, w) => w),
    );
    await step();
    assertClose((await program.state()).get('w')!, [1 - 0.1 * 6], 'w');
    await program.release();
  });

  it('leaves weights of other prefixes, and weights that the loss does not reach, as they are', async () => {
    const build = (graph: Graph): Loss<WeightedTerm> => {
      const w = graph.parameter('student/w', [], zero);
      const idle = graph.parameter('student/idle', [], zero);
      const frozen = graph.parameter('teacher/w', [], zero);
      const value = add(mul(mul(w, w), frozen), stopGradient(idle));
      return { terms: { only: { value, weight: 1 } }, trains: ['student/'] };
    };
    const start = { 'student/w': [2], 'student/idle': [3], 'teacher/w': [5] };
    const { program, step } = await descent(start, build);
    await step();
    const state = await program.state();
    assertClose(state.get('student/w')!, [2 - 0.1 * 20], 'student/w');
    assert.deepEqual([...state.get('student/idle')!], [3]);
    assert.deepEqual([...state.get('teacher/w')!], [5]);
    await program.release();
  });

  it('moves running statistics on', async () => {
    const build = (graph: Graph): Loss<WeightedTerm> => {
      const w = graph.parameter('w', [], zero);
      const mean = graph.parameter('mean', [], zero, { trainable: false });
      return {
        terms: { only: { value: mul(w, w), weight: 1 } },
        trains: [''],
        statistics: new Map([['mean', add(mean, w)]]),
      };
    };
    const { program, step } = await descent({ w: [2], mean: [1] }, build);
    await step();
    assert.deepEqual([...(await program.state()).get('mean')!], [3]);
    await program.release();
  });
});

describe('a term that is scaled by its gradient', () => {
  /** 3 w + 4 v labels' terms, so a norm of 5; and 10 w with a share. */
  const loss =
    (share: number, weight = 1) =>
    (graph: Graph): Loss<WeightedTerm> => {
      const w = graph.parameter('w', [], zero);
      const v = graph.parameter('v', [], zero);
      return {
        terms: {
          first: { value: mul(w, graph.scalar(3)), weight: 1 },
          second: { value: mul(v, graph.scalar(4)), weight: 1 },
          scaled: { value: mul(w, graph.scalar(10)), weight, share },
        },
        trains: ['w', 'v'],
      };
    };

  it('is diagnosed without its scale, beside the norm of the sum of the others', async () => {
    const graph = new Graph();
    addGradientNorms(graph, loss(0.3, 2)(graph));
    const found = await evaluateOnce(graph);
    assertClose(found['norm:scaled'], [20], 'scaled');
    assertClose(found['reference'], [5], 'reference');
  });

  it('has just its share of the gradient once it has its scale, times its weight', async () => {
    const [scale] = rescaled([0, 0], { share: 0.3, weight: 2 }, 20, 5);
    const { program, step } = await descent(
      { w: [1], 'scaled@scale': [scale, scale] },
      loss(0.3, 2),
    );
    await step();
    // The gradient in w: 3 of the labels, and twice 0.3 of 5.
    assertClose((await program.state()).get('w')!, [1 - 0.1 * (3 + 2 * 0.3 * 5)], 'w');
    assertClose((await program.state()).get('scaled@scale')!, [scale, scale], 'scale');
    await program.release();
  });

  it('is rescaled by the geometric mean, at most to four times the first scale', () => {
    const term = { share: 0.5, weight: 1 };
    assert.deepEqual([...rescaled([0, 0], term, 2, 8)], [2, 2]);
    assert.deepEqual([...rescaled([2, 2], term, 0.5, 8)], [4, 2]);
    assert.deepEqual([...rescaled([8, 2], term, 0.001, 8)], [8, 2]);
    assert.deepEqual([...rescaled([2, 2], term, NaN, 8)], [2, 2]);
  });
});

async function evaluateOnce(graph: Graph): Promise<Record<string, Float32Array>> {
  const state = new Map(
    [...graph.parameters.values()].map(({ name, value }) => [name, new Float32Array(value.size)]),
  );
  const program = await compile(graph, { device: cpu, state });
  const found = await program.run();
  await program.release();
  return found;
}

describe('trainedWeights', () => {
  it('are those of the prefixes that are no statistics', () => {
    const graph = new Graph();
    for (const name of ['student/a', 'student/b', 'teacher/a', 'students'])
      graph.parameter(name, [1], zero);
    graph.parameter('student/mean', [1], zero, { trainable: false });
    assert.deepEqual(trainedWeights(graph, { terms: {}, trains: ['student/'] }), [
      'student/a',
      'student/b',
    ]);
  });
});

describe('addGradientNorms', () => {
  const graphOf = (value: (w: Value, other: Value) => Value) => {
    const graph = new Graph();
    const w = graph.parameter('w', [2], zero);
    const other = graph.parameter('frozen', [2], zero);
    const terms = { named: { value: sumAll(value(w, other)), weight: 3 } };
    addGradientNorms(graph, { terms, trains: ['w'] });
    return graph;
  };

  it("gives the norm of each weighted term's gradient on what is trained", async () => {
    const frozen = new Map([
      ['w', Float32Array.of(1, 1)],
      ['frozen', Float32Array.of(3, 4)],
    ]);
    const program = await compile(
      graphOf((w, other) => mul(w, other)),
      { device: cpu, frozen },
    );
    assertClose((await program.run())['norm:named'], [15], 'norm');
    await program.release();
  });

  it('refuses a term that depends on nothing that is trained, by its name', () => {
    const fault = {
      name: 'UserError',
      message: 'The term "named" of the loss depends on nothing that this stage trains.',
    };
    assert.throws(() => graphOf((_, other) => mul(other, other)), fault);
    assert.throws(() => graphOf((w) => stopGradient(w)), fault);
  });
});
