import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LineTail } from '../../extension/line-tail';

describe('the tail of a file of lines', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'meddistill-tail-'));
    file = join(folder, 'metrics.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('hands over each line once, and half a line when its end is there', () => {
    const tail = new LineTail(file);
    assert.deepEqual(tail.read(), { lines: [], reset: false });
    writeFileSync(file, 'one\ntwo\nth');
    assert.deepEqual(tail.read(), { lines: ['one', 'two'], reset: false });
    appendFileSync(file, 'ree\n');
    assert.deepEqual(tail.read(), { lines: ['three'], reset: false });
    assert.deepEqual(tail.read(), { lines: [], reset: false });
  });

  it('keeps characters whole that are cut between two reads', () => {
    const bytes = Buffer.from('Fréchet\n');
    writeFileSync(file, bytes.subarray(0, 3));
    const tail = new LineTail(file);
    assert.deepEqual(tail.read().lines, []);
    appendFileSync(file, bytes.subarray(3));
    assert.deepEqual(tail.read().lines, ['Fréchet']);
  });

  it('starts again when the file became shorter', () => {
    writeFileSync(file, 'one\ntwo\n');
    const tail = new LineTail(file);
    tail.read();
    truncateSync(file, 4);
    assert.deepEqual(tail.read(), { lines: ['one'], reset: true });
  });

  it('starts again when another file took its place, however long', () => {
    writeFileSync(file, 'one\ntwo\n');
    const tail = new LineTail(file);
    tail.read();
    writeFileSync(`${file}.part`, 'one\nzwei\ndrei\nvier\n');
    renameSync(`${file}.part`, file);
    assert.deepEqual(tail.read(), { lines: ['one', 'zwei', 'drei', 'vier'], reset: true });
  });

  it('tells that a file that is gone is void', () => {
    writeFileSync(file, 'one\n');
    const tail = new LineTail(file);
    tail.read();
    rmSync(file);
    assert.deepEqual(tail.read(), { lines: [], reset: true });
    writeFileSync(file, 'two\n');
    assert.deepEqual(tail.read(), { lines: ['two'], reset: false });
  });

  it('reads lines longer than one read', () => {
    const long = 'x'.repeat(3 << 20);
    writeFileSync(file, `${long}\nend\n`);
    assert.deepEqual(new LineTail(file).read().lines, [long, 'end']);
  });
});
