import assert from 'node:assert/strict';
import { cornersApart, shareOfVoxel, type Grid } from '../../../engine/images/grid';
import { affineOf } from '../../../engine/images/orientation';
import {
  countAlong,
  putSlice,
  storedWalks,
  takeSlice,
  viewDirections,
  walksOf,
  type Walks,
} from '../../../engine/images/walks';

/** A grid of 1 mm voxels in any orientation about the world's origin, `extent` long along x, y and z. */
function gridOf(orientation: string, extent: [number, number, number]): Grid {
  const affine = affineOf(orientation)!;
  const along = [0, 1, 2].map((axis) => affine.findIndex((row) => row[axis] !== 0));
  along.forEach((world, axis) => {
    affine[world][3] = (-affine[world][axis] * (extent[world] - 1)) / 2;
  });
  const shape = along.map((world) => extent[world]) as Grid['shape'];
  return { shape, spacing: [1, 1, 1], affine };
}

const views = Object.keys(viewDirections) as (keyof typeof viewDirections)[];

describe('a grid', () => {
  it('lies where the same grid in any order of its axes lies', () => {
    const one = gridOf('LPS', [4, 5, 6]);
    for (const orientation of ['RAS', 'PIR', 'SLA', 'AIL'])
      for (const view of views) {
        const other = gridOf(orientation, [4, 5, 6]);
        const own: [Grid, Walks] = [one, walksOf(one.affine, view)];
        const [walks, shape] = [walksOf(other.affine, view), other.shape];
        assert.deepEqual(countAlong(shape, walks), countAlong(one.shape, own[1]));
        assert.equal(cornersApart(own, [other, walks]), 0);
        other.affine[1][3] += 0.25;
        assert.equal(cornersApart(own, [other, walks]), 0.25);
      }
  });

  it('is told from one that is larger by its farthest corner', () => {
    const one = gridOf('RAS', [4, 5, 6]);
    const other = { ...one, affine: one.affine.map((row) => [2 * row[0], ...row.slice(1)]) };
    assert.equal(cornersApart([one, storedWalks], [other, storedWalks]), 3);
    assert.equal(shareOfVoxel({ spacing: [3, 0.5, 2] }, 0.5), 0.25);
  });

  it('gets its slices back where they were taken from', () => {
    const { shape, affine } = gridOf('PIR', [4, 5, 6]);
    const samples = Uint8Array.from({ length: 120 }, (_, n) => n);
    for (const view of views) {
      const walks = walksOf(affine, view);
      const [slices, rows, columns] = countAlong(shape, walks);
      const taken = new Uint8Array(120);
      const back = new Uint8Array(120);
      for (let index = 0; index < slices; index++) {
        takeSlice(samples, { shape, walks, index }, taken, index * rows * columns);
        putSlice(back, { shape, walks, index }, taken, index * rows * columns);
      }
      assert.notDeepEqual(taken, samples);
      assert.deepEqual(back, samples);
    }
  });
});
