import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { GraphError, type Value } from '../../../engine/graph/graph';
import type { Device } from '../../../engine/runtime/runtime';
import { plainTensorFlow } from '../runtime/plain-tensorflow';
import goldenFile from './golden/operators.json';
import { cases, kinks, withoutGradient } from './operators';
import { assertClose, assertGradients, cpu, differentiate, evaluate, type Stored } from './shared';

interface Golden {
  inputs: Stored[];
  output: Stored;
  upstream?: number[];
  gradients?: (number[] | null)[];
}
const golden = goldenFile as unknown as Record<string, Golden>;

describe('operators', () => {
  for (const title of Object.keys(cases)) {
    it(`${title}: ${said(title)}`, () => assertGolden(title, cpu));
    if (!kinks.includes(title) && !(title in withoutGradient))
      it(`${title}: gradients are finite differences'`, async () => {
        const { inputs, upstream } = golden[title];
        await assertGradients(inputs, (values) => cases[title](...values), upstream);
      });
  }

  it('are all covered here: each exported function of the builder, and each golden value', () => {
    const folder = join(__dirname, '../../../engine/graph/operators');
    const notOperators = ['operators.ts'];
    const helpers = ['broadcast', 'gradientFactors', 'inputGradientPads', 'inverseDeviation'];
    const tested = new Set(Object.keys(cases).map((title) => title.split(':')[0]));
    const exported = readdirSync(folder)
      .filter((file) => !notOperators.includes(file))
      .flatMap((file) => {
        // eslint-disable-next-line @typescript-eslint/no-require-imports
        const module = require(join(folder, file)) as Record<string, unknown>;
        return Object.keys(module).filter((name) => typeof module[name] === 'function');
      });
    assert.deepEqual(
      exported.filter((name) => !tested.has(name) && !helpers.includes(name)),
      [],
      'exported without a case in test/engine/graph/operators.ts',
    );
    assert.deepEqual(Object.keys(cases).sort(), Object.keys(golden).sort());
  });
});

describe('operators on TensorFlow.js', () => {
  const tensorflow = plainTensorFlow();
  for (const title of Object.keys(cases))
    it(`${title}: ${said(title)}`, () => assertGolden(title, tensorflow()));
});

function said(title: string): string {
  return title in withoutGradient
    ? "the result is PyTorch's, and a gradient is an error that names it"
    : "result and gradients are PyTorch's";
}

async function assertGolden(title: string, device: Device): Promise<void> {
  const { inputs, output, upstream, gradients } = golden[title];
  const build = (values: Value[]) => cases[title](...values);
  if (title in withoutGradient) {
    const { y } = await evaluate(inputs, (_, values) => ({ y: build(values) }), device);
    assertClose(y, output.data, 'result');
    await assert.rejects(
      differentiate(inputs, build),
      (error: Error) =>
        error instanceof GraphError && error.message.startsWith(withoutGradient[title]),
    );
    return;
  }
  const found = await differentiate(inputs, build, upstream, device);
  assert.deepEqual([...found.shape], output.shape);
  assertClose(found.output, output.data, 'result');
  if (!gradients) return;
  gradients.forEach((expected, i) => {
    const gradient = found.gradients[i];
    if (expected && gradient) assertClose(gradient, expected, `gradient in input ${i}`);
    // Nothing flows to a condition, nor to statistics that are taken as constants.
    else assert.deepEqual([i, gradient], [i, expected]);
  });
}
