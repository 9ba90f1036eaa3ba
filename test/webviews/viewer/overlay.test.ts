import assert from 'node:assert/strict';
import { agreement, outline, paint } from '../../../webviews/viewer/overlay';

describe('agreement', () => {
  it('tells what is in both, only predicted, only in the reference, and of another class', () => {
    const prediction = Uint8Array.of(0, 1, 1, 0, 2, 1);
    const reference = Uint8Array.of(0, 1, 0, 1, 1, 2);
    assert.deepEqual(
      agreement(prediction, reference, [false, true, true]),
      Uint8Array.of(0, 1, 2, 3, 4, 4),
    );
  });

  it('counts only the classes that are shown', () => {
    const prediction = Uint8Array.of(2, 2, 1);
    const reference = Uint8Array.of(1, 2, 2);
    assert.deepEqual(
      agreement(prediction, reference, [false, true, false]),
      Uint8Array.of(3, 0, 2),
    );
  });
});

describe('paint', () => {
  it('paints each value in its colour, and leaves the others clear', () => {
    const pixels = paint(Uint8Array.of(0, 1, 2, 1), [null, [10, 20, 30], undefined]);
    assert.deepEqual([...pixels], [0, 0, 0, 0, 10, 20, 30, 255, 0, 0, 0, 0, 10, 20, 30, 255]);
  });
});

describe('outline', () => {
  it('surrounds a region on the edges of its pixels, straight runs in one piece', () => {
    // A 2 x 3 block in the middle of 4 x 5 pixels.
    const map = Uint8Array.from({ length: 20 }, (_, n) => {
      const [row, column] = [Math.floor(n / 5), n % 5];
      return row >= 1 && row <= 2 && column >= 1 && column <= 3 ? 7 : 0;
    });
    const segments = outline(map, 4, 5, 7);
    const found = Array.from({ length: segments.length / 4 }, (_, n) =>
      segments.slice(4 * n, 4 * n + 4).join(' '),
    );
    assert.deepEqual(new Set(found), new Set(['1 1 4 1', '1 3 4 3', '1 1 1 3', '4 1 4 3']));
  });

  it('follows the border of the image where a region touches it', () => {
    const segments = outline(Uint8Array.of(1, 1, 1, 1), 2, 2, 1);
    assert.equal(segments.length / 4, 4);
    assert.deepEqual(outline(Uint8Array.of(0, 0, 0, 0), 2, 2, 1), []);
  });

  it('is as long as the border between inside and outside', () => {
    const map = Uint8Array.from({ length: 400 }, (_, n) => ((n * 7919) % 11 < 4 ? 1 : 0));
    let border = 0;
    const at = (row: number, column: number) =>
      row < 0 || column < 0 || row > 19 || column > 19 ? 0 : map[row * 20 + column];
    for (let row = 0; row <= 20; row++)
      for (let column = 0; column <= 20; column++) {
        if (column < 20 && at(row - 1, column) !== at(row, column)) border++;
        if (row < 20 && at(row, column - 1) !== at(row, column)) border++;
      }
    const segments = outline(map, 20, 20, 1);
    let length = 0;
    for (let n = 0; n < segments.length; n += 4)
      length += segments[n + 2] - segments[n] + segments[n + 3] - segments[n + 1];
    assert.equal(length, border);
  });
});
