import assert from 'node:assert/strict';
import { blendTiles, cutTile, tilePositions, tileWeights } from '../../../engine/batches/tiles';

describe('tiles', () => {
  it('cover a slice, flush with its edges, and overlap as asked', () => {
    for (const [length, size, overlap] of [
      [100, 32, 0.5],
      [33, 32, 0],
      [32, 32, 0.9],
      [97, 10, 0.25],
    ]) {
      const starts = [
        ...new Set(tilePositions(length, size, [size, size], overlap).map(([r]) => r)),
      ];
      assert.equal(starts[0], 0);
      assert.equal(starts.at(-1), length - size);
      starts
        .slice(1)
        .forEach((start, n) => assert.ok(start - starts[n] <= size * (1 - overlap) + 1));
    }
  });

  it('blend to the image that they were cut from', () => {
    const [rows, columns] = [37, 29];
    const image = Float32Array.from({ length: 2 * rows * columns }, (_, n) => Math.sin(n));
    const positions = tilePositions(rows, columns, [16, 12], 0.4);
    const cut = positions.map((at) => cutTile(image, 2, [rows, columns], at, [16, 12]));
    const blended = blendTiles(cut, positions, 2, [rows, columns], [16, 12]);
    blended.forEach((value, n) => assert.ok(Math.abs(value - image[n]) < 1e-6));
  });

  it('weigh most in their middle', () => {
    const weights = tileWeights([9, 9]);
    assert.equal(weights[40], Math.max(...weights));
    assert.ok(weights[0] > 0 && weights[0] < 0.01);
  });

  it('refuse a slice smaller than themselves', () =>
    assert.throws(() => tilePositions(10, 10, [16, 16], 0.5), /does not fit/));
});
