import assert from 'node:assert/strict';
import { resizeLinear, resizeNearest } from '../../../engine/preparation/resample';
import golden from './golden/resample.json';

type Size = [number, number];

describe('resampling', () => {
  for (const { source, target, image, linear, labels, nearest } of golden) {
    const title = `${source.join(' x ')} to ${target.join(' x ')}`;
    it(`agrees with PyTorch's antialiased bilinear interpolation, ${title}`, () => {
      const out = resizeLinear(Float32Array.from(image), 2, source as Size, target as Size);
      out.forEach((value, n) => assert.ok(Math.abs(value - linear[n]) < 1e-5, `sample ${n}`));
      assert.equal(out.length, linear.length);
    });
    it(`agrees with PyTorch's nearest-exact interpolation, ${title}`, () => {
      const out = resizeNearest(Uint8Array.from(labels), 2, source as Size, target as Size);
      assert.deepEqual([...out], nearest);
    });
  }
});
