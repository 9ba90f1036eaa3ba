import assert from 'node:assert/strict';
import { describeDomain } from '../../../extension/config/domain-summary';
import type { DomainSurvey } from '../../../engine/contract/cohort';

const survey: DomainSurvey = {
  role: 'source',
  cases: [
    { id: 'a', split: 'train', image: '', label: '' },
    { id: 'b', split: 'train', image: '', label: '' },
    { id: 'c', split: 'validation', image: '', label: '' },
  ],
  files: 3,
  read: 3,
  slices: 1200,
  sizes: [['512 x 512 x 400', 3]],
  spacings: [
    ['0.7 x 0.7 x 1', 1],
    ['0.8 x 0.8 x 1', 1],
    ['0.9 x 0.9 x 1', 1],
    ['0.6 x 0.6 x 5', 1],
  ],
  kinds: ['nifti1 int16'],
  range: [-1024.4, 3071],
  classes: [{ name: 'liver', share: 0.021234, cases: 2 }],
  values: [0, 1],
};

describe('a domain in a few lines', () => {
  it('gives numbers with their units, and ranges where there are many', () => {
    assert.deepEqual(describeDomain('ct', survey), [
      '**ct** (source): 3 cases (2 train, 1 validation), 3 files',
      '1,200 slices, 512 x 512 x 400, voxels 0.6–0.9 x 0.6–0.9 x 1–5 mm',
      'nifti1 int16, intensities -1,024 to 3,071',
      'liver: 2.12% of all pixels, in 2 of 3 cases',
    ]);
  });

  it('says of how many cases it speaks while others are unread', () => {
    assert.match(describeDomain('ct', { ...survey, read: 1 })[1], /of 1 of 3 cases/);
    assert.equal(describeDomain('ct', { ...survey, read: 0 }).length, 1);
  });
});
