import assert from 'node:assert/strict';
import { diagonal, surfaceMetrics } from '../../../engine/metrics/surface';
import { type Shape, type Spacing } from '../../../engine/metrics/shape';
import golden from './golden/surface.json';
import { noise, unpackMask } from './masks';

const close = (actual: number, expected: number, tolerance: number) =>
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${actual} is not ${expected}`,
  );

describe('surface distances', () => {
  for (const item of golden) {
    const shape = item.shape as unknown as Shape;
    const spacing = item.spacing as unknown as Spacing;
    const prediction = unpackMask(item.prediction, shape);
    const reference = unpackMask(item.reference, shape);
    it(`agree with MONAI and MedPy: ${item.name}`, () => {
      const found = surfaceMetrics(prediction, reference, shape, spacing)!;
      close(found.assd, item.assd, 1e-6);
      close(found.hd95, item.hd95, 1e-6);
      close(found.hd, item.hd, 1e-12);
    });
    const { open } = item;
    if (open)
      it(`agree with SciPy where the outside is foreground: ${item.name}`, () => {
        const found = surfaceMetrics(prediction, reference, shape, spacing, 'foreground')!;
        close(found.assd, open.assd, 1e-12);
        close(found.hd, open.hd, 1e-12);
      });
  }

  const shape: Shape = [11, 12, 13];
  const size = 11 * 12 * 13;
  const spacing: Spacing = [2.5, 0.7, 0.9];

  it('are equal to those of every pair of surface voxels, for slices in any number', () => {
    for (const slices of [1, 2, 15, 16, 17, 40]) {
      const many: Shape = [slices, 6, 5];
      const a = noise(slices * 30, 0.1, slices);
      const b = noise(slices * 30, 0.05, slices + 100);
      a[3] = b[slices * 30 - 2] = 1;
      close(surfaceMetrics(a, b, many, spacing)!.hd, exhaustive(a, b, many, spacing), 1e-12);
    }
  });

  it('do not depend on which mask is the reference', () => {
    const a = noise(size, 0.2, 1);
    const b = noise(size, 0.1, 2);
    const one = surfaceMetrics(a, b, shape, spacing)!;
    const other = surfaceMetrics(b, a, shape, spacing)!;
    close(one.assd, other.assd, 1e-12);
    assert.deepEqual([one.hd95, one.hd], [other.hd95, other.hd]);
  });

  it('grow in proportion to the spacing', () => {
    const a = noise(size, 0.2, 3);
    const b = noise(size, 0.1, 4);
    const one = surfaceMetrics(a, b, shape, spacing)!;
    const other = surfaceMetrics(a, b, shape, [5, 1.4, 1.8])!;
    for (const name of ['assd', 'hd95', 'hd'] as const) close(other[name], 2 * one[name], 1e-12);
  });

  it("are the image's diagonal in mm if one mask is empty", () => {
    const some = noise(size, 0.1, 5);
    const none = new Uint8Array(size);
    const expected = Math.hypot(11 * 2.5, 12 * 0.7, 13 * 0.9);
    const worst = { assd: expected, hd95: expected, hd: expected };
    assert.deepEqual(surfaceMetrics(some, none, shape, spacing), worst);
    assert.deepEqual(surfaceMetrics(none, some, shape, spacing), worst);
    const whole = new Uint8Array(size).fill(1);
    assert.ok(surfaceMetrics(some, whole, shape, spacing)!.hd < expected);
  });

  it('are undefined if both masks are empty', () => {
    const none = new Uint8Array(size);
    assert.equal(surfaceMetrics(none, none, shape, spacing), null);
  });

  it('are 0 if both masks fill the image, wherever the outside belongs', () => {
    const whole = new Uint8Array(size).fill(1);
    for (const outside of ['background', 'foreground'] as const)
      assert.equal(surfaceMetrics(whole, whole, shape, spacing, outside)!.hd, 0);
  });

  it('of a picture take no account of the slices, which it has not', () => {
    const a = noise(12 * 13, 0.2, 6);
    const b = noise(12 * 13, 0.2, 7);
    const thin = surfaceMetrics(a, b, [1, 12, 13], [1, 0.7, 0.9]);
    assert.deepEqual(surfaceMetrics(a, b, [1, 12, 13], [50, 0.7, 0.9]), thin);
    assert.equal(diagonal([1, 3, 4], [50, 1, 1]), 5);
  });
});

/** Hausdorff distance over all pairs of voxels; inner voxels are never farther than surfaces from the other mask's surface. */
function exhaustive(a: Uint8Array, b: Uint8Array, shape: Shape, spacing: Spacing): number {
  const [, rows, columns] = shape;
  const voxels = (mask: Uint8Array) =>
    [...mask.keys()]
      .filter((n) => mask[n] === 1 && isSurface(mask, n, shape))
      .map((n) => [
        Math.floor(n / (rows * columns)) * spacing[0],
        (Math.floor(n / columns) % rows) * spacing[1],
        (n % columns) * spacing[2],
      ]);
  const [p, q] = [voxels(a), voxels(b)];
  const directed = (from: number[][], to: number[][]) =>
    Math.max(
      ...from.map((u) =>
        Math.min(...to.map((v) => Math.hypot(u[0] - v[0], u[1] - v[1], u[2] - v[2]))),
      ),
    );
  return Math.max(directed(p, q), directed(q, p));
}

function isSurface(mask: Uint8Array, index: number, shape: Shape): boolean {
  const at = [
    Math.floor(index / (shape[1] * shape[2])),
    Math.floor(index / shape[2]) % shape[1],
    index % shape[2],
  ];
  const steps = [shape[1] * shape[2], shape[2], 1];
  return [0, 1, 2].some(
    (axis) =>
      shape[axis] > 1 &&
      [-1, 1].some((way) => {
        const there = at[axis] + way;
        return there < 0 || there >= shape[axis] || mask[index + way * steps[axis]] === 0;
      }),
  );
}
