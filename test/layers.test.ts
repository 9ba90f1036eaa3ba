import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '..');
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

describe('the order of the rooms', function () {
  this.timeout(60_000);

  it('is as .dependency-cruiser.cjs says', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [cruiser, 'engine', 'extension', 'webviews'],
      { cwd: root, encoding: 'utf8' },
    );
    assert.equal(status, 0, `${stdout}${stderr}`);
    // Some hundred files: an empty list of them would break no rule.
    const cruised = /(\d+) modules/.exec(stdout)?.[1];
    assert.ok(Number(cruised) > 300, stdout);
  });
});
