import assert from 'node:assert/strict';
import {
  appendFileSync,
  closeSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { LinePlace } from '../../../engine/contract/runs';
import { dropBegunLine, linesOf, readLines, type ReadLines } from '../../../engine/runs/lines';
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

  it('are read on where the last read ended, in pieces, each line once', () =>
    withFolder((folder) => {
      const path = join(folder, 'lines');
      const lines = Array.from({ length: 3000 }, (_, n) => `${n} ${'ü'.repeat(n % 97)}`);
      const tooLong = 'x'.repeat(5000);
      const text = [...lines.slice(0, 1500), tooLong, ...lines.slice(1500), 'begun'].join('\n');
      writeFileSync(path, text);
      const found: string[] = [];
      let place: LinePlace | null = null;
      let reads = 0;
      const readAll = () => {
        for (let more = true; more; reads++) {
          const read: ReadLines = readLines(path, place, 1500, 1000);
          assert.equal(read.reset, false);
          found.push(...read.lines);
          // As it is after it was sent to another process.
          place = JSON.parse(JSON.stringify(read.next)) as LinePlace;
          more = read.more;
        }
      };
      readAll();
      assert.deepEqual(found, lines);
      assert.ok(reads > Buffer.byteLength(text) / 1500);
      appendFileSync(path, ' and ended\nlast\n');
      readAll();
      assert.deepEqual(found, [...lines, 'begun and ended', 'last']);
      writeFileSync(path, 'anew\n');
      const { lines: anew, reset } = readLines(path, place, 1500, 1000);
      assert.deepEqual([anew, reset], [['anew'], true]);
      return Promise.resolve();
    }));

  it('of 300 MB are passed over, in a time and memory that do not grow with them', () =>
    withFolder((folder) => {
      const path = join(folder, 'lines');
      const file = openSync(path, 'w');
      const piece = Buffer.alloc(1 << 20, 'x');
      writeSync(file, 'first\n');
      for (let n = 0; n < 300; n++) writeSync(file, piece);
      writeSync(file, '\nlast\n');
      closeSync(file);
      const began = process.cpuUsage();
      const before = process.memoryUsage.rss();
      const found: string[] = [];
      let [place, more]: [LinePlace | null, boolean] = [null, true];
      while (more) {
        const read: ReadLines = readLines(path, place, 1 << 23);
        found.push(...read.lines);
        [place, more] = [read.next, read.more];
      }
      assert.deepEqual(found, ['first', 'last']);
      assert.deepEqual([...linesOf(path)], ['first', 'last']);
      assert.ok(process.memoryUsage.rss() - before < 2e8);
      const { user, system } = process.cpuUsage(began);
      assert.ok(user + system < 10e6, `took ${(user + system) / 1e6} s`);
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
