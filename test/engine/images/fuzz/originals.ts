import { gunzipSync, gzipSync } from 'node:zlib';
import { niftiFiles } from '../shared';
import dicom from '../golden/dicom.json';
import forms from '../golden/nifti-forms.json';
import pictures from '../golden/pictures.json';
import tiff from '../golden/tiff.json';
import { gifOf } from '../made-pictures';

/** A valid file; `beside` is the other half of a pair. */
export interface Original {
  name: string;
  kind: 'nifti' | 'dicom' | 'png' | 'tiff' | 'gif' | 'netpbm' | 'jpeg';
  file: string;
  bytes: Buffer;
  beside?: { file: string; bytes: Buffer };
}

const kindOf = (name: string): Original['kind'] =>
  /^p[gpb]m|^plain|^16-bit pgm/.test(name) ? 'netpbm' : (name.split(' ')[0] as Original['kind']);

/** Small valid files of every format, type and compression that is read. */
export const originals: Original[] = [
  ...pictures.map(({ name, file }): Original => ({
    name,
    kind: kindOf(name),
    file: 'a.picture',
    bytes: Buffer.from(file, 'base64'),
  })),
  ...pictures
    .filter(({ name }) => name === 'ppm')
    .map(({ name, file }): Original => ({
      name: `gzipped ${name}`,
      kind: 'netpbm',
      file: 'a.picture',
      bytes: gzipSync(Buffer.from(file, 'base64')),
    })),
  ...tiff.files
    .filter((_, n) => n % 5 === 0)
    .map(({ name, file }): Original => ({
      name,
      kind: 'tiff',
      file: 'a.picture',
      bytes: Buffer.from(file, 'base64'),
    })),
  {
    name: 'animated gif',
    kind: 'gif',
    file: 'a.picture',
    bytes: Buffer.from(
      gifOf(
        [2, 2],
        [
          [0, 0, 0],
          [9, 9, 9],
        ],
        [{ indices: [0, 1, 1, 0] }, { indices: [1], place: [1, 1, 1, 1] }],
      ),
    ),
  },
  ...niftiFiles.map(({ name, parts }): Original => {
    const [first, second] = parts;
    return {
      name,
      kind: 'nifti',
      file: first[0],
      bytes: first[1],
      ...(second ? { beside: { file: second[0], bytes: second[1] } } : {}),
    };
  }),
  ...forms
    .filter((_, n) => n % 5 === 0)
    .map(({ name, file }): Original => ({
      name,
      kind: 'nifti',
      file: 'a.nii',
      bytes: gunzipSync(Buffer.from(file, 'base64')),
    })),
  ...dicom.pixels.map(({ name, file }): Original => ({
    name,
    kind: 'dicom',
    file: 'a.dcm',
    bytes: gunzipSync(Buffer.from(file, 'base64')),
  })),
  ...dicom.series
    .filter(({ name }) => name.includes('multi-frame'))
    .map(({ name, files }): Original => ({
      name,
      kind: 'dicom',
      file: 'a.dcm',
      bytes: gunzipSync(Buffer.from(Object.values(files as object)[0] as string, 'base64')),
    })),
];
