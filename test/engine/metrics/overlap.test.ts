import assert from 'node:assert/strict';
import { confusion, overlap, presenceOf } from '../../../engine/metrics/overlap';
import golden from './golden/metrics.json';

describe('overlap', () => {
  golden.overlaps.forEach(({ reference, prediction, fov, expected }) => {
    it(`agrees with scikit-learn, ${fov ? 'inside a field of view' : 'everywhere'}`, () => {
      expected.forEach((values, i) => {
        const counts = confusion(
          Uint8Array.from(prediction),
          Uint8Array.from(reference),
          i + 1,
          fov && Uint8Array.from(fov),
        );
        const found = overlap(counts);
        for (const [name, value] of Object.entries(values))
          assert.ok(Math.abs(found[name as keyof typeof found]! - value) < 1e-12, name);
        assert.equal(presenceOf(counts), 'scored');
      });
    });
  });

  const of = (prediction: number[], reference: number[], fov?: number[]) =>
    confusion(
      Uint8Array.from(prediction),
      Uint8Array.from(reference),
      1,
      fov ? Uint8Array.from(fov) : null,
    );

  it('is undefined where the class is in neither map', () => {
    const counts = of([0, 0, 2], [0, 2, 0]);
    assert.equal(presenceOf(counts), 'bothEmpty');
    assert.deepEqual(overlap(counts), {
      dice: null,
      iou: null,
      sensitivity: null,
      specificity: 1,
      precision: null,
      ravd: null,
    });
  });

  it('is 0 where the class was missed, precision too', () => {
    const counts = of([0, 0, 0], [0, 1, 1]);
    assert.equal(presenceOf(counts), 'missed');
    assert.deepEqual(overlap(counts), {
      dice: 0,
      iou: 0,
      sensitivity: 0,
      specificity: 1,
      precision: 0,
      ravd: 100,
    });
  });

  it('is 0 for a false alarm; what needs a reference is undefined', () => {
    const counts = of([0, 1, 0], [0, 0, 0]);
    assert.equal(presenceOf(counts), 'falseAlarm');
    assert.deepEqual(overlap(counts), {
      dice: 0,
      iou: 0,
      sensitivity: null,
      specificity: 2 / 3,
      precision: 0,
      ravd: null,
    });
  });

  it('is perfect for equal maps, and then has no specificity where all is the class', () => {
    assert.deepEqual(overlap(of([1, 1], [1, 1])), {
      dice: 1,
      iou: 1,
      sensitivity: 1,
      specificity: null,
      precision: 1,
      ravd: 0,
    });
  });

  it('does not see what lies outside the field of view', () => {
    assert.deepEqual(of([1, 0, 1, 1], [1, 1, 0, 0], [1, 1, 0, 1]), { tp: 1, fp: 1, fn: 1, tn: 0 });
    assert.equal(presenceOf(of([1, 0], [1, 0], [0, 1])), 'bothEmpty');
  });
});
