import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from '../../../engine/images/inspect';
import { encodeNifti1 } from '../../../engine/images/nifti';
import { readVolume } from '../../../engine/images/read-volume';
import type { Volume } from '../../../engine/images/volume';
import { withFolder } from './shared';

const affine = [
  [-1, 0, 0, 12],
  [0, -1, 0, 10],
  [0, 0, 2, -8],
  [0, 0, 0, 1],
];
const shape = [4, 3, 2] as const;
const fileOf = (place = affine) =>
  encodeNifti1(
    shape,
    Uint8Array.from({ length: 24 }, (_, n) => n),
    place,
  );

/** Reads an edited file; `inspect` must say the same of its place. */
const readEdited = (change: (bytes: Buffer) => void, bytes = fileOf()): Promise<Volume> =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.nii');
    change(bytes);
    await writeFile(path, bytes);
    const volume = await readVolume(path);
    const found = await inspect(path);
    assert.deepEqual(found.affine, volume.affine);
    assert.deepEqual(found.spacing, volume.spacing);
    assert.deepEqual(found.warnings, volume.warnings);
    return volume;
  });

const warned = (volume: Volume, reason: RegExp) => {
  assert.equal(volume.warnings?.length, 1);
  assert.match(volume.warnings[0], reason);
};

describe('The place of a NIfTI file', () => {
  it('is without a warning where both forms agree', async () =>
    assert.equal((await readEdited(() => {})).warnings, undefined));

  it('is the qform beside a sform of zeros, or one with an axis of zeros', async () => {
    for (const end of [328, 292]) {
      const volume = await readEdited((bytes) => bytes.fill(0, 280, end));
      assert.deepEqual(volume.affine, affine);
      assert.deepEqual(volume.spacing, [1, 1, 2]);
      warned(volume, /its sform gives its voxels no size, so that the qform is used/);
    }
  });

  it('is the qform beside a sform of numbers that are not finite', async () =>
    assert.deepEqual((await readEdited((bytes) => bytes.writeFloatLE(NaN, 280))).affine, affine));

  it('is the voxel sizes alone where a sform of zeros is all there is', async () => {
    const volume = await readEdited((bytes) => {
      bytes.fill(0, 280, 328);
      bytes.writeInt16LE(0, 252);
    });
    assert.deepEqual(volume.affine, [
      [-1, 0, 0, 1.5],
      [0, 1, 0, -1],
      [0, 0, 2, -1],
      [0, 0, 0, 1],
    ]);
    warned(volume, /the voxel sizes alone are used/);
  });

  it('has the spacing of its sform where pixdim states another', async () => {
    const volume = await readEdited((bytes) => {
      bytes.writeInt16LE(0, 252);
      bytes.writeFloatLE(1, 88);
    });
    assert.deepEqual(volume.spacing, [1, 1, 2]);
    warned(volume, /its sform states voxels of 1 x 1 x 2 mm, but its pixdim 1 x 1 x 1 mm/);
  });

  it('is the sform where the qform has another, and says so', async () => {
    const volume = await readEdited((bytes) => bytes.writeFloatLE(15, 268));
    assert.deepEqual(volume.affine, affine);
    warned(volume, /its sform and its qform place its voxels up to 3 mm apart; the sform is used/);
  });

  it('has voxels of one unit along an axis without a size, and says so', async () => {
    const volume = await readEdited((bytes) => {
      bytes.writeInt16LE(0, 254);
      bytes.writeFloatLE(0, 88);
    });
    assert.deepEqual(volume.spacing, [1, 1, 1]);
    assert.equal(volume.affine[2][2], 1);
    warned(volume, /states no voxel size along k; 1 mm is taken/);
  });

  it('is sheared without a warning where the qform is the nearest rotation', async () => {
    const sheared = affine.map((row) => [...row]);
    sheared[1][2] = 0.5;
    const volume = await readEdited(() => {}, fileOf(sheared));
    assert.deepEqual(volume.affine, sheared);
    assert.equal(volume.warnings, undefined);
    assert.ok(Math.abs(volume.spacing[2] - Math.hypot(0.5, 2)) < 1e-6);
  });

  for (const [unit, code, mm] of [
    ['metres', 1, 1000],
    ['millimetres', 2, 1],
    ['micrometres', 3, 0.001],
    ['an unknown unit', 0, 1],
    ['micrometres and seconds', 11, 0.001],
  ] as const)
    it(`is in mm in a file in ${unit}`, async () => {
      for (const form of [252, 254]) {
        const volume = await readEdited((bytes) => {
          bytes[123] = code;
          bytes.writeInt16LE(0, form);
        });
        const expected = affine.map((row, r) => (r < 3 ? row.map((value) => value * mm) : row));
        assert.deepEqual(volume.affine, expected);
        assert.deepEqual(volume.spacing, [mm, mm, 2 * mm]);
        assert.equal(volume.warnings, undefined);
      }
    });
});
