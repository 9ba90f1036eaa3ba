import assert from 'node:assert/strict';
import { areaUnderRoc } from '../../../engine/metrics/auc';
import golden from './golden/metrics.json';

const auc = (scores: number[], truth: number[], fov: number[] | null = null) =>
  areaUnderRoc(Float32Array.from(scores), (i) => truth[i] === 1, fov && Uint8Array.from(fov));

describe('areaUnderRoc', () => {
  golden.aucs.forEach(({ scores, truth, fov, auc: expected }, n) => {
    const different = new Set(scores).size;
    it(`agrees with scikit-learn on ${scores.length} scores with ${different} values${fov ? ' inside a field of view' : ''} (${n})`, () => {
      assert.ok(Math.abs(auc(scores, truth, fov)! - expected) < 1e-12);
    });
  });

  it('is 1 where every positive is above every negative, 0 where below, 1/2 where all are equal', () => {
    assert.equal(auc([0.1, 0.4, 0.6, 0.9], [0, 0, 1, 1]), 1);
    assert.equal(auc([0.1, 0.4, 0.6, 0.9], [1, 1, 0, 0]), 0);
    assert.equal(auc([0.5, 0.5, 0.5], [1, 0, 1]), 0.5);
  });

  it('orders negative scores, and takes 0 and -0 as equal', () => {
    assert.equal(auc([-3, -2, -1, 1], [0, 0, 1, 1]), 1);
    assert.equal(auc([0, -0], [0, 1]), 0.5);
    assert.equal(auc([-0, 0], [0, 1]), 0.5);
  });

  it('is undefined where one class alone is in sight', () => {
    assert.equal(auc([0.1, 0.9], [1, 1]), null);
    assert.equal(auc([0.1, 0.9], [0, 0]), null);
    assert.equal(auc([0.1, 0.9], [0, 1], [1, 0]), null);
    assert.equal(auc([], []), null);
  });
});
