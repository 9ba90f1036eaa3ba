import assert from 'node:assert/strict';
import {
  formatOf,
  formats,
  formatTitles,
  imageEnding,
  isPictureName,
  isPlaced,
  pictureTitles,
} from '../../../engine/images/catalogue';
import { fingerprint } from '../../../engine/cohort/fingerprint';

describe('the catalogue of image formats', () => {
  it('has one format for every name that a volume states, and no ending twice', () => {
    for (const all of [
      formats.flatMap(({ names }) => names),
      formats.flatMap(({ extensions }) => extensions),
      formats.flatMap(({ titles }) => titles),
    ])
      assert.equal(new Set(all).size, all.length);
    for (const format of formats)
      for (const name of format.names) assert.equal(formatOf({ format: name }), format);
    assert.throws(() => formatOf({ format: 'bmp' }), /no image format is called bmp/);
  });

  it('tells what states a place in the patient', () => {
    assert.deepEqual(
      ['nifti1', 'nifti2', 'dicom', 'png', 'jpeg', 'tiff', 'gif', 'ppm'].filter((format) =>
        isPlaced({ format }),
      ),
      ['nifti1', 'nifti2', 'dicom'],
    );
  });

  it('tells pictures and images by the endings of their names', () => {
    for (const name of ['a.png', 'a.JPG', 'a.jpeg', 'a.tif', 'a.tiff', 'a.gif', 'a.pnm', 'a.pbm'])
      assert.ok(isPictureName(name) && imageEnding(name) === name.slice(1), name);
    for (const name of ['a.nii', 'a.NII.gz'])
      assert.ok(!isPictureName(name) && imageEnding(name) === name.slice(1), name);
    for (const name of ['a.txt', 'a.hdr', 'a.img', 'a.dcm', 'png', 'a.png.gz'])
      assert.ok(!isPictureName(name) && imageEnding(name) === null, name);
  });

  it('names what is read in a sentence', () => {
    assert.equal(pictureTitles('or'), 'PNG, JPEG, TIFF, GIF, PBM, PGM or PPM');
    assert.equal(formatTitles('and'), 'DICOM, NIfTI, PNG, JPEG, TIFF, GIF, PBM, PGM and PPM');
  });

  it('stamps all files that a pair may consist of, and only the file of any other', async () => {
    const paths = async (path: string) => (await fingerprint(path)).map(([name]) => name);
    const pair = ['hdr', 'hdr.gz', 'HDR', 'img', 'img.gz', 'IMG'].map((end) => `/none/a.${end}`);
    assert.deepEqual(await paths('/none/a.img.gz'), pair);
    assert.deepEqual(await paths('/none/a.nii'), ['/none/a.nii']);
  });
});
