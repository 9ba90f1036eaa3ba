import assert from 'node:assert/strict';
import { aggregate, caseMetrics, summarize, type CaseInput } from '../../../engine/metrics/case';
import { type ClassMetrics } from '../../../engine/contract/metrics';
import { Random } from '../../../engine/random';

const options = () => ({ resamples: 200, confidence: 0.95, random: new Random(1) });

const of = (prediction: number[], reference: number[], rest: Partial<CaseInput> = {}) =>
  caseMetrics({
    prediction: Uint8Array.from(prediction),
    reference: Uint8Array.from(reference),
    fov: null,
    classes: ['liver'],
    ...rest,
  });
const liver = (prediction: number[], reference: number[]) => of(prediction, reference)['liver'];

describe('caseMetrics', () => {
  it('takes each class by its name and number', () => {
    const found = of([0, 1, 2, 2], [0, 1, 1, 2], { classes: ['liver', 'spleen'] });
    assert.deepEqual(Object.keys(found), ['liver', 'spleen']);
    assert.deepEqual(found['liver'].confusion, { tp: 1, fp: 0, fn: 1, tn: 2 });
    assert.deepEqual(found['spleen'].confusion, { tp: 1, fp: 1, fn: 0, tn: 2 });
  });

  it("takes the AUC from the class's own probabilities, inside the field of view", () => {
    const found = of([0, 0, 0, 0], [1, 0, 2, 1], {
      classes: ['liver', 'spleen'],
      fov: Uint8Array.of(1, 1, 1, 0),
      probabilities: (label) =>
        Float32Array.from(label === 1 ? [0.9, 0.1, 0.5, 0] : [1, 0, 0.5, 0]),
    });
    assert.equal(found['liver'].auc, 1);
    assert.equal(found['spleen'].auc, 0.5);
    assert.equal(of([1], [1])['liver'].auc, null);
  });
});

describe('summarize', () => {
  const good = liver([1, 1, 0, 0], [1, 1, 0, 0]);
  const half = liver([1, 0, 0, 0], [1, 1, 1, 0]);
  const missed = liver([0, 0, 0, 0], [1, 1, 0, 0]);
  const falseAlarm = liver([1, 0, 0, 0], [0, 0, 0, 0]);
  const empty = liver([0, 0, 0, 0], [0, 0, 0, 0]);
  const dice = (cases: ClassMetrics[]) => summarize(cases, 'case', options()).metrics.dice;

  it('averages over cases, with their number, spread and interval', () => {
    const found = dice([good, half]);
    assert.deepEqual([found.mean, found.n, found.median], [0.75, 2, 0.75]);
    assert.ok(Math.abs(found.sd! - Math.SQRT1_2 / 2) < 1e-12);
    assert.ok(found.ci![0] >= 0.5 && found.ci![1] <= 1);
  });

  it('counts a missed case and a false alarm as 0, and leaves out a case without the class', () => {
    const found = summarize([good, missed, falseAlarm, empty], 'case', options());
    assert.equal(found.metrics.dice.mean, 1 / 3);
    assert.equal(found.metrics.dice.n, 3);
    assert.deepEqual([found.nMissed, found.nFalseAlarm, found.nBothEmpty], [1, 1, 1]);
  });

  it('no mean of an overlap is raised by missing a case', () => {
    const bad = liver([0, 0, 0, 1], [1, 1, 0, 0]);
    for (const name of ['dice', 'iou', 'sensitivity', 'precision'] as const) {
      const mean = (cases: ClassMetrics[]) =>
        summarize(cases, 'case', options()).metrics[name].mean!;
      assert.ok(mean([half, missed]) <= mean([half, bad]), name);
      assert.ok(mean([half, missed]) < mean([half]), name);
    }
  });

  it('takes one confusion matrix over all cases with `global`', () => {
    const { dice: found } = summarize([half, missed, empty], 'global', options()).metrics;
    assert.deepEqual([found.mean, found.n, found.sd, found.ci], [2 / 6, 1, null, null]);
  });

  it('has no mean where no case has the class', () => {
    const found = summarize([empty, empty], 'case', options());
    assert.deepEqual([found.metrics.dice.mean, found.metrics.dice.n], [null, 0]);
    assert.equal(found.nBothEmpty, 2);
  });
});

describe('aggregate', () => {
  it('is over what is defined, and says over how many', () => {
    const found = aggregate([1, null, 3], options());
    assert.deepEqual([found.mean, found.median, found.n], [2, 2, 2]);
  });
});
