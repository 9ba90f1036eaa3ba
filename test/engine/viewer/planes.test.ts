import assert from 'node:assert/strict';
import { axisDirections } from '../../../engine/images/orientation';
import { voxelAt } from '../../../engine/viewer/places';
import { arrange, planeNames, planeOf } from '../../../engine/viewer/planes';
import { Random } from '../../../engine/random';

/** All 48 orders and directions of the axes, with unequal voxel sizes. */
const affines = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
].flatMap((order) =>
  Array.from({ length: 8 }, (_, signs) => {
    const affine = [
      [0, 0, 0, 7],
      [0, 0, 0, -3],
      [0, 0, 0, 11],
      [0, 0, 0, 1],
    ];
    order.forEach((world, axis) => {
      affine[world][axis] = (signs & (1 << axis) ? -1 : 1) * (axis + 1);
    });
    return affine;
  }),
);

const shape: [number, number, number] = [4, 5, 6];
const spacing: [number, number, number] = [1, 2, 3];

const world = (affine: number[][], [i, j, k]: readonly number[]) =>
  [0, 1, 2].map(
    (row) => affine[row][0] * i + affine[row][1] * j + affine[row][2] * k + affine[row][3],
  );

describe('planeOf', () => {
  it('shows the left of the patient to the right, the back below, and slices upwards, whatever the order in the file', () => {
    for (const affine of affines) {
      const plane = planeOf({ shape, spacing, affine }, 'axial');
      const origin = world(affine, voxelAt(plane, 0, 0, 0));
      const step = (s: number, r: number, c: number) =>
        world(affine, voxelAt(plane, s, r, c)).map((value, axis) =>
          Math.sign(value - origin[axis]),
        );
      assert.deepEqual(step(0, 0, 1), [-1, 0, 0]);
      assert.deepEqual(step(0, 1, 0), [0, -1, 0]);
      assert.deepEqual(step(1, 0, 0), [0, 0, 1]);
      assert.deepEqual(plane.letters, { left: 'R', right: 'L', top: 'A', bottom: 'P' });
      const [slice, row, column] = axisDirections(affine).reduce<number[]>((sizes, d, axis) => {
        sizes[[2, 1, 0][d.world]] = axis;
        return sizes;
      }, []);
      assert.deepEqual(
        [plane.slices, plane.rows, plane.columns],
        [shape[slice], shape[row], shape[column]],
      );
      assert.deepEqual(plane.spacing, [spacing[row], spacing[column]]);
    }
  });

  it('puts the head up and the face to the left in sagittal and coronal views', () => {
    for (const affine of affines) {
      const coronal = planeOf({ shape, spacing, affine }, 'coronal');
      assert.deepEqual(coronal.letters, { left: 'R', right: 'L', top: 'S', bottom: 'I' });
      const sagittal = planeOf({ shape, spacing, affine }, 'sagittal');
      assert.deepEqual(sagittal.letters, { left: 'A', right: 'P', top: 'S', bottom: 'I' });
      const origin = world(affine, voxelAt(sagittal, 0, 0, 0));
      const right = world(affine, voxelAt(sagittal, 0, 0, 1));
      assert.ok(right[1] < origin[1]);
    }
  });
});

describe('arrange', () => {
  it('puts every sample where its voxel is seen, in all planes of all orientations', () => {
    const random = new Random(1, 'planes');
    const data = Float32Array.from({ length: 2 * 4 * 5 * 6 }, () => random.uniform(0, 1));
    for (const affine of affines)
      for (const name of planeNames) {
        const plane = planeOf({ shape, spacing, affine }, name);
        const { axis } = plane.walks.slice;
        for (let s = 0; s < plane.slices; s++) {
          const at = voxelAt(plane, s, 0, 0)[axis];
          const [early, late] = [0, 1, 2].filter((a) => a !== axis);
          const raw: number[] = [];
          for (let c = 0; c < 2; c++)
            for (let v = 0; v < shape[late]; v++)
              for (let u = 0; u < shape[early]; u++) {
                const place = [0, 0, 0];
                place[axis] = at;
                place[early] = u;
                place[late] = v;
                raw.push(data[c * 120 + place[0] + 4 * (place[1] + 5 * place[2])]);
              }
          const seen = arrange(Float32Array.from(raw), plane, 2);
          for (let c = 0; c < 2; c++)
            for (let row = 0; row < plane.rows; row++)
              for (let column = 0; column < plane.columns; column++) {
                const [i, j, k] = voxelAt(plane, s, row, column);
                assert.equal(
                  seen[(c * plane.rows + row) * plane.columns + column],
                  data[c * 120 + i + 4 * (j + 5 * k)],
                );
              }
        }
      }
  });
});
