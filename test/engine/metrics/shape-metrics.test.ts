import assert from 'node:assert/strict';
import { caseMetrics, summarize } from '../../../engine/metrics/case';
import { centrelineDice } from '../../../engine/metrics/cldice';
import { surfaceMetrics } from '../../../engine/metrics/surface';
import { type Shape, type Spacing } from '../../../engine/metrics/shape';
import { Random } from '../../../engine/random';
import { noise } from './masks';

const shape: Shape = [4, 6, 7];
const spacing: Spacing = [3, 1, 2];
const size = 4 * 6 * 7;
const classes = ['liver', 'spleen'];

/** Two classes without a pattern. */
function labels(seed: number): Uint8Array {
  const a = noise(size, 0.4, seed);
  const b = noise(size, 0.4, seed + 1);
  return a.map((value, n) => value + b[n] * (1 - value) * 2);
}
const only = (map: Uint8Array, label: number) => map.map((value) => (value === label ? 1 : 0));

describe('metrics of the shape, by case and class', () => {
  const prediction = labels(1);
  const reference = labels(3);
  const input = { prediction, reference, fov: null, classes };

  it('are those of each class alone', () => {
    const found = caseMetrics({ ...input, shape, spacing, cldice: true });
    classes.forEach((name, i) => {
      const [p, r] = [only(prediction, i + 1), only(reference, i + 1)];
      const { assd, hd95, hd, cldice } = found[name];
      assert.deepEqual({ assd, hd95, hd }, surfaceMetrics(p, r, shape, spacing));
      assert.equal(cldice, centrelineDice(p, r, shape));
    });
  });

  it('need the shape, and distances the spacing', () => {
    const { liver: bare } = caseMetrics(input);
    assert.deepEqual([bare.assd, bare.hd95, bare.hd, bare.cldice], [null, null, null, null]);
    const { liver: shaped } = caseMetrics({ ...input, shape, cldice: true });
    assert.deepEqual([shaped.assd, shaped.hd95, shaped.hd], [null, null, null]);
    assert.notEqual(shaped.cldice, null);
  });

  it('have clDice of pictures unless it is not wanted, of volumes only if it is', () => {
    const picture: Shape = [1, 24, 7];
    assert.notEqual(caseMetrics({ ...input, shape: picture }).liver.cldice, null);
    assert.equal(caseMetrics({ ...input, shape: picture, cldice: false }).liver.cldice, null);
    assert.equal(caseMetrics({ ...input, shape, spacing }).liver.cldice, null);
  });

  it('see nothing outside the field of view', () => {
    const fov = noise(size, 0.5, 9);
    const inside = (map: Uint8Array) => map.map((value, n) => value * fov[n]);
    const masked = caseMetrics({ ...input, fov, shape, spacing, cldice: true }).spleen;
    const cut = caseMetrics({
      prediction: inside(prediction),
      reference: inside(reference),
      fov: null,
      classes,
      shape,
      spacing,
      cldice: true,
    }).spleen;
    for (const name of ['assd', 'hd95', 'hd', 'cldice'] as const)
      assert.equal(masked[name], cut[name]);
  });

  it('make a missed case and a false alarm worse than any other, and leave out what is empty twice', () => {
    const none = new Uint8Array(size);
    const of = (p: Uint8Array, r: Uint8Array) =>
      caseMetrics({ prediction: p, reference: r, fov: null, classes, shape, spacing, cldice: true })
        .liver;
    const some = of(prediction, reference);
    const missed = of(none, reference);
    const alarm = of(prediction, none);
    const diagonal = Math.hypot(12, 6, 14);
    for (const item of [missed, alarm]) {
      assert.deepEqual(
        [item.assd, item.hd95, item.hd, item.cldice],
        [diagonal, diagonal, diagonal, 0],
      );
      assert.ok(some.hd! < item.hd! && some.cldice! > 0);
    }
    const summary = summarize([some, missed, alarm, of(none, none)], 'case', {
      resamples: 10,
      confidence: 0.95,
      random: new Random(0),
    });
    assert.deepEqual([summary.nMissed, summary.nFalseAlarm, summary.nBothEmpty], [1, 1, 1]);
    assert.equal(summary.metrics.hd.n, 3);
    assert.equal(summary.metrics.hd.mean, (some.hd! + 2 * diagonal) / 3);
  });

  it('are undefined over one confusion matrix', () => {
    const item = caseMetrics({ ...input, shape, spacing }).liver;
    const summary = summarize([item, item], 'global', {
      resamples: 10,
      confidence: 0.95,
      random: new Random(0),
    });
    assert.equal(summary.metrics.assd.mean, null);
    assert.notEqual(summary.metrics.dice.mean, null);
  });
});
