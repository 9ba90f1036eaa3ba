import assert from 'node:assert/strict';
import { seedsAndCasesBootstrap } from '../../../engine/metrics/hierarchical-bootstrap';
import { holm } from '../../../engine/metrics/holm';
import { signedRankTest } from '../../../engine/metrics/paired-comparison';
import { mean } from '../../../engine/metrics/statistics';
import { meanOverSeeds, shareWithin, tQuantile } from '../../../engine/metrics/student-t';
import { Random } from '../../../engine/random';
import golden from './golden/seeds.json';

const near = (found: number, value: number, tolerance: number) =>
  assert.ok(Math.abs(found - value) <= tolerance, `${found} is not ${value}`);

describe("Student's t distribution", () => {
  it("has SciPy's quantiles", () => {
    for (const { share, degrees, t } of golden.quantiles)
      near(tQuantile(share, degrees), t, 1e-9 * t);
  });

  it('is its own inverse', () => {
    for (const degrees of [1, 2, 7, 12])
      for (const t of [0, 0.3, 2, 8])
        near(tQuantile(shareWithin(t, degrees), degrees), t, 1e-6 * (1 + t));
  });
});

describe('a mean over seeds', () => {
  it("has SciPy's interval and p of the t test", () => {
    for (const { values, p, ci } of golden.samples) {
      const found = meanOverSeeds(values, 0.95);
      near(found.p!, p, 1e-12);
      near(found.ci![0], ci[0], 1e-12);
      near(found.ci![1], ci[1], 1e-12);
    }
  });

  it('has none of two seeds, of one, or of seeds that change nothing', () => {
    for (const values of [[0.1, 0.3], [0.1], [0.1, 0.1, 0.1], [0, 0, 0, 0]]) {
      const { n, mean: centre, ci, p } = meanOverSeeds(values, 0.95);
      assert.deepEqual([n, ci, p], [values.length, null, null]);
      near(centre!, mean(values), 1e-15);
    }
    assert.deepEqual(meanOverSeeds([], 0.95), { n: 0, mean: null, sd: null, ci: null, p: null });
  });
});

describe("Holm's correction", () => {
  it("is that of statsmodels'", () => {
    for (const { p, adjusted } of golden.families)
      holm(p).forEach((found, i) => near(found!, adjusted[i], 1e-14));
  });

  it('counts what was not tested out of the family', () => {
    assert.deepEqual(holm([null, 0.02, null, 0.03]), [null, 0.04, null, 0.04]);
    assert.deepEqual(holm([]), []);
  });
});

/** Differences of each seed by case. */
const rowsOf = (differences: readonly (readonly (number | null)[])[]) =>
  differences.map(
    (row) =>
      new Map(row.flatMap((value, c) => (value === null ? [] : [[`case ${c}`, value] as const]))),
  );
const options = (resamples: number, random = new Random(1)) => ({
  resamples,
  confidence: 0.95,
  random,
});

describe('the hierarchical bootstrap over seeds and cases', () => {
  for (const { name, differences, ci, p } of golden.bootstraps)
    it(`comes near NumPy's: ${name}`, () => {
      const found = seedsAndCasesBootstrap(rowsOf(differences), options(20_000))!;
      const width = ci[1] - ci[0];
      near(found.ci[0], ci[0], 0.02 * width);
      near(found.ci[1], ci[1], 0.02 * width);
      near(found.p, p, 0.02);
    });

  it('is the same for the same random state and never gives a p of 0', () => {
    const rows = rowsOf([
      [1, 1.1],
      [1.2, 1.3],
      [1.1, 1],
    ]);
    const found = seedsAndCasesBootstrap(rows, options(999));
    assert.deepEqual(seedsAndCasesBootstrap(rows, options(999)), found);
    assert.equal(found!.p, 2 / 1000);
  });

  it('says nothing of two seeds, of one case, of seeds without cases', () => {
    const both = [0.1, 0.2];
    assert.equal(seedsAndCasesBootstrap(rowsOf([both, both]), options(100)), null);
    assert.equal(seedsAndCasesBootstrap(rowsOf([[1], [2], [3]]), options(100)), null);
    assert.equal(seedsAndCasesBootstrap(rowsOf([both, both, [null, null]]), options(100)), null);
    assert.equal(seedsAndCasesBootstrap([], options(100)), null);
  });

  // Differences without a mean: a seed's own, a case's own, and the rest, each of spread 1.
  const simulated = (seeds: number, cases: number, runs: number) => {
    const random = new Random(7, seeds, cases);
    const normals = (n: number) => Array.from({ length: n }, () => random.normal());
    const found = { covered: 0, alarms: 0, alarmsOfOneSeed: 0 };
    for (let n = 0; n < runs; n++) {
      const ofCases = normals(cases);
      const rows = normals(seeds).map((own) => ofCases.map((c) => own + c + random.normal()));
      const both = seedsAndCasesBootstrap(rowsOf(rows), options(400, random))!;
      const { p } = meanOverSeeds(rows.map(mean), 0.95);
      if (both.ci[0] <= 0 && both.ci[1] >= 0) found.covered++;
      if (Math.max(p!, both.p) < 0.05) found.alarms++;
      if (signedRankTest(rows[0]).p < 0.05) found.alarmsOfOneSeed++;
    }
    return { ...found, share: found.covered / runs };
  };

  it('covers nearly as often as it says with many seeds, and less with few', () => {
    const [many, few] = [simulated(20, 20, 400), simulated(3, 10, 400)];
    assert.ok(many.share > 0.91 && many.share < 0.98, `20 seeds: ${many.share}`);
    assert.ok(few.share > 0.8 && few.share < 0.93, `3 seeds: ${few.share}`);
  });

  it('together with the t test over seeds finds what is not there about as rarely as it says; a single seed does not', () => {
    for (const [seeds, cases] of [
      [3, 10],
      [5, 10],
      [5, 30],
    ]) {
      const { alarms, alarmsOfOneSeed } = simulated(seeds, cases, 400);
      assert.ok(alarms <= 32, `${alarms} of 400 with ${seeds} seeds and ${cases} cases`);
      assert.ok(alarmsOfOneSeed > 100, `${alarmsOfOneSeed} of 400 by one seed`);
    }
  });
});
