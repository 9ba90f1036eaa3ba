import assert from 'node:assert/strict';
import { centrelineDice } from '../../../engine/metrics/cldice';
import { skeletonOf } from '../../../engine/metrics/skeleton';
import type { Shape } from '../../../engine/metrics/shape';
import golden from './golden/skeleton.json';
import { noise, unpackMask } from './masks';

describe('skeletons', () => {
  for (const item of golden) {
    const shape = item.shape as unknown as Shape;
    it(`are scikit-image's, voxel by voxel: ${item.name}`, () => {
      [item.prediction, item.reference].forEach((packed, n) => {
        const expected = unpackMask(item.skeletons[n], shape);
        const voxels = [...expected.keys()].filter((index) => expected[index] === 1);
        assert.ok(voxels.length > 0);
        assert.deepEqual([...skeletonOf(unpackMask(packed, shape), shape)], voxels);
      });
    });
  }

  it('are skeletons of themselves', () => {
    const shape: Shape = [9, 10, 11];
    const once = skeletonOf(noise(990, 0.7, 1), shape);
    const mask = new Uint8Array(990);
    for (const voxel of once) mask[voxel] = 1;
    assert.deepEqual(skeletonOf(mask, shape), once);
  });

  it('do not depend on where the mask lies in the image', () => {
    const small = noise(5 * 6 * 7, 0.6, 2);
    const large = new Uint8Array(9 * 12 * 14);
    const move = (n: number) =>
      ((Math.floor(n / 42) + 3) * 12 + (Math.floor(n / 7) % 6) + 4) * 14 + (n % 7) + 5;
    small.forEach((value, n) => (large[move(n)] = value));
    assert.deepEqual(
      [...skeletonOf(large, [9, 12, 14])],
      [...skeletonOf(small, [5, 6, 7])].map(move),
    );
  });
});

describe('clDice', () => {
  for (const item of golden)
    it(`is what scikit-image's skeletons give: ${item.name}`, () => {
      const shape = item.shape as unknown as Shape;
      const found = centrelineDice(
        unpackMask(item.prediction, shape),
        unpackMask(item.reference, shape),
        shape,
      );
      assert.ok(Math.abs(found! - item.cldice) < 1e-12, `${found} is not ${item.cldice}`);
    });

  it('is 1 for a thicker vessel with the same centreline, and less where a piece is missing', () => {
    const shape: Shape = [1, 9, 20];
    const vessel = (halfWidth: number, gap: boolean) =>
      Uint8Array.from({ length: 180 }, (_, n) =>
        Math.abs(Math.floor(n / 20) - 4) <= halfWidth && !(gap && n % 20 === 10) ? 1 : 0,
      );
    assert.equal(centrelineDice(vessel(0, false), vessel(2, false), shape), 1);
    assert.ok(centrelineDice(vessel(0, true), vessel(0, false), shape)! < 1);
  });

  it('is 0 if one mask is empty, and undefined if both are', () => {
    const some = noise(60, 0.5, 3);
    const none = new Uint8Array(60);
    assert.equal(centrelineDice(some, none, [3, 4, 5]), 0);
    assert.equal(centrelineDice(none, some, [3, 4, 5]), 0);
    assert.equal(centrelineDice(none, none, [3, 4, 5]), null);
  });
});
