import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { deflateRawSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { encode } from 'fast-png';
import ts from 'typescript';
import { UserError } from '../../../engine/errors';
import { readCaseFiles } from '../../../engine/cohort/case-files';
import { encodeNifti1 } from '../../../engine/images/nifti';
import { encodePng } from '../../../engine/images/png';
import { readVolume } from '../../../engine/images/read-volume';
import type { ReadChoice } from '../../../engine/images/format';
import dicom from './golden/dicom.json';
import pictures from './golden/pictures.json';
import { colourPage, greyPage, interlaced, tiffOf } from './made-pictures';
import { niftiBytes, withFolder } from './shared';

/**
 * Every sentence with which a file is refused. `{}` is the path of the file or folder; `...` stands for a library's own
 * words, which may change with its version.
 */
interface Refusal {
  sentence: string;
  /** Files by their names in the folder; the first of them is read, or `read`. */
  files: () => Record<string, Uint8Array | string>;
  read?: string;
  choice?: ReadChoice;
}

// --- files that are made damaged ----------------------------------------------------------------------------------

const nifti = (change: (header: Buffer) => void, name = 'float32.nii') => {
  const bytes = niftiBytes(name);
  change(bytes);
  return bytes;
};
const picture = (name: string) =>
  Buffer.from(pictures.find((p) => p.name === name)!.file, 'base64');

/** A PNG with its image data packed anew. */
function pngWith(content: Uint8Array): Uint8Array {
  const png = picture('png 8-bit grey');
  const packed = deflateSync(content);
  const at = png.indexOf('IDAT');
  const length = png.readUInt32BE(at - 4);
  const chunk = Buffer.concat([Buffer.alloc(4), Buffer.from('IDAT'), packed, Buffer.alloc(4)]);
  chunk.writeUInt32BE(packed.length);
  return Buffer.concat([png.subarray(0, at - 4), chunk, png.subarray(at + 8 + length)]);
}

/** Sets type, count and value of a TIFF's entry, or its tag. */
function tiff(
  name: string,
  entries: { tag: number; to?: number; count?: number; value?: number }[],
) {
  const bytes = picture(name);
  const little = bytes[0] === 0x49;
  const u16 = (at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const put16 = (v: number, at: number) =>
    little ? bytes.writeUInt16LE(v, at) : bytes.writeUInt16BE(v, at);
  const put32 = (v: number, at: number) =>
    little ? bytes.writeUInt32LE(v, at) : bytes.writeUInt32BE(v, at);
  const start = little ? bytes.readUInt32LE(4) : bytes.readUInt32BE(4);
  for (const { tag, to, count, value } of entries)
    for (let n = 0; n < u16(start); n++) {
      const at = start + 2 + 12 * n;
      if (u16(at) !== tag) continue;
      if (count !== undefined) put32(count, at + 4);
      if (value !== undefined) {
        put16(4, at + 2);
        put32(1, at + 4);
        put32(value, at + 8);
      }
      if (to !== undefined) put16(to, at);
      break;
    }
  return bytes;
}

/** A GIF of 2 x 1: its frame's place, whether it has colours, and the least code size. */
const gif = ({ left = 0, colours = true, bits = 2, block = 0x2c } = {}) =>
  Buffer.from([
    ...Buffer.from('GIF89a'),
    ...[2, 0, 1, 0, colours ? 0x80 : 0, 0, 0],
    ...(colours ? [0, 0, 0, 255, 255, 255] : []),
    ...[block, left, 0, 0, 0, 2, 0, 1, 0, 0, bits, 2, 0x44, 0x01, 0, 0x3b],
  ]);

const explicit = 'unsigned 12-bit explicit';
const dicomBytes = (name: string) =>
  Buffer.from(gunzipSync(Buffer.from(dicom.pixels.find((p) => p.name === name)!.file, 'base64')));
const unpacked = (files: object) =>
  Object.fromEntries(
    Object.entries(files).map(([name, file]) => [
      name,
      Buffer.from(gunzipSync(Buffer.from(file as string, 'base64'))),
    ]),
  );

/** Finds an element of a little-endian explicit data set by its tag, and changes it: its head, and its value. */
function element(
  bytes: Buffer,
  [group, number]: [number, number],
  change: (value: Buffer, head: Buffer) => void,
): Buffer {
  const tag = Buffer.alloc(4);
  tag.writeUInt16LE(group, 0);
  tag.writeUInt16LE(number, 2);
  const at = bytes.indexOf(tag, 132);
  assert.ok(at > 0, `no element ${group.toString(16)} ${number.toString(16)}`);
  change(bytes.subarray(at + 8), bytes.subarray(at, at + 8));
  return bytes;
}
const rename = (to: [number, number]) => (_: Buffer, head: Buffer) => {
  head.writeUInt16LE(to[0], 0);
  head.writeUInt16LE(to[1], 2);
};
const series = () => unpacked(dicom.series[0].files);
const firstOf = (files: Record<string, Buffer>) => files[Object.keys(files).sort()[0]];
const inFolder = (files: Record<string, Uint8Array>) =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`s/${name}`, bytes]));

// --- the sentences ------------------------------------------------------------------------------------------------

const one = (sentence: string, bytes: () => Uint8Array | string, name = 'a.file'): Refusal => ({
  sentence,
  files: () => ({ [name]: bytes() }),
});
const folder = (
  sentence: string,
  files: () => Record<string, Uint8Array>,
  choice?: ReadChoice,
): Refusal => ({ sentence, files: () => inFolder(files()), read: 's', choice });

const refusals: Refusal[] = [
  { sentence: '{} does not exist.', files: () => ({}), read: 'none.nii' },
  {
    sentence: '{} cannot be read (...).',
    files: () => ({ 'a.file': 'x' }),
    read: 'a.file/within',
  },
  one('{} is empty.', () => ''),
  one(
    '{} is of no known format; DICOM, NIfTI, PNG, JPEG, TIFF, GIF, PBM, PGM and PPM are read.',
    () => 'nothing of the kind',
  ),
  {
    sentence: '{} is a folder without a DICOM series or pictures; it holds 1 files.',
    files: () => ({ 's/notes.txt': 'x' }),
    read: 's',
  },

  // Formats of the field that are not read
  one(
    '{} is a NRRD file, which is not read: save it as NIfTI (.nii.gz), for example with 3D Slicer or SimpleITK.',
    () => 'NRRD0004\ntype: short\n',
  ),
  one(
    '{} is a NRRD file, which is not read: save it as NIfTI (.nii.gz), for example with 3D Slicer or SimpleITK.',
    () => 'x',
    'a.seg.nrrd',
  ),
  one(
    '{} is a MetaImage file, which is not read: save it as NIfTI (.nii.gz), for example with 3D Slicer or SimpleITK.',
    () => 'ObjectType = Image\nNDims = 3\n',
  ),
  folder(
    '{}/a.mhd is a MetaImage file, which is not read: save it as NIfTI (.nii.gz), for example with 3D Slicer or SimpleITK.',
    () => ({ 'a.mhd': Buffer.from('x'), 'a.raw': Buffer.from('x') }),
  ),
  one(
    '{} is a FreeSurfer MGH file, which is not read: save it as NIfTI (.nii.gz), for example with mri_convert or nibabel.',
    () => gzipSync(Buffer.from([0, 0, 0, 1])),
    'a.mgz',
  ),
  one(
    '{} is a JPEG 2000 file, which is not read: save it as PNG or TIFF, for example with ImageJ or GIMP.',
    () => Buffer.from([0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 13, 10]),
  ),
  one(
    '{} is a WebP file, which is not read: save it as PNG or TIFF, for example with ImageJ or GIMP.',
    () => 'RIFF    WEBPVP8 ',
  ),

  // Dimensions and lengths that lie, bombs
  one('{}: the header states the dimensions 5 x 0 x 3 x 1; each must be at least 1.', () =>
    nifti((b) => b.writeInt16LE(0, 44)),
  ),
  one(
    '{}: the header states 32767 x 32767 x 3 x 1 = 3221028867 samples; at most 2147483648 are read.',
    () =>
      nifti((b) => {
        b.writeInt16LE(32767, 42);
        b.writeInt16LE(32767, 44);
      }),
  ),
  one(
    '{}: the header promises 900000000 bytes of samples, more than a file of 96 bytes can hold; it is truncated or its dimensions are wrong.',
    () => 'P2 30000 30000 255\n'.padEnd(96),
  ),
  one(
    '{}: the gzip stream holds more than the 1049168 bytes that its header announces.',
    () => gzipSync(Buffer.concat([niftiBytes('float32.nii'), Buffer.alloc(2 ** 26)])),
    'bomb.nii.gz',
  ),
  one(
    '{}: the gzip stream holds more than the 67108864 bytes that a picture of its size could have.',
    () => gzipSync(Buffer.concat([Buffer.from('P5 10 10 255\n'), Buffer.alloc(2 ** 27)])),
    'bomb.pgm.gz',
  ),
  one(
    '{}: the gzip stream is truncated.',
    () => {
      // More than what is looked at for the header.
      const noise = Buffer.from(Uint8Array.from({ length: 20000 }, (_, n) => (n * n * 7919) >> 5));
      const large = encodeNifti1([100, 50, 4], new Uint8Array(noise), [
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
      ]);
      const packed = gzipSync(large);
      return packed.subarray(0, packed.length - 100);
    },
    'a.nii.gz',
  ),
  one(
    '{}: the gzip stream is damaged (...).',
    () => Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(30, 0xff)]),
    'a.nii.gz',
  ),
  one(
    '{}: the gzip stream is damaged (incorrect data check).',
    () => {
      const bytes = gzipSync(niftiBytes('float32.nii'));
      bytes[bytes.length - 6] ^= 255;
      return bytes;
    },
    'a.nii.gz',
  ),
  one(
    "{}: its deflated data set grows beyond 64 times the file's size, which no image does.",
    () => {
      const bytes = dicomBytes('deflated');
      const meta = bytes.subarray(0, 144 + bytes.readUInt32LE(140));
      return Buffer.concat([meta, deflateRawSync(Buffer.alloc(2 ** 27))]);
    },
  ),

  // NIfTI
  one('{} does not begin with a NIfTI header.', () => 'no header', 'a.nii'),
  one(
    '{} is an ANALYZE 7.5 header, which has no orientation; NIfTI-1 and NIfTI-2 are read.',
    () => nifti((b) => b.fill(0, 344)),
    'a.hdr',
  ),
  one('{}: the header beside it, {-}.hdr or {-}.hdr.gz, is missing.', () => 'x', 'a.img'),
  one(
    '{}: the image beside it, {-}.img or {-}.img.gz, is missing.',
    () => nifti((b) => b.write('ni1', 344)),
    'a.hdr',
  ),
  one('{}: the header states 8 dimensions; 1 to 7 are allowed.', () =>
    nifti((b) => b.writeInt16LE(8, 40)),
  ),
  one(
    '{}: samples of NIfTI datatype 32 are not read; real integers and floats of 8 to 64 bits and RGB are.',
    () => nifti((b) => b.writeInt16LE(32, 70)),
  ),
  one('{}: the affine in the header holds a value that is not finite.', () =>
    nifti((b) => b.writeFloatLE(NaN, 280)),
  ),
  one('{}: the header states a slope, but its intercept is not finite.', () =>
    nifti((b) => {
      b.writeFloatLE(2, 112);
      b.writeFloatLE(NaN, 116);
    }),
  ),
  one('{}: the header states that the samples begin at byte -16.', () =>
    nifti((b) => b.writeFloatLE(-16, 108)),
  ),
  one(
    '{} is truncated: the header promises 240 bytes of samples from byte 352, but there are 148.',
    () => niftiBytes('float32.nii').subarray(0, 500),
  ),
  {
    sentence: '{}: frame 2 was asked for; it has the frames 0 to 1.',
    files: () => ({ 'a.nii': niftiBytes('four-dimensional.nii') }),
    choice: { frame: 2 },
  },

  // Pictures
  one('{} is a truncated PNG file.', () => picture('png colour').subarray(0, 60)),
  one('{}: its image data is damaged (there is no row filter 9).', () =>
    interlaced(1, new Uint8Array(20).fill(9)),
  ),
  one('{} is a damaged PNG file (...).', () => pngWith(new Uint8Array(84).fill(9))),
  one('{}: its image data is damaged (...).', () => {
    const bytes = picture('png colour');
    bytes.fill(255, bytes.indexOf('IDAT') + 4, bytes.indexOf('IDAT') + 20);
    return bytes;
  }),
  one('{}: PNG colour type 5 does not exist.', () => {
    const bytes = picture('png colour');
    bytes[25] = 5;
    return bytes;
  }),
  one('{}: a sample is 3, but the palette has 2 colours.', () =>
    Buffer.from(
      encode({
        width: 2,
        height: 1,
        depth: 8,
        channels: 1,
        data: new Uint8Array([0, 3]),
        palette: [
          [0, 0, 0],
          [255, 0, 0],
        ],
      }),
    ),
  ),
  one('{}: a JPEG with 4 components; 1 or 3 are read.', () => {
    const bytes = picture('jpeg colour');
    bytes[bytes.indexOf(Buffer.from([0xff, 0xc0])) + 9] = 4;
    return bytes;
  }),
  one('{} is a truncated JPEG file.', () => {
    const bytes = picture('jpeg colour');
    return bytes.subarray(0, bytes.length - 2);
  }),
  one('{} is a damaged JPEG file (...).', () => {
    const bytes = picture('jpeg colour');
    bytes[bytes.indexOf(Buffer.from([0xff, 0xdb])) + 4] = 0x7f;
    return bytes;
  }),
  one('{} is a JPEG file without a frame header; it is truncated or damaged.', () =>
    Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xd9]),
  ),
  one('{} is a TIFF file that is truncated, damaged or of an unusual kind (...).', () =>
    picture('tiff grey').subarray(0, 20),
  ),
  one("{}: the TIFF's width is not one number; the file is damaged.", () =>
    tiff('tiff grey', [{ tag: 256, count: 2 }]),
  ),
  one('{}: a TIFF whose samples differ within a pixel (8, 16, 8 bits) is not read.', () =>
    tiffOf([{ ...colourPage, 258: [8, 16, 8] }]),
  ),
  one('{}: a TIFF with 1 samples a pixel of 12 bits in the sample format 1 is not read.', () =>
    tiffOf([{ ...greyPage, 258: [12] }]),
  ),
  one(
    '{}: a TIFF of the compression CCITT Group 4 is not read; LZW, Deflate, PackBits and JPEG are.',
    () => tiffOf([{ ...greyPage, 259: [4] }]),
  ),
  one(
    '{}: a TIFF of the photometric interpretation 5 with 3 samples a pixel is not read; grey, RGB and palettes are, and YCbCr in JPEG.',
    () => tiffOf([{ ...colourPage, 262: [5] }]),
  ),
  {
    sentence: '{}: page 2 was asked for; it has the pages 0 to 1.',
    files: () => ({ 'a.tif': tiffOf([greyPage, greyPage]) }),
    choice: { frame: 2 },
  },
  one(
    '{} has 2 pages that are no volume, the first being 2 x 1 uint8 with 1 channels and page 1 2 x 1 uint8 with 3 channels; "frame" chooses one, from 0 ("labelFrame" of labels, --frame of "meddistill score").',
    () => tiffOf([greyPage, colourPage]),
  ),
  {
    sentence:
      '{}/b.tif has 2 pages, but a file of a folder of pictures is one slice; move it to a place of its own, or choose a page by "frame".',
    files: () => ({ 'a.tif': tiffOf([greyPage]), 'b.tif': tiffOf([greyPage, greyPage]) }),
    read: '.',
  },
  {
    sentence:
      '{}: its pictures differ, one of {}/a.png and {}/b.png being told by a palette or by its alpha channel and the other one not.',
    files: () => {
      const of = (alpha: number) =>
        encode({
          width: 2,
          height: 1,
          depth: 8,
          channels: 2,
          data: new Uint8Array([9, 255, 9, alpha]),
        });
      return { 'a.png': of(0), 'b.png': of(255) };
    },
    read: '.',
  },
  one('{} is a truncated TIFF file.', () => tiff('tiff grey', [{ tag: 273, value: 60000 }])),
  one('{} is a truncated GIF file.', () => Buffer.from('GIF89a\u0001')),
  one('{} is a truncated or damaged GIF file (...).', () => gif({ block: 0x99 })),
  one("{}: the GIF's first frame, 2 x 1 at 5, 0, lies outside its picture of 2 x 1.", () =>
    gif({ left: 5 }),
  ),
  one('{}: a GIF without a colour table is not read.', () => gif({ colours: false })),
  {
    sentence: '{}: frame 1 was asked for; it has the frames 0 to 0.',
    files: () => ({ 'a.gif': gif() }),
    choice: { frame: 1 },
  },
  one("{}: the GIF's image data is damaged.", () => gif({ bits: 12 })),
  one('{} is a truncated Netpbm file.', () => 'P5 3 '),
  one('{}: a Netpbm file with a character that is no number at byte 5.', () => 'P5 3 x 255\n'),
  one('{}: the greatest value is 70000; 1 to 65535 are allowed.', () => 'P5 3 4 70000\n'),
  one(
    '{} is truncated: its header promises 12 bytes of samples, but there are 5.',
    () => 'P5 3 4 255\n12345',
  ),

  // DICOM
  one('{} is a truncated or damaged DICOM file (...).', () =>
    dicomBytes(explicit).subarray(0, 300),
  ),
  one('{} is a truncated DICOM file.', () => dicomBytes('implicit').subarray(0, 1500)),
  one('{} is truncated: its header promises 2112 bytes of pixels, but there are 112.', () =>
    element(dicomBytes(explicit), [0x7fe0, 0x10], (value) => value.writeUInt32LE(112)).subarray(
      0,
      -2000,
    ),
  ),
  one('{}: DICOM pixels stored as floats are not read; integers are.', () =>
    element(dicomBytes(explicit), [0x7fe0, 0x10], rename([0x7fe0, 0x8])),
  ),
  one('{} is a DICOM file without an image.', () =>
    element(dicomBytes(explicit), [0x7fe0, 0x10], rename([0x7fe1, 0x10])),
  ),
  folder('{} holds DICOM files, but none of them has an image.', () => ({
    a: element(dicomBytes(explicit), [0x7fe0, 0x10], rename([0x7fe1, 0x10])),
  })),
  one(
    '{}: the DICOM transfer syntax 1.2.840.10008.1.2.9 is not read; uncompressed, deflated, RLE, JPEG, JPEG-LS and JPEG 2000 ones are.',
    () => {
      const bytes = dicomBytes(explicit);
      bytes.write('9', bytes.indexOf('1.2.840.10008.1.2.1\0') + 18);
      return bytes;
    },
  ),
  one(
    '{}: its samples become values by a look-up table, which is not read; a slope and an intercept are.',
    () => element(dicomBytes(explicit), [0x28, 0x1053], rename([0x28, 0x3000])),
  ),
  one('{}: DICOM pixels with 12 bits allocated; 8, 16 and 32 are read.', () =>
    element(dicomBytes(explicit), [0x28, 0x100], (value) => value.writeUInt16LE(12)),
  ),
  one('{}: the header states 20 bits stored up to bit 11 of 16, which do not fit.', () =>
    element(dicomBytes(explicit), [0x28, 0x101], (value) => value.writeUInt16LE(20)),
  ),
  one(
    '{}: DICOM pixels of the kind PALETTE COL with 1 samples of 16 bits are not read; grey ones and 8-bit colours are.',
    () => element(dicomBytes(explicit), [0x28, 0x4], (value) => value.write('PALETTE COL ')),
  ),
  one('{}: the header states a pixel spacing of 0 x 1.2 mm; both must be above 0.', () =>
    element(firstOf(series()), [0x28, 0x30], (value) => value.write('0.0\\1.2')),
  ),
  one(
    "{}: the header's image orientation, 1, 0, 0, 1, 0, 0, is not of two directions at right angles.",
    () =>
      element(firstOf(series()), [0x20, 0x37], (value) => {
        const length = '1.00000000\\0.00000000\\0.00000000\\0.00000000\\1.00000000\\0.00000000'
          .length;
        value.write('1\\0\\0\\1\\0\\0'.padEnd(length));
      }),
  ),
  one('{}: its pixels are to be compressed, but no compressed frame is there.', () => {
    const bytes = dicomBytes(explicit);
    bytes.write('5', bytes.indexOf('1.2.840.10008.1.2.1\0') + 18);
    return bytes;
  }),
  one('{}: frame 2 of its compressed pixels is missing or damaged (...).', () =>
    element(dicomBytes('unsigned 12-bit RLE'), [0x28, 0x4], (value, head) => {
      value.write('2           ');
      rename([0x28, 0x8])(value, head);
      head.write('IS', 4);
    }),
  ),
  one('{}: its RLE stream is damaged (a segment ends too early).', () => {
    const bytes = dicomBytes('unsigned 12-bit RLE');
    return bytes.fill(0, bytes.indexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00])) + 300);
  }),
  one('{}: its JPEG stream has no frame header.', () => {
    const bytes = dicomBytes('unsigned 12-bit JPEG lossless');
    return bytes.fill(0, bytes.indexOf(Buffer.from([0xff, 0xc3])), bytes.length - 8);
  }),
  one(
    '{}: its JPEG-LS stream is 33 x 32 with 1 samples a pixel, but its header states 31 x 32 with 1.',
    () =>
      element(dicomBytes('unsigned 12-bit JPEG-LS'), [0x28, 0x11], (value) =>
        value.writeUInt16LE(31),
      ),
  ),
  one('{}: its JPEG-LS stream has 20 bits a sample; up to 16 are read.', () => {
    const bytes = dicomBytes('unsigned 12-bit JPEG-LS');
    bytes[bytes.indexOf(Buffer.from([0xff, 0xf7])) + 4] = 20;
    return bytes;
  }),
  one('{}: its JPEG 2000 stream is truncated.', () => {
    const bytes = dicomBytes('unsigned 12-bit JPEG 2000 lossless');
    return bytes.fill(0, bytes.indexOf(Buffer.from([0xff, 0x4f, 0xff, 0x51])) + 400);
  }),

  // Series and stacks
  folder(
    '{} holds 2 DICOM series, of which "series" must choose one: number 7 "Portal venous" (CT, 3 images of 9 x 7); number 8 "Scout" (CT localizer, 1 image of 9 x 7).',
    () => unpacked(dicom.odd.several),
  ),
  folder(
    '{} holds no DICOM series "T2"; it holds: number 7 "Portal venous" (CT, 3 images of 9 x 7); number 8 "Scout" (CT localizer, 1 image of 9 x 7).',
    () => unpacked(dicom.odd.several),
    { series: 'T2' },
  ),
  folder(
    '{} holds 2 DICOM series "*", of which "series" must choose one by its number or UID: number 7 "Portal venous" (CT, 3 images of 9 x 7); number 8 "Scout" (CT localizer, 1 image of 9 x 7).',
    () => unpacked(dicom.odd.several),
    { series: '*' },
  ),
  folder(
    '{}: its DICOM series has 2 images at one position, as {}/IM005 and {}/IM000, and 1 at another, as {}/IM009; they differ in Echo Time (2.3, 4.6); slices are missing or were acquired again, and "frame" chooses of them, 0 to 1.',
    () => {
      const files = unpacked(dicom.odd.echoes);
      delete files.IM004;
      return files;
    },
  ),
  folder(
    '{}: its DICOM series has 2 images at each position, as {}/IM000 and {}/IM005, and no attribute tells them apart; "frame" chooses of them in the order of their numbers, 0 to 1.',
    () => {
      const files = unpacked(dicom.odd.echoes);
      for (const bytes of Object.values(files))
        element(bytes, [0x18, 0x81], (value) => value.write('1.1 '));
      return files;
    },
  ),
  folder('{}: frame 2 was asked for; it has the frames 0 to 1.', () => unpacked(dicom.odd.echoes), {
    frame: 2,
  }),
  folder('{}: the slices of its DICOM series differ in their pixel spacing.', () => {
    const files = series();
    element(firstOf(files), [0x28, 0x30], (value) => value.write('0.9\\1.2'));
    return files;
  }),
  folder(
    '{}: its pictures differ, {}/a.png being 3 x 2 with 1 channels and {}/b.png 4 x 2 with 1.',
    () => ({
      'a.png': encodePng(new Uint8Array(6), 2, 3),
      'b.png': encodePng(new Uint8Array(8), 2, 4),
    }),
  ),
  folder(
    '{}: its pictures differ, the samples of {}/a.png being uint8 and those of {}/b.png uint16.',
    () => ({
      'a.png': encodePng(new Uint8Array(6), 2, 3),
      'b.png': encode({ width: 3, height: 2, data: new Uint16Array(6), depth: 16, channels: 1 }),
    }),
  ),
];

/** Sentences that come when several files of a case are read together. */
const ofCases: {
  sentence: string;
  files: () => Record<string, Uint8Array>;
  images: string[];
  labels: string[];
}[] = [
  {
    sentence: '{}/l holds 1 pictures, but {}/s has 5 slices; there must be one for each.',
    files: () => ({ ...inFolder(series()), 'l/1.png': encodePng(new Uint8Array(63), 7, 9) }),
    images: ['s'],
    labels: ['l'],
  },
  {
    sentence: '{}/l.nii has 3 slices, but it belongs to one slice of {}/s.',
    files: () => ({ ...inFolder(series()), 'l.nii': niftiBytes('float32.nii') }),
    images: Object.keys(series()).map((name) => `s/${name}`),
    labels: Object.keys(series()).map(() => 'l.nii'),
  },
];

async function write(folder: string, files: Record<string, Uint8Array | string>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

/** A sentence as a pattern of what is said. */
const expression = (sentence: string, path: string) =>
  new RegExp(
    `^${sentence
      .replaceAll('{-}', path.replace(/\.[^./]*$/, ''))
      .replaceAll('{}', path)
      .replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')
      .replaceAll('\\.\\.\\.\\)', '.+\\)')}$`,
  );

describe('refusals', () => {
  for (const { sentence, files, read, choice } of refusals)
    it(sentence, () =>
      withFolder(async (folder) => {
        const made = files();
        await write(folder, made);
        const path = join(folder, read ?? Object.keys(made)[0]);
        await assert.rejects(readVolume(path, choice), (error: Error) => {
          assert.ok(error instanceof UserError, error.stack);
          assert.match(error.message, expression(sentence, path));
          return true;
        });
      }),
    );
  for (const { sentence, files, images, labels } of ofCases)
    it(sentence, () =>
      withFolder(async (folder) => {
        await write(folder, files());
        const [i, l] = [images, labels].map((names) => names.map((name) => join(folder, name)));
        await assert.rejects(
          readCaseFiles({ images: i, labels: l, masks: [] }, {}),
          (error: Error) => {
            assert.ok(error instanceof UserError, error.stack);
            assert.match(error.message, expression(sentence, folder));
            return true;
          },
        );
      }),
    );

  it('are all here: every sentence in the readers', () => {
    const readers = ['file-start', 'dicom-file', 'dicom-codec', 'dicom-series', 'gif', 'jpeg'];
    readers.push('limits', 'netpbm', 'nifti', 'picture', 'png', 'read-volume', 'stack', 'tiff');
    readers.push('../cohort/case-files');
    // Of the writer, which has its own tests.
    const others = [/^A NIfTI-1 file holds at most/];
    const said = [...refusals, ...ofCases].map(({ sentence }) => sentence);
    const missing = readers.flatMap((name) => {
      const file = join(__dirname, '../../../engine/images', `${name}.ts`);
      return sentencesOf(file).filter((parts) => {
        const pattern = new RegExp(
          `^${parts.map((part) => part.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')).join('.*')}$`,
        );
        return (
          !said.some((sentence) => pattern.test(sentence)) && !others.some((o) => o.test(parts[0]))
        );
      });
    });
    assert.deepEqual(
      missing.map((parts) => parts.join('${...}')),
      [],
    );
    assert.ok(said.length > 60);
  });
});

/** The texts given to `new UserError(...)` in a source file, each as the parts between its values. */
function sentencesOf(file: string): string[][] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022);
  const found: string[][] = [];
  const texts = (node: ts.Expression): void => {
    if (ts.isConditionalExpression(node)) [node.whenTrue, node.whenFalse].forEach(texts);
    else if (ts.isTemplateExpression(node))
      found.push([node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)]);
    else if (ts.isStringLiteralLike(node)) found.push([node.text]);
    else assert.fail(`${file}: a sentence that is no text`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression))
      if (node.expression.text === 'UserError') texts(node.arguments![0]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
