import assert from 'node:assert/strict';
import { mapLabels, mapMask } from '../../../engine/preparation/labels';

const file = (channels: number, ...data: number[]) => ({ channels, data: Uint8Array.from(data) });
const indices = (...parameters: Parameters<typeof mapLabels>) => [
  ...mapLabels(...parameters).labels,
];

describe('mapLabels', () => {
  it('takes a value, several, and everything above a threshold', () => {
    const classes = ['liver', 'kidney', 'bright'];
    const values = { liver: 5, kidney: [2, 3], bright: { above: 100 } };
    assert.deepEqual(indices(file(1, 0, 5, 2, 3, 100, 101), classes, values), [0, 1, 2, 2, 0, 3]);
  });

  it('matches colours within a tolerance in every component', () => {
    const image = file(3, 180, 185, 180, 40, 40, 46, 40, 35, 40);
    const values = { liver: { color: [180, 40, 40] as [number, number, number], tolerance: 5 } };
    assert.deepEqual(indices(image, ['liver'], values), [1, 1, 0]);
  });

  it('compares numbers with the luminance of a colour file', () =>
    assert.deepEqual(
      indices(file(3, 255, 0, 255, 0, 255, 0), ['vessel'], { vessel: 255 }),
      [1, 0],
    ));

  it('gives a sample that two classes claim to the first', () =>
    assert.deepEqual(indices(file(1, 9), ['a', 'b'], { a: { above: 5 }, b: 9 }), [1]));

  it('tells which values occur', () =>
    assert.deepEqual(
      [...mapLabels(file(1, 3, 3, 0, 7, 3), ['a'], { a: 7 }).values].sort(),
      [0, 3, 7],
    ));
});

describe('mapMask', () => {
  it('takes 0/1 and 0/255 masks alike', () => {
    assert.deepEqual([...mapMask(file(1, 0, 1, 1))], [0, 1, 1]);
    assert.deepEqual([...mapMask(file(1, 3, 255, 250))], [0, 1, 1]);
    assert.deepEqual([...mapMask(file(1, 0, 0, 0))], [0, 0, 0]);
  });
});
