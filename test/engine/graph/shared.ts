import { Graph, type Value } from '../../../engine/graph/graph';
import { mul } from '../../../engine/graph/operators/elementwise';
import { gradients } from '../../../engine/graph/gradients';
import { sumAll } from '../../../engine/graph/operators/reduction';
import type { Device } from '../../../engine/runtime/runtime';
import { compile } from '../../../engine/runtime/compile';
import assert from 'node:assert/strict';

export const cpu: Device = { name: 'cpu', description: 'for tests', threads: 1 };

/** A tensor as golden files hold it. */
export interface Stored {
  shape: number[];
  data: number[];
}

/** Runs `build` on the inputs, one tensor or several, and returns what it names. */
export async function evaluate(
  inputs: readonly Stored[],
  build: (graph: Graph, values: Value[]) => Record<string, Value>,
  device: Device = cpu,
): Promise<Record<string, Float32Array>> {
  const { graph, values, feeds } = graphOn(inputs);
  for (const [name, value] of Object.entries(build(graph, values))) graph.output(name, value);
  const program = await compile(graph, { device });
  const results = await program.run(feeds);
  await program.release();
  return results;
}

/** A graph with an input x0, x1, ... for each tensor. */
export function graphOn(inputs: readonly Stored[]) {
  const graph = new Graph();
  const values = inputs.map(({ shape }, i) => graph.input(`x${i}`, 'float32', shape));
  const feeds = Object.fromEntries(inputs.map(({ data }, i) => [`x${i}`, Float32Array.from(data)]));
  return { graph, values, feeds };
}

/** The gradients in each input (null: none) of the sum of `build`'s result times `upstream`; beside the result itself. */
export async function differentiate(
  inputs: readonly Stored[],
  build: (values: Value[]) => Value,
  upstream?: readonly number[],
  device: Device = cpu,
): Promise<{ output: Float32Array; shape: readonly number[]; gradients: (Float32Array | null)[] }> {
  let shape: readonly number[] = [];
  const found: boolean[] = [];
  const differentiated = (graph: Graph, values: Value[]) => {
    const output = build(values);
    shape = output.shape;
    const named: Record<string, Value> = { output };
    gradients(weighted(graph, output, upstream), values).forEach((gradient, i) => {
      found[i] = gradient !== null;
      if (gradient) {
        assert.deepEqual([...gradient.shape], inputs[i].shape, `shape of gradient ${i}`);
        named[`gradient${i}`] = gradient;
      }
    });
    return named;
  };
  const results = await evaluate(inputs, differentiated, device);
  return {
    output: results['output'],
    shape,
    gradients: inputs.map((_, i) => (found[i] ? results[`gradient${i}`] : null)),
  };
}

function weighted(graph: Graph, output: Value, upstream?: readonly number[]): Value {
  return upstream
    ? sumAll(mul(output, graph.constant(Float32Array.from(upstream), output.shape)))
    : sumAll(output);
}

/**
 * Asserts that `gradients` of the sum of `build`'s result times `upstream` are what central differences say, element by element.
 * The step is exact in float32, and so large that rounding of the results, summed in float64, stays below the truncation.
 */
export async function assertGradients(
  inputs: readonly Stored[],
  build: (values: Value[]) => Value,
  upstream?: readonly number[],
  { step = 2 ** -7, tolerance = 2e-3 } = {},
): Promise<void> {
  const analytic = await differentiate(inputs, build, upstream);
  const { graph, values, feeds } = graphOn(inputs);
  graph.output('y', build(values));
  const program = await compile(graph, { device: cpu });
  const loss = async () => {
    const { y } = await program.run(feeds);
    return y.reduce((sum, v, i) => sum + v * (upstream?.[i] ?? 1), 0);
  };
  for (const [i, gradient] of analytic.gradients.entries()) {
    if (!gradient) continue;
    const data = feeds[`x${i}`];
    const numeric = new Float64Array(data.length);
    for (let k = 0; k < data.length; k++) {
      const at = data[k];
      data[k] = at + step;
      const width = data[k];
      const above = await loss();
      data[k] = at - step;
      const below = await loss();
      numeric[k] = (above - below) / (width - data[k]);
      data[k] = at;
    }
    assertClose(gradient, numeric, `gradient in input ${i}`, tolerance);
  }
  await program.release();
}

/** Asserts that values agree within `tolerance` times the largest expected one (at least `floor`). */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
  tolerance = 1e-5,
  floor = 0.1,
): void {
  assert.equal(actual.length, expected.length, `${what}: number of elements`);
  let scale = floor;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]));
  for (let i = 0; i < expected.length; i++)
    assert.ok(
      Math.abs(actual[i] - expected[i]) <= tolerance * scale,
      `${what}, element ${i}: expected ${expected[i]}, found ${actual[i]}`,
    );
}
