import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseConfig } from '../engine/config/load';
import { demoConfig } from '../engine/demo/demo';

const root = resolve(__dirname, '..');

describe('configs that documents and examples show', () => {
  const texts: [name: string, text: string][] = [['the demo', demoConfig]];
  for (const file of ['README.md', 'docs/data.md']) {
    const blocks = readFileSync(join(root, file), 'utf8').matchAll(/```jsonc\n(.*?)```/gs);
    [...blocks].forEach(([, text], n) => texts.push([`${file}, config ${n + 1}`, text]));
  }
  for (const file of readdirSync(join(root, 'examples')))
    texts.push([`examples/${file}`, readFileSync(join(root, 'examples', file), 'utf8')]);

  for (const [name, text] of texts)
    it(`have no fault: ${name}`, () => {
      const { faults } = parseConfig(text, join(root, 'x.distill.jsonc'));
      assert.deepEqual(
        faults.map((fault) => fault.message),
        [],
      );
    });

  it('are found', () => assert.ok(texts.length >= 6));
});
