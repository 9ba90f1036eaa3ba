import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { dropBegunLine, linesOf } from '../../../engine/runs/lines';
import { RunFolder } from '../../../engine/runs/run-folder';
import { withFolder } from '../images/shared';

describe('lines of a file', () => {
  it('are read whole, across the pieces, without one that has no end and without one that is far too long', () =>
    withFolder((folder) => {
      const path = join(folder, 'lines');
      const lines = Array.from({ length: 5000 }, (_, n) => `${n} ${'ü'.repeat(n % 97)}`);
      const tooLong = 'x'.repeat(5e6);
      writeFileSync(path, [...lines, tooLong, '', 'last', 'begun'].join('\n'));
      assert.deepEqual([...linesOf(path)], [...lines, '', 'last']);
      return Promise.resolve();
    }));

  it('that were begun and not ended are dropped, and nothing else', () =>
    withFolder((folder) => {
      const path = join(folder, 'lines');
      for (const [text, kept] of [
        ['', ''],
        ['a', ''],
        ['a\n', 'a\n'],
        ['a\nbc', 'a\n'],
        [`a\n${'b'.repeat(200_000)}`, 'a\n'],
        ['b'.repeat(200_000), ''],
      ]) {
        writeFileSync(path, text);
        dropBegunLine(path);
        assert.equal(readFileSync(path, 'utf8'), kept);
      }
      return Promise.resolve();
    }));

  it('of a log of 600 MB, more than a text may have, are dropped and kept without reading it at once', function () {
    if (!process.env['MEDDISTILL_TEST_LARGE']) this.skip();
    return withFolder(async (folder) => {
      const run = new RunFolder(folder);
      const file = openSync(run.file('metrics'), 'w');
      const row = (stage: string, step: number) =>
        `${JSON.stringify({ type: 'step', stage, step, about: 'x'.repeat(1000) })}\n`;
      const many = row('teacher', 1).repeat(10_000);
      for (let n = 0; n < 55; n++) writeSync(file, many);
      writeSync(file, row('kd', 1) + row('kd', 2));
      closeSync(file);
      const before = process.memoryUsage.rss();
      await run.truncateLog('kd', 1);
      assert.ok(process.memoryUsage.rss() - before < 3e8);
      let rows = 0;
      for (const line of linesOf(run.file('metrics'))) {
        rows++;
        assert.ok(!line.includes('"kd","step":2'));
      }
      assert.equal(rows, 550_001);
    });
  }).timeout(120_000);
});
