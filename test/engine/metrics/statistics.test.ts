import assert from 'node:assert/strict';
import {
  bootstrapInterval,
  mean,
  percentile,
  standardDeviation,
} from '../../../engine/metrics/statistics';
import { Random } from '../../../engine/random';
import golden from './golden/metrics.json';

const { values, percentiles, interval, ...expected } = golden.statistics;
const near = (found: number, value: number, tolerance = 1e-12) =>
  assert.ok(Math.abs(found - value) <= tolerance, `${found} is not ${value}`);

describe('statistics', () => {
  it("mean, sample standard deviation and percentiles are NumPy's", () => {
    near(mean(values), expected.mean);
    near(standardDeviation(values)!, expected.sd);
    for (const [p, value] of Object.entries(percentiles))
      near(percentile(values, Number(p)), value);
  });

  it('percentile leaves its argument as it is, and takes one value', () => {
    const unsorted = [3, 1, 2];
    assert.equal(percentile(unsorted, 50), 2);
    assert.deepEqual(unsorted, [3, 1, 2]);
    assert.equal(percentile([7], 97.5), 7);
  });

  it('no spread of fewer than two values', () => {
    assert.equal(standardDeviation([1]), null);
    assert.equal(standardDeviation([]), null);
  });
});

describe('bootstrapInterval', () => {
  it('comes near the interval of very many resamples', () => {
    const [low, high] = bootstrapInterval(values, 20000, 0.95, new Random(1))!;
    near(low, interval[0], 0.01);
    near(high, interval[1], 0.01);
  });

  it('is the same for the same random state, and wider with more confidence', () => {
    const of = (confidence: number) => bootstrapInterval(values, 2000, confidence, new Random(1))!;
    assert.deepEqual(of(0.95), of(0.95));
    assert.ok(of(0.99)[0] < of(0.8)[0] && of(0.99)[1] > of(0.8)[1]);
  });

  it('is a point for equal values, and nothing for fewer than two or without resamples', () => {
    assert.deepEqual(bootstrapInterval([0.5, 0.5, 0.5], 100, 0.95, new Random(1)), [0.5, 0.5]);
    assert.equal(bootstrapInterval([0.5], 100, 0.95, new Random(1)), null);
    assert.equal(bootstrapInterval([], 100, 0.95, new Random(1)), null);
    assert.equal(bootstrapInterval(values, 0, 0.95, new Random(1)), null);
  });
});
