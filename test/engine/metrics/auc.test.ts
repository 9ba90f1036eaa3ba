import assert from 'node:assert/strict';
import { areaUnderRoc } from '../../../engine/metrics/auc';
import { Random } from '../../../engine/random';
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

  it('is the same share of pairs for scores in thousands, of both signs', () => {
    const random = new Random(1);
    const levels = Array.from({ length: 60 }, () => Math.fround(random.normal()));
    const counts = levels.map(() => [0, 0]);
    const scores: number[] = [];
    const truth: number[] = [];
    for (let n = 0; n < 20000; n++) {
      const level = random.integer(levels.length);
      const positive = random.chance(0.4) ? 1 : 0;
      counts[level][positive]++;
      scores.push(levels[level]);
      truth.push(positive);
    }
    let pairs = 0;
    counts.forEach(([, positives], a) =>
      counts.forEach(([negatives], b) => {
        pairs += positives * negatives * (1 + Math.sign(levels[a] - levels[b]));
      }),
    );
    const positives = truth.filter((value) => value === 1).length;
    const expected = pairs / 2 / (positives * (truth.length - positives));
    assert.ok(Math.abs(auc(scores, truth)! - expected) < 1e-12);
  });

  it('is undefined where one class alone is in sight', () => {
    assert.equal(auc([0.1, 0.9], [1, 1]), null);
    assert.equal(auc([0.1, 0.9], [0, 0]), null);
    assert.equal(auc([0.1, 0.9], [0, 1], [1, 0]), null);
    assert.equal(auc([], []), null);
  });
});
