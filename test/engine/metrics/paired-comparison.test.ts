import assert from 'node:assert/strict';
import { comparePaired, signedRankTest } from '../../../engine/metrics/paired-comparison';
import { Random } from '../../../engine/random';
import golden from './golden/wilcoxon.json';

const options = () => ({ resamples: 2000, confidence: 0.95, random: new Random(1) });

describe("Wilcoxon's signed-rank test", () => {
  for (const item of golden)
    it(`agrees with SciPy: ${item.name}`, () => {
      const found = signedRankTest(item.differences);
      assert.equal(found.statistic, item.statistic);
      assert.ok(
        Math.abs(found.p - item.p) <= 1e-10 * item.p + 1e-300,
        `p ${found.p} is not ${item.p}`,
      );
      assert.equal(found.method, found.n <= 50 ? 'exact' : 'normal');
    });

  it('is the same for either order of the two', () => {
    const differences = [0.3, -0.1, 0.4, 0.4, -0.2, 0.9, 0];
    assert.deepEqual(signedRankTest(differences.map((d) => -d)), signedRankTest(differences));
  });

  it('finds nothing where nothing differs', () => {
    assert.deepEqual(signedRankTest([0, 0, 0]), { statistic: 0, p: 1, n: 0, method: 'exact' });
  });
});

describe('paired comparison', () => {
  it('takes the cases that both networks have a value for, and counts the others', () => {
    const found = comparePaired([0.9, 0.8, null, 0.7, 0.5], [0.8, null, 0.4, 0.4, 0.5], options());
    assert.deepEqual([found.n, found.leftOut], [3, 2]);
    assert.ok(Math.abs(found.mean! - 0.4 / 3) < 1e-12);
    assert.ok(Math.abs(found.median! - 0.1) < 1e-12);
    assert.equal(found.test!.n, 2);
  });

  it('sees a small gain in every case that the spread between cases hides', () => {
    const random = new Random(2);
    const second = Array.from({ length: 30 }, () => random.uniform(0.2, 0.9));
    const first = second.map((value) => value + random.uniform(0, 0.02));
    const { ci, test } = comparePaired(first, second, options());
    assert.ok(ci![0] > 0 && ci![1] < 0.02);
    assert.ok(test!.p < 1e-6);
  });

  it('sees a difference where there is none as rarely as it says', () => {
    const random = new Random(3);
    const draw = () => Array.from({ length: 30 }, () => random.normal());
    let significant = 0;
    let covered = 0;
    for (let n = 0; n < 400; n++) {
      const { ci, test } = comparePaired(draw(), draw(), { ...options(), resamples: 200 });
      if (test!.p < 0.05) significant++;
      if (ci![0] <= 0 && ci![1] >= 0) covered++;
    }
    assert.ok(significant > 8 && significant < 34, `${significant} of 400`);
    assert.ok(covered > 354 && covered < 396, `${covered} of 400`);
  });

  it('says nothing of no pairs, and refuses lists of two lengths', () => {
    const found = comparePaired([null], [1], options());
    assert.deepEqual(
      [found.n, found.mean, found.median, found.ci, found.test],
      [0, null, null, null, null],
    );
    assert.throws(() => comparePaired([1], [], options()), RangeError);
  });
});
