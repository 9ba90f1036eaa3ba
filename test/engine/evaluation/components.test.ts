import assert from 'node:assert/strict';
import { keepLargestComponent } from '../../../engine/evaluation/components';
import golden from './golden/components.json';

type Shape = [number, number, number];

describe('keepLargestComponent', () => {
  golden.forEach(({ shape, mask, kept }) =>
    it(`keeps what SciPy labels as the largest part of ${shape.join(' x ')}`, () => {
      const labels = Uint8Array.from(mask);
      keepLargestComponent(labels, shape as Shape, 1);
      assert.deepEqual([...labels], kept);
    }),
  );

  it('leaves other labels alone, and takes pictures one by one', () => {
    const labels = Uint8Array.of(1, 1, 0, 1, 2, 2, /* next slice */ 1, 0, 0, 2, 0, 1);
    const apart = labels.slice();
    keepLargestComponent(labels, [2, 2, 3], 1);
    assert.deepEqual([...labels], [1, 1, 0, 1, 2, 2, 1, 0, 0, 2, 0, 0]);
    keepLargestComponent(apart, [2, 2, 3], 1, true);
    assert.deepEqual([...apart], [1, 1, 0, 1, 2, 2, 1, 0, 0, 2, 0, 0]);
    const second = Uint8Array.of(1, 0, 1, 1, 0, 1, 1, 0);
    keepLargestComponent(second, [2, 1, 4], 1, true);
    assert.deepEqual([...second], [0, 0, 1, 1, 0, 1, 1, 0]);
  });

  it('has room for parts of any size', () => {
    const labels = new Uint8Array(300 * 300).fill(3);
    keepLargestComponent(labels, [1, 300, 300], 3);
    assert.ok(labels.every((value) => value === 3));
  });
});
