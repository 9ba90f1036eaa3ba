import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { score } from '../../../engine/evaluation/score';
import { inspect } from '../../../engine/images/inspect';
import { readForms } from '../../../engine/images/nifti-geometry';
import { columnNorm } from '../../../engine/images/orientation';
import { readVolume } from '../../../engine/images/read-volume';
import { writeLikeInput } from '../../../engine/images/write-volume';
import { UserError } from '../../../engine/errors';
import { needCase, withFolder } from './shared';

/** Inputs that other programs read otherwise, each with the right answers; who computed them stands beside them. */
const cases = [
  'dicom-bits-vary',
  'dicom-enhanced-three-planes',
  'dicom-gantry-tilt',
  'dicom-localizer-in-series',
  'dicom-multiframe-one-position',
  'dicom-orientation-jitter',
  'dicom-same-sop-uid',
  'dicom-slice-exported-twice',
  'dicom-slice-location-only',
  'dicom-tiff-preamble',
  'nifti-qform-differs',
  'nifti-sform-pixdim',
  'nifti-sform-zero',
  'nifti-units-micron',
];

type Answers = Record<string, unknown>;

/** The same, numbers to within rounding. */
function same(actual: unknown, expected: unknown, what: string): void {
  if (typeof expected === 'number')
    assert.ok(
      Math.abs((actual as number) - expected) <= 1e-5 * Math.max(1, Math.abs(expected)),
      `${what}: ${String(actual)} is not ${expected}`,
    );
  else if (Array.isArray(expected)) {
    assert.equal((actual as unknown[]).length, expected.length, what);
    expected.forEach((item, n) => same((actual as unknown[])[n], item, `${what} ${n}`));
  } else assert.deepEqual(actual, expected, what);
}

/** What is asked of a file or folder of the case. */
async function answersOf(path: string, answers: Answers): Promise<void> {
  const { exit, inspect: stated, warns, firstSampleOfSlices, spacingInMm, ...rest } = answers;
  assert.deepEqual(Object.keys(rest), [], 'an answer that nothing compares');
  if (exit === 1) return assert.rejects(inspect(path), UserError);
  const found = await inspect(path);
  for (const [name, value] of Object.entries((stated ?? {}) as Answers))
    same(found[name as keyof typeof found], value, name);
  const { data, shape, warnings = [] } = await readVolume(path);
  assert.deepEqual(found.warnings ?? [], warnings);
  if (warns) assert.ok(warnings.length > 0, 'there is no warning');
  if (spacingInMm) same(found.spacing, spacingInMm, 'spacing');
  if (firstSampleOfSlices)
    same(
      Array.from({ length: shape[2] }, (_, k) => data[k * shape[0] * shape[1]]),
      firstSampleOfSlices,
      'first samples',
    );
}

/** What is asked of a label map that is written on the image. ITK's programs take the qform. */
async function answersOfPrediction(input: string, answers: Answers): Promise<void> {
  const image = await readVolume(input);
  const own = image.niftiHeader && readForms(Buffer.from(image.niftiHeader, 'base64'));
  const header = await withFolder(async (folder) => {
    const path = join(folder, 'label.nii');
    await writeLikeInput(image, new Uint8Array(image.data.length), path);
    return (await readFile(path)).subarray(0, 348);
  });
  const { qform, sform, pixdim, toMm } = readForms(header);
  const { sitkOpens, warns, sitkOrigin, sitkSpacing, sitkDirection00, keep, ...codes } = answers;
  if (sitkOpens) assert.ok(qform.code > 0 && columnNorm(sform.affine, 2) > 0);
  if (warns) assert.ok(image.warnings!.length > 0);
  if (sitkOrigin) {
    const [x, y, z] = qform.offset.map((value) => value * toMm);
    same([-x, -y, z], sitkOrigin, 'origin');
    assert.ok(qform.code > 0);
  }
  if (sitkSpacing)
    same(
      pixdim.slice(1, 4).map((size) => size * toMm),
      sitkSpacing,
      'spacing',
    );
  if (sitkDirection00) {
    const [, c, d] = qform.bcd;
    const first = 1 - 2 * (c * c + d * d);
    assert.ok(Math.abs(Math.abs(first) - (sitkDirection00 as number)) < 1e-3);
  }
  if (keep && own)
    assert.deepEqual({ ...readForms(header), precision: 0 }, { ...own, precision: 0 });
  const stated: Answers = { qform_code: qform.code, sform_code: sform.code };
  for (const [name, value] of Object.entries(codes)) same(stated[name], value, name);
}

describe('the place of odd files, as other programs find it', () => {
  for (const name of cases)
    it(name, async function () {
      const folder = needCase(this, name);
      const expected = JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8')) as Record<
        string,
        Answers
      >;
      const image = join(folder, name.startsWith('dicom') ? 'series' : 'image.nii.gz');
      for (const [part, answers] of Object.entries(expected))
        if (part === 'predict') await answersOfPrediction(image, answers);
        else if (part === 'score') {
          const found = await score({
            prediction: join(folder, 'prediction.nii.gz'),
            reference: join(folder, 'reference.nii.gz'),
          });
          for (const [metric, value] of Object.entries(answers))
            same(found[metric as keyof typeof found], value, metric);
        } else await answersOf(join(folder, part), answers);
    });
});
