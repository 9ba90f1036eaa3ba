import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeNifti1 } from '../../../engine/images/nifti';
import type { Volume } from '../../../engine/images/volume';
import { readVolume } from '../../../engine/images/read-volume';
import { predictionName, writeLikeInput, writeVolume } from '../../../engine/images/write-volume';
import { niftiBytes, withFolder } from './shared';
import golden from './golden/write.json';
import likes from './golden/write-like.json';

const named = (path: string, format: Volume['format'], id?: string, slices = 1) =>
  predictionName({ path, format, shape: [4, 4, slices] }, id);

describe('writeVolume', () => {
  for (const { name, shape, affine, samples, type, file } of golden)
    it(`writes the bytes that nibabel read right: ${name}`, () => {
      const data = { Uint8Array, Int16Array, Float32Array }[type]!.from(samples);
      const bytes = encodeNifti1(shape as [number, number, number], data, affine);
      assert.equal(bytes.toString('base64'), file);
    });

  for (const name of ['a.nii', 'a.nii.gz'])
    it(`reads back what it wrote: ${name}`, () =>
      withFolder(async (folder) => {
        const { affine, readAffine } = golden[1];
        const data = Float32Array.from({ length: 24 }, (_, n) => Math.sin(n));
        await writeVolume(join(folder, name), { shape: [4, 3, 2], data, affine });
        const volume = await readVolume(join(folder, name));
        assert.deepEqual(volume.data, data);
        assert.deepEqual(volume.affine, readAffine);
        assert.deepEqual(await readdir(folder), [name]);
      }));

  it('gives a prediction the shape, affine and format of its input', () =>
    withFolder(async (folder) => {
      const input = join(folder, 'oblique.nii');
      await writeFile(input, niftiBytes('oblique-3.nii'));
      const labels = Uint8Array.from({ length: 60 }, (_, n) => n % 3);
      const out = join(folder, 'out', named(input, 'nifti1'));
      await writeLikeInput(input, labels, out);
      const [image, written] = [await readVolume(input), await readVolume(out)];
      assert.deepEqual(written.affine, image.affine);
      assert.deepEqual(written.shape, image.shape);
      assert.deepEqual(written.data, labels);
    }));

  for (const { name, image, label } of likes)
    it(`gives a prediction the place of its image in nibabel and in ITK: ${name}`, () =>
      withFolder(async (folder) => {
        const [input, out] = [join(folder, 'image.nii'), join(folder, 'label.nii')];
        await writeFile(input, Buffer.from(image, 'base64'));
        const labels = Uint8Array.from({ length: 24 }, (_, n) => n % 3);
        await writeLikeInput(input, labels, out);
        assert.equal((await readFile(out)).toString('base64'), label);
        const { affine } = await readVolume(input);
        (await readVolume(out)).affine.forEach((row, r) =>
          row.forEach((value, c) => assert.ok(Math.abs(value - affine[r][c]) < 1e-5)),
        );
      }));

  it('writes label maps of pictures as PNG of class indices', () =>
    withFolder(async (folder) => {
      const path = join(folder, named('/data/im0001.ppm', 'ppm'));
      const labels = Uint8Array.from({ length: 35 }, (_, n) => n % 4);
      const affine = [[1, 0, 0, 0]];
      await writeVolume(path, { shape: [7, 5, 1], data: labels, affine });
      const volume = await readVolume(path);
      assert.equal(volume.format, 'png');
      assert.deepEqual(volume.shape, [7, 5, 1]);
      assert.deepEqual(volume.data, labels);
    }));

  it('names predictions after their images', () => {
    assert.equal(named('/a/b.nii', 'nifti1'), 'b.nii');
    assert.equal(named('/a/b.hdr', 'nifti1'), 'b.nii.gz');
    assert.equal(named('/a/b.c.jpg', 'jpeg'), 'b.c.png');
    assert.equal(named('/a/im0001.ppm.gz', 'ppm'), 'im0001.png');
  });

  it('names predictions after their cases where files of several have one name, and where there is no file', () => {
    assert.equal(named('/a/7/scan.nii.gz', 'nifti1', '7'), '7_scan.nii.gz');
    assert.equal(named('/a/scan-7.nii.gz', 'nifti1', '7'), 'scan-7.nii.gz');
    assert.equal(named('/a/7/12.png', 'png', '7'), '7_12.png');
    assert.equal(named('/a/b.jpg', 'jpeg', 'b.jpg'), 'b.png');
    assert.equal(named('/a/7/DICOM', 'dicom', '7'), '7.nii.gz');
    assert.equal(named('/a/7/slices', 'png', 'site/7', 12), 'site_7.nii.gz');
    assert.equal(named('/a/image.dcm', 'dicom', 'image.dcm'), 'image.nii.gz');
  });

  it('refuses other types, wrong lengths and grids too large for the format', async () => {
    const volume = { shape: [2, 2, 1] as const, data: new Uint8Array(4), affine: [] };
    await assert.rejects(writeVolume('/x/a.jpg', volume), /written as/);
    await assert.rejects(writeVolume('/x/a.nii', { ...volume, shape: [2, 3, 1] }), /4 samples/);
    assert.throws(() => encodeNifti1([40000, 1, 1], new Uint8Array(40000), []), /32767/);
  });
});
