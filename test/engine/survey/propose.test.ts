import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { encode } from 'fast-png';
import { parseConfig } from '../../../engine/config/load';
import { findDomains, proposeConfig } from '../../../engine/survey/propose';
import { writePhantoms } from '../../../engine/demo/phantom';
import { scanCohort } from '../../../engine/cohort/cohort';
import { encodePng } from '../../../engine/images/png';

describe('a config proposed from a folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'meddistill-propose-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const touch = (path: string, content: Uint8Array | string = '') => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  const found = async (...paths: string[]) => {
    paths.forEach((path) => touch(path));
    return (await findDomains(folder)).map(({ name, images, labels, masks }) =>
      [name, images, labels, ...(masks ? [masks] : [])].join(' '),
    );
  };

  it('pairs folders of images and labels, domain by domain', async () => {
    assert.deepEqual(
      await found(
        ...[1, 2, 3].flatMap((n) => [`ct/images/a${n}.nii.gz`, `ct/labels/a${n}.nii.gz`]),
        ...[1, 2].flatMap((n) => [`mr/images/a${n}.nii.gz`, `mr/labels/a${n}.nii.gz`]),
      ),
      [
        'ct ct/images/{case}.nii.gz ct/labels/{case}.nii.gz',
        'mr mr/images/{case}.nii.gz mr/labels/{case}.nii.gz',
      ],
    );
  });

  it('pairs names that differ in a word', async () => {
    assert.deepEqual(
      await found('mr/p1_t1.nii.gz', 'mr/p1_seg.nii.gz', 'mr/p2_t1.nii.gz', 'mr/p2_seg.nii.gz'),
      ['mr mr/{case}_t1.nii.gz mr/{case}_seg.nii.gz'],
    );
  });

  it('pairs the folders of nnU-Net', async () => {
    assert.deepEqual(
      await found(
        ...[1, 2].flatMap((n) => [
          `Task03/imagesTr/liver_${n}_0000.nii.gz`,
          `Task03/labelsTr/liver_${n}.nii.gz`,
        ]),
      ),
      ['task03 Task03/imagesTr/{case}_0000.nii.gz Task03/labelsTr/{case}.nii.gz'],
    );
  });

  it('pairs one folder a case', async () => {
    assert.deepEqual(
      await found(
        'site/p1/image.nii',
        'site/p1/label.nii',
        'site/p2/image.nii',
        'site/p2/label.nii',
      ),
      ['site site/{case}/image.nii site/{case}/label.nii'],
    );
  });

  it('takes masks of the field of view for what they are', async () => {
    assert.deepEqual(
      await found(
        ...[21, 22].flatMap((n) => [
          `DRIVE/training/images/${n}_training.tif`,
          `DRIVE/training/1st_manual/${n}_manual1.gif`,
          `DRIVE/training/mask/${n}_training_mask.gif`,
        ]),
      ),
      [
        'drive-training DRIVE/training/images/{case}_training.tif DRIVE/training/1st_manual/{case}_manual1.gif DRIVE/training/mask/{case}_training_mask.gif',
      ],
    );
  });

  it('keeps slices of one case together', async () => {
    assert.deepEqual(
      await found(
        ...['7_1', '7_2', '7_3', '9_1', '9_2'].flatMap((id) => [
          `images/${id}.png`,
          `masks/${id}.png`,
        ]),
      ).then(([domain]) => domain.split(' ').slice(1)),
      ['images/{case}_{slice}.png', 'masks/{case}_{slice}.png'],
    );
  });

  it('says so where no image has a label', async () => {
    touch('images/a.png');
    await assert.rejects(proposeConfig(folder, 'liver'), /No images with labels were found/);
    touch('images/b.nrrd');
    await assert.rejects(proposeConfig(folder, 'liver'), /b\.nrrd is a NRRD file, .* 3D Slicer/);
  });

  it('takes label values and colours from the files', async () => {
    const grey = encodePng(Uint8Array.from([0, 0, 255, 255]), 2, 2);
    const data = Uint8Array.from([0, 0, 0, 0, 0, 0, 180, 40, 40, 180, 40, 40]);
    const color = encode({ width: 2, height: 2, data, channels: 3, depth: 8 });
    for (const n of ['a', 'b', 'c']) {
      touch(`x/images/${n}.png`, grey);
      touch(`x/labels/${n}.png`, grey);
    }
    touch('y/images/a.png', grey);
    touch('y/labels/a.png', color);
    const { config } = parseConfig(
      await proposeConfig(folder, 'liver'),
      join(folder, 'x.distill.jsonc'),
    );
    assert.deepEqual(config?.domains['x'].values, { liver: { above: 127 } });
    assert.deepEqual(config?.domains['y'].values, {
      liver: { color: [180, 40, 40], tolerance: 0 },
    });
  });

  it('does not fail for a damaged file', async () => {
    for (const n of ['a', 'b', 'c']) {
      touch(`images/${n}.nii`, 'no image');
      touch(`labels/${n}.nii`, 'no label');
    }
    assert.match(await proposeConfig(folder, 'liver'), /"images": "images\/\{case\}.nii"/);
  });

  it('can be run as it is', async () => {
    await writePhantoms(folder, 1);
    const text = await proposeConfig(folder, 'liver');
    const { config, faults } = parseConfig(text, join(folder, 'x.distill.jsonc'));
    assert.deepEqual(faults, []);
    assert.deepEqual(config?.domains['ct'].intensity, { window: [-160, 240] });
    const cohort = await scanCohort(config);
    assert.equal(cohort.domains['ct'].length, 12);
    assert.ok(text.split('\n').length < 40);
  });
});
