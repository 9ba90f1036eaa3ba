import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { made } from '../scripts/generate';

const root = resolve(__dirname, '..');

describe('files that are made from catalogues', () => {
  it('are as new as these: npm run generate writes them', async () => {
    for (const [file, text] of Object.entries(await made()))
      assert.equal(readFileSync(join(root, file), 'utf8'), text, file);
  });
});
