import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { DomainConfig } from '../../../engine/config/config';
import { scanCohort } from '../../../engine/cohort/cohort';
import { encodePng } from '../../../engine/images/png';
import { prepareCase } from '../../../engine/preparation/prepare';
import { writePrediction } from '../../../engine/preparation/write-prediction';
import { readVolume } from '../../../engine/images/read-volume';
import { writeVolume } from '../../../engine/images/write-volume';
import { writeWhole } from '../../../engine/files';
import { tinyConfig } from '../preparation/tiny-config';
import { needRealData, niftiBytes, withFolder } from '../images/shared';
import golden from '../images/golden/dicom.json';

const unpack = (text: string) => gunzipSync(Buffer.from(text, 'base64'));

/** The made series of this name, [columns, rows, slices] = [9, 7, n], and a label picture for each of its files. */
async function writeSeries(folder: string, name: string, extension = ''): Promise<void> {
  const { files } = golden.series.find((series) => series.name === name)!;
  await mkdir(folder, { recursive: true });
  for (const [file, content] of Object.entries(files as unknown as Record<string, string>))
    await writeFile(join(folder, file + extension), unpack(content));
}

/** Pictures n = 1, 2, ... whose pixel n alone is 1. */
async function writeLabels(folder: string, count: number): Promise<void> {
  for (let n = 1; n <= count; n++) {
    const label = new Uint8Array(63);
    label[n] = 1;
    await writeWhole(join(folder, `gt_${n}.png`), encodePng(label, 7, 9));
  }
}

const domain = (part: Partial<DomainConfig>): Partial<DomainConfig> => ({
  role: 'target',
  intensity: { window: [-1000, 3000] },
  ...part,
});
const source = { images: 'src/{case}.pgm', labels: 'src/{case}.pgm' };
const patches = { fit: 'patch', size: [4, 4] } as const;

async function prepareOnly(folder: string, part: Partial<DomainConfig>) {
  const image = Buffer.concat([Buffer.from('P5 9 7 255\n'), Buffer.alloc(63, 1)]);
  for (const n of [1, 2, 3]) await writeWhole(join(folder, 'src', `${n}.pgm`), image);
  const config = tinyConfig(folder, { t: domain(part), s: source }, { ...patches, size: [4, 4] });
  const { domains } = await scanCohort(config);
  const [item] = domains.t;
  return { item, cases: domains.t, ...(await prepareCase(config, item)) };
}

describe('files of a case', () => {
  const axial = 'axial CT, last slice first';
  const columns = 9;

  for (const images of ['ct/{case}/DICOM_anon/', 'ct/{case}/DICOM_anon'])
    it(`a DICOM folder with a folder of label pictures, named ${images}`, () =>
      withFolder(async (folder) => {
        await writeSeries(join(folder, 'ct/7/DICOM_anon'), axial);
        await writeLabels(join(folder, 'ct/7/Ground'), 5);
        const { item, prepared, native, geometry, warnings } = await prepareOnly(folder, {
          images,
          labels: 'ct/{case}/Ground/',
        });
        assert.deepEqual([item.id, item.images], ['7', [join(folder, 'ct/7/DICOM_anon')]]);
        assert.deepEqual([prepared.slices, prepared.rows, prepared.columns], [5, 7, 9]);
        assert.deepEqual(native.spacing, [0.7, 1.2, 2.5]);
        assert.deepEqual(warnings, []);
        // Instance 1 lies on top: slice s is the picture 5 - s.
        for (let s = 0; s < 5; s++) assert.equal(native.label!.indexOf(1, s * 63), s * 63 + 5 - s);

        const [path] = await writePrediction(geometry, native.label!, join(folder, 'out'));
        assert.equal(path, join(folder, 'out', '7.nii.gz'));
        const [image, written] = [await readVolume(item.images[0]), await readVolume(path)];
        assert.deepEqual(written.shape, image.shape);
        written.affine.forEach((row, r) =>
          row.forEach((value, c) => assert.ok(Math.abs(value - image.affine[r][c]) < 1e-4)),
        );
        assert.deepEqual([...written.data], [...native.label!]);
      }));

  it('loose DICOM slices with a label picture each', () =>
    withFolder(async (folder) => {
      await writeSeries(join(folder, 'ct/7'), axial, '.dcm');
      const { files } = golden.series.find(({ name }) => name === axial)!;
      for (const [n, name] of Object.keys(files).entries()) {
        const label = new Uint8Array(63);
        label[n] = 1;
        await writeWhole(join(folder, 'l/7', `${name}.png`), encodePng(label, 7, columns));
      }
      const { native, geometry } = await prepareOnly(folder, {
        images: 'ct/{case}/{slice}.dcm',
        labels: 'l/{case}/{slice}.png',
      });
      // The files were written from the lowest slice to the highest.
      for (let s = 0; s < 5; s++) assert.equal(native.label!.indexOf(1, s * 63), s * 63 + s);
      assert.equal(native.spacing[2], 2.5);
      assert.equal(geometry.files.length, 1);
    }));

  it('a NIfTI label of a DICOM series, in another order of voxels', () =>
    withFolder(async (folder) => {
      await writeSeries(join(folder, 'ct/7'), axial);
      const { shape, affine } = await readVolume(join(folder, 'ct/7'));
      // The same grid from its other end: i and k run backwards.
      const turned = affine.map((row) => [
        -row[0],
        row[1],
        -row[2],
        row[3] + (shape[0] - 1) * row[0] + (shape[2] - 1) * row[2],
      ]);
      const data = new Uint8Array(315);
      data[3 * 63 + 2 * columns + 1] = 1;
      await writeVolume(join(folder, 'l/7.nii.gz'), { shape, affine: turned, data });
      const { native, warnings } = await prepareOnly(folder, {
        images: 'ct/{case}/',
        labels: 'l/{case}.nii.gz',
      });
      assert.equal(native.label!.indexOf(1), 1 * 63 + 2 * columns + (columns - 1 - 1));
      assert.deepEqual(warnings, []);
    }));

  it('says where a label lies elsewhere than its image', () =>
    withFolder(async (folder) => {
      await writeSeries(join(folder, 'ct/7'), axial);
      const { shape, affine } = await readVolume(join(folder, 'ct/7'));
      const moved = affine.map((row, r) => (r === 1 ? [...row.slice(0, 3), row[3] + 30] : row));
      await writeVolume(join(folder, 'l/7.nii'), {
        shape,
        affine: moved,
        data: new Uint8Array(315).fill(1),
      });
      const { warnings } = await prepareOnly(folder, {
        images: 'ct/{case}/',
        labels: 'l/{case}.nii',
      });
      assert.equal(warnings.length, 1);
      assert.match(warnings[0], /7\.nii: by its header the label lies up to 30 mm away from/);
    }));

  it('the series that the domain names, and its gaps', () =>
    withFolder(async (folder) => {
      await mkdir(join(folder, 'ct/7'), { recursive: true });
      for (const [n, content] of [
        ...Object.values(golden.odd.gap),
        ...Object.values(golden.odd.several),
      ].entries())
        await writeFile(join(folder, 'ct/7', `${n}`), unpack(content));
      await writeLabels(join(folder, 'l/7'), 5);
      const part = { images: 'ct/{case}/', labels: 'l/{case}/' };
      await assert.rejects(prepareOnly(folder, part), /holds 3 DICOM series/);
      const { native, warnings } = await prepareOnly(folder, { ...part, series: '10' });
      assert.equal(native.slices, 5);
      assert.match(warnings.join(), /1 slice is missing/);
    }));

  it('the chosen frame of a NIfTI file with four dimensions', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'mr/1.nii');
      await writeWhole(path, niftiBytes('four-dimensional.nii'));
      const { shape, affine } = await readVolume(path);
      await writeVolume(join(folder, 'l/1.nii'), { shape, affine, data: new Uint8Array(60) });
      const part = {
        images: 'mr/{case}.nii',
        labels: 'l/{case}.nii',
        intensity: { window: [-4, 4] as [number, number] },
      };
      const [first, second] = [
        await prepareOnly(folder, part),
        await prepareOnly(folder, { ...part, frame: 1 }),
      ];
      assert.notDeepEqual(first.prepared.image, second.prepared.image);
      await assert.rejects(prepareOnly(folder, { ...part, frame: 2 }), /frames 0 to 1/);
    }));

  it('a real CT as downloaded', async function () {
    const real = needRealData(this, 'liver', 'CHAOS-CT');
    await withFolder(async (folder) => {
      await mkdir(join(folder, 'CT'));
      await symlink(real, join(folder, 'CT/3'));
      const { native, geometry, warnings } = await prepareOnly(folder, {
        images: 'CT/{case}/DICOM_anon/',
        labels: 'CT/{case}/Ground/',
        maxSlices: 10,
      });
      assert.deepEqual(warnings, []);
      assert.deepEqual(native.spacing, [0.7265625, 0.7265625, 2]);
      assert.equal(geometry.slices.length, 10);
      // The liver lies below the lung, on the patient's right, which is on the left of the picture.
      const label = native.label!;
      let left = 0;
      label.forEach((value, n) => (left += value === 1 && n % 512 < 256 ? 1 : 0));
      const all = label.reduce((sum, value) => sum + value, 0);
      assert.ok(all > 50_000 && left / all > 0.8, `${left} of ${all}`);
    });
  });
});
