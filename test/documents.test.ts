import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseConfig } from '../engine/config/load';
import { demoConfig } from '../engine/demo/demo';

const root = resolve(__dirname, '..');

describe('configs that documents and examples show', () => {
  const texts: [name: string, text: string][] = [['the demo', demoConfig]];
  for (const file of ['README.md', 'docs/data.md', 'docs/methods.md']) {
    const blocks = readFileSync(join(root, file), 'utf8').matchAll(/```jsonc\n(.*?)```/gs);
    [...blocks].forEach(([, text], n) => texts.push([`${file}, config ${n + 1}`, text]));
  }
  for (const file of readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.jsonc')))
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

describe('what docs/reliability.md promises', () => {
  /** In a table's last cell: `FILE`: the words of a test's title, then what else is to say of it. */
  const reference = /`([\w/.-]+\.test\.ts)`(?:: ([^|;(`]+))?/g;
  const rows = readFileSync(join(root, 'docs/reliability.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (promise|-+) /.test(line))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));

  for (const [, promise, tests] of rows)
    it(`is held by tests that there are: ${promise}`, () => {
      const named = [...tests.matchAll(reference)];
      assert.ok(named.length > 0, tests);
      for (const [, file, words] of named) {
        const text = readFileSync(join(root, 'test/engine', file), 'utf8');
        const titles = [...text.matchAll(/\b(?:it|describe)\(\s*(['"`])(.*?)\1/gs)].map(
          ([, , title]) => title,
        );
        const found = words === undefined || titles.some((title) => title.includes(words.trim()));
        assert.ok(found, `${file} has no test "${words}", but ${titles.join('; ')}`);
      }
    });

  it('is found', () => assert.ok(rows.length > 20, `${rows.length} promises`));
});
