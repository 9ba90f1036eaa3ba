import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { DistillConfig, DomainConfig } from '../../../engine/config/config';
import { scanCohort } from '../../../engine/cohort/cohort';
import { encodeNifti1 } from '../../../engine/images/nifti';
import { affineOf } from '../../../engine/images/orientation';
import { inputChannels } from '../../../engine/preparation/channels';
import { prepareCase } from '../../../engine/preparation/prepare';
import { labelsInFiles, restoreProbabilities } from '../../../engine/preparation/restore';
import { writePrediction } from '../../../engine/preparation/write-prediction';
import { readVolume } from '../../../engine/images/read-volume';
import type { CohortCase } from '../../../engine/cohort/cohort';
import { writeVolume } from '../../../engine/images/write-volume';
import { writeWhole } from '../../../engine/files';
import { prepareCohort } from './prepare-cohort';
import { tinyConfig } from './tiny-config';
import { withFolder } from '../images/shared';

/** A body that tells left from right, front from back and head from foot, at a point of the world in mm. */
const bodyAt = (x: number, y: number, z: number) => 50 + 3 * x + 2 * y + 5 * z;
const organAt = (x: number, y: number, z: number) => (x > 1 && y > -1 && z > -2 ? 1 : 0);

/** Writes the same body in a grid of 1 mm voxels of any orientation, about the world's origin. */
async function writeBody(
  folder: string,
  name: string,
  orientation: string,
  extent: [number, number, number] = [6, 8, 4],
) {
  const affine = affineOf(orientation)!;
  const along = [0, 1, 2].map((axis) => affine.findIndex((row) => row[axis] !== 0));
  const shape = along.map((world) => extent[world]) as [number, number, number];
  along.forEach((world, axis) => {
    affine[world][3] = (-affine[world][axis] * (extent[world] - 1)) / 2;
  });
  const image = new Float32Array(shape[0] * shape[1] * shape[2]);
  const label = new Uint8Array(image.length);
  for (let k = 0, n = 0; k < shape[2]; k++)
    for (let j = 0; j < shape[1]; j++)
      for (let i = 0; i < shape[0]; i++, n++) {
        const [x, y, z] = affine.map((r) => r[0] * i + r[1] * j + r[2] * k + r[3]);
        image[n] = bodyAt(x, y, z);
        label[n] = organAt(x, y, z);
      }
  await writeVolume(join(folder, 'i', name), { shape, affine, data: image });
  await writeVolume(join(folder, 'l', name), { shape, affine, data: label });
  return { shape, affine, image, label };
}

const caseOf = (folder: string, ...names: string[]): CohortCase => ({
  domain: 's',
  id: names[0],
  subject: names[0],
  split: 'train',
  images: names.map((name) => join(folder, 'i', name)),
  labels: names.map((name) => join(folder, 'l', name)),
  masks: [],
});

/** 8-bit grey pictures in i and l. */
async function writePicture(folder: string, name: string, rows: number, columns: number, seed = 0) {
  const picture = (samples: number[]) =>
    Buffer.concat([Buffer.from(`P5 ${columns} ${rows} 255\n`), Buffer.from(samples)]);
  const samples = Array.from({ length: rows * columns }, (_, n) => (n * 7 + seed) % 100);
  await writeWhole(join(folder, 'i', name), picture(samples));
  await writeWhole(join(folder, 'l', name), picture(samples.map((value) => (value > 60 ? 1 : 0))));
  return samples;
}

const patches: Partial<DistillConfig['input']> = { fit: 'patch', size: [4, 4] };
const config = (
  folder: string,
  domain: Partial<DomainConfig> = {},
  input: Partial<DistillConfig['input']> = patches,
) => tinyConfig(folder, { s: domain }, input);

describe('prepareCase', () => {
  for (const axis of ['axial', 'coronal', 'sagittal'] as const)
    it(`shows ${axis} slices in one orientation, however the file is stored`, () =>
      withFolder(async (folder) => {
        const views = [];
        for (const orientation of ['LPS', 'RAS', 'PIR', 'SLA', 'AIL']) {
          const name = `${orientation}.nii`;
          await writeBody(folder, name, orientation);
          const { prepared, native } = await prepareCase(
            config(folder, { axis }),
            caseOf(folder, name),
          );
          const { slices, rows, columns, image } = prepared;
          views.push({ slices, rows, columns, image, label: native.label });
        }
        const [first, ...others] = views;
        assert.deepEqual(
          [first.slices, first.rows, first.columns],
          { axial: [4, 8, 6], coronal: [8, 4, 6], sagittal: [6, 4, 8] }[axis],
        );
        for (const other of others) assert.deepEqual(other, first);
        if (axis !== 'axial') return;
        // Upwards, from front to back, from the patient's right to the left.
        const { image } = first;
        assert.ok(image[first.rows * first.columns] > image[0]);
        assert.ok(image[first.columns] < image[0] && image[1] < image[0]);
      }));

  it('restores a label map to the very voxels of an oblique-stored file', () =>
    withFolder(async (folder) => {
      for (const orientation of ['RAS', 'PIR', 'SLA'])
        for (const axis of ['axial', 'sagittal'] as const) {
          const name = `${orientation}.nii.gz`;
          const { label, affine } = await writeBody(folder, name, orientation);
          const { native, geometry } = await prepareCase(
            config(folder, { axis }),
            caseOf(folder, name),
          );
          assert.deepEqual(labelsInFiles(geometry, native.label!), [label]);
          const [path] = await writePrediction(geometry, native.label!, join(folder, 'out'));
          const written = await readVolume(path);
          assert.deepEqual(written.data, label);
          assert.deepEqual(written.affine, affine);
        }
    }));

  it('restores values unchanged where nothing was resampled, also from a padded grid', () =>
    withFolder(async (folder) => {
      await writeBody(folder, 'a.nii', 'LPS');
      const input = { fit: 'patch', size: [16, 5] } as const;
      const { prepared, native, geometry } = await prepareCase(
        config(folder, {}, { ...input, size: [16, 5] }),
        caseOf(folder, 'a.nii'),
      );
      assert.deepEqual([prepared.rows, prepared.columns], [16, 6]);
      const values = Float32Array.from(prepared.label!);
      assert.deepEqual(restoreProbabilities(geometry, values, 1), Float32Array.from(native.label!));
      // Padding repeats the image's last row, and is outside the field of view.
      const [lastRow, padding] = [7 * 6, 15 * 6];
      assert.deepEqual(
        prepared.image.subarray(padding, padding + 6),
        prepared.image.subarray(lastRow, lastRow + 6),
      );
      assert.equal(prepared.fov![lastRow], 1);
      assert.equal(prepared.fov![padding], 0);
      assert.equal(native.fov, null);
    }));

  it('resamples to the network size, and probabilities back to the file', () =>
    withFolder(async (folder) => {
      await writeBody(folder, 'a.nii', 'RAS', [12, 10, 3]);
      const { prepared, native, geometry } = await prepareCase(
        config(folder, {}, { fit: 'resize', size: [5, 6] }),
        caseOf(folder, 'a.nii'),
      );
      assert.deepEqual([prepared.slices, prepared.rows, prepared.columns], [3, 5, 6]);
      assert.deepEqual([native.rows, native.columns], [10, 12]);
      const flat = new Float32Array(3 * 2 * 30).fill(0.25);
      const restored = restoreProbabilities(geometry, flat, 2);
      assert.equal(restored.length, 3 * 2 * 120);
      restored.forEach((value) => assert.ok(Math.abs(value - 0.25) < 1e-6));
    }));

  it('brings patches to a common spacing, stated by the file or by the domain', () =>
    withFolder(async (folder) => {
      await writeBody(folder, 'a.nii', 'LPS', [12, 16, 3]);
      const sized = async (domain: Partial<DomainConfig>) => {
        const { prepared, native } = await prepareCase(
          config(folder, domain, { ...patches, spacing: 2 }),
          caseOf(folder, 'a.nii'),
        );
        return [prepared.rows, prepared.columns, ...native.spacing];
      };
      assert.deepEqual(await sized({}), [8, 6, 1, 1, 1]);
      assert.deepEqual(await sized({ spacing: [4, 1] }), [32, 6, 4, 1, 1]);
      await writePicture(folder, 'p.pgm', 8, 8);
      await assert.rejects(
        prepareCase(config(folder, {}, { ...patches, spacing: 2 }), caseOf(folder, 'p.pgm')),
        /p\.pgm states no pixel spacing; give domains\.s\.spacing/,
      );
    }));

  it('stacks a folder of slices, and writes one prediction for each', () =>
    withFolder(async (folder) => {
      const first = await writePicture(folder, '1.pgm', 6, 8);
      await writePicture(folder, '2.pgm', 6, 8, 3);
      const { prepared, native, geometry } = await prepareCase(config(folder), {
        ...caseOf(folder, '1.pgm', '2.pgm'),
        id: 'a',
      });
      assert.deepEqual([prepared.slices, prepared.rows, prepared.columns], [2, 6, 8]);
      first.forEach((value, n) => assert.ok(Math.abs(prepared.image[n] - value / 100) < 1e-6));
      const paths = await writePrediction(geometry, native.label!, join(folder, 'out'));
      assert.deepEqual(
        paths,
        ['a_1.png', 'a_2.png'].map((name) => join(folder, 'out', name)),
      );
      assert.deepEqual((await readVolume(paths[1])).data, native.label!.slice(48));
    }));

  it('turns pictures of a stated orientation', () =>
    withFolder(async (folder) => {
      const samples = await writePicture(folder, '1.pgm', 3, 4);
      const turned = await prepareCase(
        config(folder, { orientation: 'ALS' }, { ...patches, size: [1, 1] }),
        caseOf(folder, '1.pgm'),
      );
      // Columns grew to the front: they become rows, from front to back.
      assert.deepEqual([turned.native.rows, turned.native.columns], [4, 3]);
      assert.ok(Math.abs(turned.prepared.image[0] - samples[3] / 100) < 1e-6);
      assert.ok(Math.abs(turned.prepared.image[1] - samples[7] / 100) < 1e-6);
      assert.equal(labelsInFiles(turned.geometry, turned.native.label!)[0].length, 12);
      await assert.rejects(
        prepareCase(config(folder, { orientation: 'LRS' }), caseOf(folder, '1.pgm')),
        /orientation "LRS"/,
      );
    }));

  it('takes maxSlices slices of a volume, evenly spread, and leaves the others empty in predictions', () =>
    withFolder(async (folder) => {
      await writeBody(folder, 'a.nii', 'LPS', [6, 8, 9]);
      const { prepared, geometry } = await prepareCase(
        config(folder, { maxSlices: 3 }),
        caseOf(folder, 'a.nii'),
      );
      assert.deepEqual(
        geometry.slices.map(({ index }) => index),
        [1, 4, 7],
      );
      const [map] = labelsInFiles(geometry, new Uint8Array(prepared.slices * 48).fill(1));
      assert.equal(
        map.reduce((sum, value) => sum + value, 0),
        3 * 48,
      );
      assert.equal(map[0], 0);
    }));

  it('fills three channels everywhere where one domain is in colour', () =>
    withFolder(async (folder) => {
      await writePicture(folder, '1.pgm', 4, 4);
      const mixed = tinyConfig(folder, { s: {}, t: { role: 'target', channel: 'rgb' } }, patches);
      assert.equal(inputChannels(mixed), 3);
      const { prepared } = await prepareCase(mixed, caseOf(folder, '1.pgm'));
      assert.deepEqual(prepared.image.slice(0, 16), prepared.image.slice(32, 48));
    }));

  it('goes without labels', () =>
    withFolder(async (folder) => {
      await writeBody(folder, 'a.nii', 'LPS');
      const item = { ...caseOf(folder, 'a.nii'), labels: [] };
      const { prepared, native } = await prepareCase(config(folder), item);
      assert.equal(prepared.label, null);
      assert.equal(native.label, null);
    }));

  it('refuses an image and a label of different size, naming both', () =>
    withFolder(async (folder) => {
      await writeBody(folder, 'a.nii', 'LPS');
      const other = encodeNifti1([6, 8, 3], new Uint8Array(144), affineOf()!);
      await writeWhole(join(folder, 'l', 'a.nii'), other);
      await assert.rejects(
        prepareCase(config(folder), caseOf(folder, 'a.nii')),
        /i\/a\.nii is 6 x 8 x 4 and .*l\/a\.nii is 6 x 8 x 3/,
      );
    }));

  it('refuses slices of different size in one case', () =>
    withFolder(async (folder) => {
      await writePicture(folder, '1.pgm', 6, 8);
      await writePicture(folder, '2.pgm', 6, 9);
      await assert.rejects(
        prepareCase(config(folder), caseOf(folder, '1.pgm', '2.pgm')),
        /1\.pgm is 8 x 6 x 1 and .*2\.pgm is 9 x 6 x 1/,
      );
    }));
});

describe('prepareCohort', () => {
  it('refuses a class whose value never occurs, with the values that do', () =>
    withFolder(async (folder) => {
      for (const name of ['1.nii', '2.nii', '3.nii']) await writeBody(folder, name, 'LPS');
      const good = config(folder);
      const prepared = await prepareCohort(good, await scanCohort(good));
      assert.equal(prepared.s.length, 3);
      const bad = config(folder, { values: { liver: 5 } });
      await assert.rejects(
        prepareCohort(bad, await scanCohort(bad)),
        /domains\.s\.values\.liver: 5 never occurs .* 3 cases; these values occur: 0, 1\./,
      );
    }));
});
