import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DomainConfig } from '../../../engine/config/config';
import { patternFixes, spreadOut, SurveyCancelled, Surveyor } from '../../../engine/survey/survey';
import { writeVolume } from '../../../engine/images/write-volume';
import { tinyConfig } from '../preparation/tiny-config';

describe('a survey of the files that a config names', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'meddistill-survey-'));
    for (const name of ['i', 'l']) mkdirSync(join(folder, name));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const affine = (mm: number) => [
    [mm, 0, 0, 0],
    [0, mm, 0, 0],
    [0, 0, 5, 0],
    [0, 0, 0, 1],
  ];
  const write = async (
    kind: 'i' | 'l',
    id: string,
    values: number[],
    shape: [number, number, number] = [2, 2, 1],
    mm = 1,
  ) =>
    await writeVolume(join(folder, kind, `${id}.nii`), {
      shape,
      affine: affine(mm),
      data: kind === 'i' ? Int16Array.from(values) : Uint8Array.from(values),
    });
  const survey = (domain: Partial<DomainConfig> = {}, surveyor = new Surveyor()) =>
    surveyor.survey(tinyConfig(folder, { ct: { ...domain } }), {
      budget: 10_000,
      cancelled: () => false,
    });
  const fill = async (cases = 3) => {
    for (let n = 1; n <= cases; n++) {
      await write('i', `c${n}`, [-n, 0, 1, 10 * n]);
      await write('l', `c${n}`, [0, 0, 0, n === 1 ? 0 : 1]);
    }
  };

  it('counts cases, sizes, spacings, intensities and classes', async () => {
    await fill();
    const { domains, faults } = await survey();
    assert.deepEqual(faults, []);
    const { ct } = domains;
    assert.equal(ct.cases.length, 3);
    assert.equal(ct.read, 3);
    assert.deepEqual(ct.sizes, [['2 x 2', 3]]);
    assert.deepEqual(ct.spacings, [['1 x 1 x 5', 3]]);
    assert.deepEqual(ct.range, [-3, 30]);
    assert.deepEqual(ct.classes, [{ name: 'liver', share: 2 / 12, cases: 2 }]);
    assert.deepEqual(ct.values, [0, 1]);
    assert.deepEqual(ct.kinds, ['nifti1 int16']);
  });

  it('tells images without labels and labels without images at once, and surveys the others', async () => {
    await fill();
    await write('i', 'lonely', [0, 0, 0, 0]);
    await write('l', 'orphan', [0, 0, 0, 1]);
    const { domains, faults } = await survey();
    assert.equal(faults.length, 2);
    assert.match(faults[0].message, /1 of 4 images have no label.*lonely/);
    assert.match(faults[1].message, /1 of 4 labels have no image.*orphan/);
    assert.equal(domains['ct'].read, 3);
  });

  it('names the values that occur where a class never does, and offers them', async () => {
    for (let n = 1; n <= 3; n++) {
      await write('i', `c${n}`, [0, 0, 0, 0]);
      await write('l', `c${n}`, [0, 5, 5, 7]);
    }
    const { faults } = await survey();
    assert.equal(faults.length, 1);
    assert.match(faults[0].message, /domains\.ct\.values\.liver: 1 never occurs.*0, 5, 7/);
    assert.deepEqual(
      faults[0].fixes.map(({ edits }) => edits),
      [5, 7].map((value) => [{ path: ['domains', 'ct', 'values', 'liver'], value }]),
    );
  });

  it('tells an image and a label of different size, and warns of different spacing', async () => {
    await fill();
    await write('l', 'c2', [0, 0, 1, 1, 0, 0], [3, 2, 1]);
    await write('l', 'c3', [0, 0, 1, 1], [2, 2, 1], 2);
    const { faults } = await survey();
    const errors = faults.filter(({ severity }) => severity === 'error');
    assert.equal(errors.length, 1);
    assert.match(errors[0].message, /case c2.*differ in size.*2 x 2 x 1.*3 x 2 x 1/);
    const warnings = faults.filter(({ severity }) => severity === 'warning');
    assert.equal(warnings.length, 1);
    assert.match(warnings[0].message, /differ in voxel size.*c3/);
  });

  it('reads a file again only when it changed', async () => {
    await fill();
    const surveyor = new Surveyor();
    await survey({}, surveyor);
    // Content that differs under the same time and size is not looked at.
    const path = join(folder, 'i', 'c1.nii');
    const time = new Date(1e12);
    utimesSync(path, time, time);
    await survey({}, surveyor);
    await write('i', 'c1', [-900, 0, 1, 10]);
    utimesSync(path, time, time);
    assert.deepEqual((await survey({}, surveyor)).domains['ct'].range, [-3, 30]);
    utimesSync(path, new Date(), new Date());
    assert.deepEqual((await survey({}, surveyor)).domains['ct'].range, [-900, 30]);
  });

  it('names a damaged file and goes on with the others', async () => {
    await fill();
    writeFileSync(join(folder, 'i', 'c2.nii'), 'no image');
    const { domains, faults } = await survey();
    assert.equal(domains['ct'].read, 2);
    assert.ok(faults.some(({ message }) => message.includes('c2.nii')));
  });

  it('can be called off between two cases', async () => {
    await fill();
    let asked = 0;
    await assert.rejects(
      new Surveyor().survey(tinyConfig(folder, { ct: {} }), {
        budget: 10_000,
        cancelled: () => ++asked > 1,
      }),
      SurveyCancelled,
    );
  });

  it('stops reading when its time is up, and says of how many cases it speaks', async () => {
    await fill();
    const { domains } = await new Surveyor().survey(tinyConfig(folder, { ct: {} }), {
      budget: -1,
      cancelled: () => false,
    });
    assert.equal(domains['ct'].read, 1);
    assert.equal(domains['ct'].cases.length, 3);
  });

  it('offers folders of a like name, and the ending that the files have', async () => {
    mkdirSync(join(folder, 'ct', 'images'), { recursive: true });
    mkdirSync(join(folder, 'ct', 'labels'));
    writeFileSync(join(folder, 'ct', 'images', 'a.nii.gz'), '');
    const fixes = async (pattern: string) =>
      (await patternFixes(join(folder, pattern), ['p'])).map(({ title }) => title);
    assert.deepEqual(await fixes('ct/image/{case}.nii.gz'), ['Replace "image" by "images"']);
    assert.deepEqual(await fixes('ct/images/{case}.nii'), [
      'Replace "{case}.nii" by "{case}.nii.gz"',
    ]);
    assert.deepEqual(await fixes('nowhere/{case}.nii'), []);
  });

  it('takes cases spread over all first', () => {
    assert.deepEqual(spreadOut([0, 1, 2, 3, 4, 5, 6, 7]), [0, 4, 2, 6, 1, 3, 5, 7]);
    assert.deepEqual(
      spreadOut([0, 1, 2, 3, 4]).sort((a, b) => a - b),
      [0, 1, 2, 3, 4],
    );
    assert.deepEqual(spreadOut([]), []);
  });
});
