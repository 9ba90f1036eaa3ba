import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadConfig } from '../../../engine/config/load';
import { scanCohort } from '../../../engine/cohort/cohort';
import { writeWhole } from '../../../engine/files';
import { withFolder } from '../images/shared';

const text = readFileSync(resolve(__dirname, '../../../docs/data.md'), 'utf8');
const recipes = [...text.matchAll(/```jsonc\n(.*?)```/gs)].map(([, config]) => config);

const numbers = (count: number, width = 0) =>
  Array.from({ length: count }, (_, n) => `${n + 1}`.padStart(width, '0'));

/** Folders as their archives unpack, with what lies beside the files that matter. */
const chaos = [
  ...numbers(12).flatMap((n) => [
    ...[0, 1].map((k) => `CHAOS/Train_Sets/CT/${n}/DICOM_anon/i000${k},0000b.dcm`),
    ...[0, 1].map((k) => `CHAOS/Train_Sets/CT/${n}/Ground/liver_GT_00${k}.png`),
  ]),
  ...numbers(4).flatMap((n) =>
    ['T1DUAL/DICOM_anon/InPhase', 'T1DUAL/DICOM_anon/OutPhase', 'T2SPIR/DICOM_anon']
      .map((part) => `CHAOS/Train_Sets/MR/${n}/${part}/IMG-0004-00001.dcm`)
      .concat(
        ['T1DUAL', 'T2SPIR'].map(
          (part) => `CHAOS/Train_Sets/MR/${n}/${part}/Ground/IMG-0004-00001.png`,
        ),
      ),
  ),
];
const decathlon = [
  'Task03_Liver/dataset.json',
  'Task03_Liver/imagesTs/liver_132.nii.gz',
  ...numbers(12).flatMap((n) =>
    ['imagesTr', 'labelsTr'].flatMap((part) => [
      `Task03_Liver/${part}/liver_${n}.nii.gz`,
      `Task03_Liver/${part}/._liver_${n}.nii.gz`,
    ]),
  ),
];
const retina = [
  ...numbers(14, 2).flatMap((n) =>
    ['L', 'R'].flatMap((eye) =>
      ['.jpg', '_1stHO.png', '_2ndHO.png'].map((end) => `retina/CHASEDB1/Image_${n}${eye}${end}`),
    ),
  ),
  ...['0001', '0002', '0324'].flatMap((n) => [
    `retina/STARE/stare-images/im${n}.ppm.gz`,
    `retina/STARE/labels-ah/im${n}.ah.ppm.gz`,
    `retina/STARE/labels-vk/im${n}.vk.ppm.gz`,
  ]),
  ...['21', '22', '40'].flatMap((n) => [
    `retina/DRIVE/training/images/${n}_training.tif`,
    `retina/DRIVE/training/1st_manual/${n}_manual1.gif`,
    `retina/DRIVE/training/mask/${n}_training_mask.gif`,
  ]),
  'retina/DRIVE/test/images/01_test.tif',
];

describe('data recipes', () => {
  for (const [n, files, expected] of [
    [0, chaos, { ct: 12, mr: 4 }],
    [1, [...chaos, ...decathlon], { lits: 12, chaos: 12 }],
    [2, retina, { chase: 28, stare: 3, drive: 3 }],
  ] as [number, string[], Record<string, number>][])
    it(`fit the folders as downloaded: ${Object.keys(expected).join(', ')}`, () =>
      withFolder(async (folder) => {
        for (const file of files) await writeWhole(join(folder, file), '');
        const config = join(folder, 'recipe.distill.jsonc');
        await writeWhole(config, recipes[n]);
        const { domains } = await scanCohort(loadConfig(config));
        assert.deepEqual(
          Object.fromEntries(Object.entries(domains).map(([name, cases]) => [name, cases.length])),
          expected,
        );
        for (const { images, labels } of Object.values(domains).flat())
          assert.equal(images.length, labels.length);
      }));
});
