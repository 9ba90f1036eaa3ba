import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../../engine/errors';
import { tryPredictionNames, type Named } from '../../../engine/preparation/write-prediction';
import { withFolder } from '../images/shared';

const named = (id: string, path: string, format = 'nifti1'): Named => ({
  id,
  files: [{ path, format, shape: [1, 1, 1] }],
});

/** Tries names in a folder, in which nothing stays. */
const tried = (...cases: Named[]) =>
  withFolder(async (folder) => {
    try {
      await tryPredictionNames(cases, folder);
    } finally {
      assert.deepEqual(await readdir(folder), []);
    }
  });
const refuses = (sentence: RegExp, ...cases: Named[]) =>
  assert.rejects(tried(...cases), (error: Error) => {
    assert.ok(error instanceof UserError, error.stack);
    assert.match(error.message, sentence);
    return true;
  });

describe('the names of predictions, tried before any is made', () => {
  it('are taken where each is a file of its own', () =>
    tried(named('1', '/d/1/a.nii'), named('2', '/d/2/a.nii'), named('é', '/d/é.nii')));

  it('are refused where two of them would be one file', async () => {
    await refuses(
      /^The predictions for \/d\/1\/s1\.nii and \/d\/s\/s1\.nii would be one file, s1\.nii;/,
      named('1', '/d/1/s1.nii'),
      named('s', '/d/s/s1.nii'),
    );
    await refuses(
      /would be one file, a_b\.nii\.gz/,
      named('a/b', '/a/b', 'dicom'),
      named('a_b', '/c', 'dicom'),
    );
  });

  it('are refused where the disk takes none such', () =>
    refuses(
      /^The prediction for .* would be called x+\.nii\.gz, which cannot be written \(ENAMETOOLONG: name too long\); its image needs another name\.$/,
      named('x'.repeat(255), `/d/${'x'.repeat(255)}`, 'dicom'),
    ));

  it('are not those of the images themselves', () =>
    withFolder((folder) =>
      assert.rejects(
        tryPredictionNames([named('a.nii', join(folder, 'a.nii'))], folder),
        /would take the place of the image itself/,
      ),
    ));
});
