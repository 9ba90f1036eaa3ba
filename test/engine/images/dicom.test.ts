import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { encodePng } from '../../../engine/images/png';
import { inspect } from '../../../engine/images/inspect';
import { readVolume } from '../../../engine/images/read-volume';
import { stackLike } from '../../../engine/images/stack';
import type { Volume } from '../../../engine/images/volume';
import { UserError } from '../../../engine/errors';
import { needRealData, withFolder } from './shared';
import htj2k from './golden/dicom-htj2k.json';
import golden from './golden/dicom.json';

const unpack = (text: string) => gunzipSync(Buffer.from(text, 'base64'));
const numbers = (text: string) => new Float64Array(new Uint8Array(unpack(text)).buffer);

/** Writes files by name and returns their folder. */
async function unfold(folder: string, files: object): Promise<string> {
  for (const [name, file] of Object.entries(files))
    await writeFile(join(folder, name), unpack(file as string));
  return folder;
}

const odd = golden.odd;

interface Expected {
  shape: number[];
  spacing: number[];
  affine: number[][];
  min: number;
  max: number;
}

function sameGeometry(volume: Pick<Volume, 'shape' | 'spacing' | 'affine'>, expected: Expected) {
  assert.deepEqual(volume.shape, expected.shape);
  volume.spacing.forEach((mm, n) => assert.ok(Math.abs(mm - expected.spacing[n]) < 1e-5));
  volume.affine.forEach((row, r) =>
    row.forEach((value, c) =>
      assert.ok(
        Math.abs(value - expected.affine[r][c]) < 1e-5,
        `affine ${r} ${c}: ${value} is not ${expected.affine[r][c]}`,
      ),
    ),
  );
}

const refuses = (path: string, reason: RegExp, options = {}) =>
  assert.rejects(readVolume(path, options), (error: Error) => {
    assert.ok(error instanceof UserError, error.stack);
    assert.match(error.message, reason);
    assert.ok(error.message.includes(path), error.message);
    return true;
  });

describe('DICOM', () => {
  describe('agrees with pydicom on', () => {
    const samples: Record<string, string> = golden.samples;
    const made = golden.pixels.map((item) => ({ ...item, values: samples[item.values] }));
    for (const { name, file, dtype, channels, tolerance, values } of [...made, ...htj2k.pixels])
      it(name, () =>
        withFolder(async (folder) => {
          const path = join(folder, 'image');
          await writeFile(path, unpack(file));
          const volume = await readVolume(path);
          assert.equal(volume.dtype, dtype);
          assert.equal(volume.channels, channels);
          const expected = numbers(values);
          assert.equal(volume.data.length, expected.length);
          const worst = expected.reduce(
            (most, value, n) => Math.max(most, Math.abs(value - volume.data[n])),
            0,
          );
          assert.ok(worst <= tolerance, `samples differ by up to ${worst}`);
        }),
      );
  });

  describe('series agree with GDCM', () => {
    for (const { name, files, expected } of golden.series)
      it(name, () =>
        withFolder(async (folder) => {
          const volume = await readVolume(await unfold(folder, files));
          sameGeometry(volume, expected);
          assert.deepEqual(Float64Array.from(volume.data), numbers(expected.values));
          assert.equal(volume.warnings, undefined);
          const found = await inspect(folder);
          assert.deepEqual([found.min, found.max], [expected.min, expected.max]);
          assert.equal(found.format, 'dicom');
          assert.deepEqual(found.shape, expected.shape);
        }),
      );
    it('real CT', async function () {
      const { points, values, ...expected } = golden.real;
      const volume = await readVolume(needRealData(this, 'liver', 'CHAOS-CT', 'DICOM_anon'));
      sameGeometry(volume, expected);
      const [columns, rows] = volume.shape;
      points.forEach(([i, j, k], n) =>
        assert.equal(volume.data[(k * rows + j) * columns + i], values[n]),
      );
    });
  });

  it('passes over what is no image', () =>
    withFolder(async (folder) => {
      const [{ files, expected }] = golden.series;
      await unfold(folder, files);
      await writeFile(join(folder, 'LICENSE'), 'free');
      await writeFile(join(folder, '.DS_Store'), 'x');
      await mkdir(join(folder, 'more'));
      sameGeometry(await readVolume(folder), expected);
    }));

  describe('says what is odd about a series:', () => {
    const warns = (name: keyof typeof odd, reason: RegExp, check?: (volume: Volume) => void) =>
      it(name, () =>
        withFolder(async (folder) => {
          const volume = await readVolume(await unfold(folder, odd[name]));
          assert.equal(volume.warnings?.length, 1);
          assert.match(volume.warnings[0], reason);
          check?.(volume);
        }),
      );
    warns('gap', /1 slice is missing: slices are 2 mm apart, but .*IM002 and .*IM003 4 mm/, (v) =>
      assert.equal(v.spacing[2], 2),
    );
    warns('uneven', /not evenly spaced, 1\.1 to 2 mm apart; 2 mm is taken/);
    warns('tilted', /shifted against each other by 11\.31 degrees/, (v) =>
      assert.ok(Math.abs(v.spacing[2] - 2 * Math.hypot(1, 0.2)) < 1e-6),
    );
    warns('twice', /1 files are copies .*IM003/, (v) => assert.equal(v.shape[2], 3));
    warns('unplaced', /state no position, so slices are taken in the order of their numbers/, (v) =>
      assert.deepEqual(
        v.slices!.map(({ instance }) => instance),
        [1, 2, 3],
      ),
    );
    warns('echoes', /2 images at each position, which differ in Echo Time \(2\.3, 4\.6\)/);
  });

  it('reads the chosen one of several images at each position', () =>
    withFolder(async (folder) => {
      await unfold(folder, odd.echoes);
      const frames = await Promise.all([0, 1].map((frame) => readVolume(folder, { frame })));
      assert.ok(frames.every(({ warnings }) => warnings === undefined));
      assert.ok(frames[0].slices!.every(({ instance }) => instance! > 5));
      assert.ok(frames[1].slices!.every(({ instance }) => instance! <= 5));
      await refuses(folder, /frame 2 was asked for; it has the frames 0 to 1/, { frame: 2 });
    }));

  it('tells several series in one folder apart', () =>
    withFolder(async (folder) => {
      await unfold(folder, odd.several);
      await refuses(
        folder,
        /holds 2 DICOM series, of which "series" must choose one: number 7 "Portal venous" \(CT, 3 images of 9 x 7\); number 8 "Scout" \(CT localizer, 1 image of 9 x 7\)\./,
      );
      for (const series of ['7', 'portal venous', 'Portal*', '1.2.826.0.1.3680043.8.498.7'])
        assert.deepEqual((await readVolume(folder, { series })).shape, [9, 7, 3]);
      assert.equal((await readVolume(folder, { series: 'scout' })).shape[2], 1);
      await refuses(folder, /holds no DICOM series "T2"; it holds: number 7/, { series: 'T2' });
      await refuses(folder, /holds 2 DICOM series "\*", .* by its number or UID/, { series: '*' });
    }));

  describe('a stack of pictures beside a series', () => {
    const slices = (paths: string[], instances: (number | null)[]) =>
      paths.map((path, n) => ({ path, instance: instances[n] }));
    const volume = (format: Volume['format'], own: NonNullable<Volume['slices']>): Volume => ({
      path: `/${format}`,
      format,
      shape: [1, 1, own.length],
      channels: 1,
      dtype: 'uint8',
      data: Uint8Array.from(own, (_, n) => n),
      spacing: [1, 1, 1],
      hasSpacing: true,
      affine: [],
      orientation: 'LPS',
      slices: own,
    });
    const pictures = volume('png', slices(['/png/a1.png', '/png/a2.png', '/png/a10.png'], []));

    it('goes by instance numbers', () => {
      const image = volume('dicom', slices(['/d/x', '/d/y', '/d/z'], [30, 20, 10]));
      assert.deepEqual([...stackLike(image, pictures).data], [2, 1, 0]);
    });
    it('goes by names where these are the same', () => {
      const image = volume('dicom', slices(['/d/a2.dcm', '/d/a10.dcm', '/d/a1.dcm'], [1, 2, 3]));
      assert.deepEqual([...stackLike(image, pictures).data], [1, 2, 0]);
    });
    it('goes by the order of names where instances have no numbers', () => {
      const image = volume('dicom', slices(['/d/9', '/d/10', '/d/8'], [null, null, null]));
      assert.deepEqual([...stackLike(image, pictures).data], [1, 2, 0]);
    });
    it('must have as many', () => {
      const image = volume('dicom', slices(['/d/9', '/d/10'], [1, 2]));
      assert.throws(() => stackLike(image, pictures), /holds 3 pictures, but \/dicom has 2 slices/);
    });
    it('lies on the liver in a real CT', async function () {
      const folder = needRealData(this, 'liver', 'CHAOS-CT');
      const image = await readVolume(join(folder, 'DICOM_anon'));
      const label = stackLike(image, await readVolume(join(folder, 'Ground')));
      const inside = Float32Array.from(image.data).filter((_, n) => label.data[n] === 1);
      const mean = inside.reduce((sum, value) => sum + value, 0) / inside.length;
      const spread = Math.sqrt(
        inside.reduce((sum, value) => sum + (value - mean) ** 2, 0) / inside.length,
      );
      // Enhanced liver; in the wrong order the mean falls and the spread more than doubles.
      assert.ok(mean > 130 && mean < 150 && spread < 40, `${mean} +- ${spread} HU`);
    });
  });

  describe('is refused in one sentence:', () => {
    const file = (name: string) => unpack(golden.pixels.find((p) => p.name === name)!.file);
    /** Changes the value of an element of a little-endian file, found by its tag. */
    const edited = (name: string, tag: [number, number], change: (value: Buffer) => void) => {
      const bytes = Buffer.from(file(name));
      const key = Buffer.alloc(4);
      key.writeUInt16LE(tag[0], 0);
      key.writeUInt16LE(tag[1], 2);
      const at = bytes.indexOf(key, 132);
      assert.ok(at > 0);
      change(bytes.subarray(at + 8));
      return bytes;
    };
    const is = (title: string, bytes: () => Uint8Array, reason: RegExp) =>
      it(title, () =>
        withFolder(async (folder) => {
          await writeFile(join(folder, 'image'), bytes());
          await refuses(join(folder, 'image'), reason);
          await assert.rejects(readVolume(folder), reason);
        }),
      );
    const explicit = 'unsigned 12-bit explicit';
    is(
      'rows that lie',
      () => edited(explicit, [0x28, 0x10], (v) => v.writeUInt16LE(60000)),
      /more than a file of|is truncated/,
    );
    is(
      'no rows',
      () => edited(explicit, [0x28, 0x10], (v) => v.writeUInt16LE(0)),
      /each must be at least 1/,
    );
    is(
      'strange bits',
      () => edited(explicit, [0x28, 0x100], (v) => v.writeUInt16LE(12)),
      /12 bits allocated; 8, 16 and 32 are read/,
    );
    is(
      'more bits stored than allocated',
      () => edited(explicit, [0x28, 0x101], (v) => v.writeUInt16LE(20)),
      /20 bits stored up to bit 11 of 16/,
    );
    is(
      'a palette',
      () => edited(explicit, [0x28, 0x4], (v) => v.write('PALETTECOLOR')),
      /of the kind PALETTECOLOR .* not read/,
    );
    is('a truncated file', () => file(explicit).subarray(0, 1500), /truncated/);
    is(
      'a compressed frame of another size',
      () => edited('unsigned 12-bit JPEG-LS', [0x28, 0x11], (v) => v.writeUInt16LE(31)),
      /its JPEG-LS stream is 33 x 32 with 1 samples a pixel, but its header states 31 x 32/,
    );
    for (const tool of ['JPEG lossless', 'JPEG-LS', 'JPEG 2000 lossless', 'RLE'])
      is(
        `a cut ${tool} stream`,
        () => {
          const bytes = Buffer.from(file(`unsigned 12-bit ${tool}`));
          const start = bytes.indexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00]));
          return bytes.fill(0, start + 300);
        },
        /stream is (damaged|truncated)/,
      );
    is(
      'an unknown transfer syntax',
      () => {
        const bytes = Buffer.from(file('unsigned 12-bit RLE'));
        bytes.write('1.2.840.10008.1.2.9', bytes.indexOf('1.2.840.10008.1.2.5'));
        return bytes;
      },
      /transfer syntax 1\.2\.840\.10008\.1\.2\.9 is not read/,
    );
    it('a folder without anything to read', () =>
      withFolder(async (folder) => {
        await writeFile(join(folder, 'notes.txt'), 'nothing');
        await refuses(folder, /without a DICOM series or pictures; it holds 1 files/);
      }));
    it('pictures of different sizes', () =>
      withFolder(async (folder) => {
        await writeFile(join(folder, 'a.png'), encodePng(new Uint8Array(6), 2, 3));
        await writeFile(join(folder, 'b.png'), encodePng(new Uint8Array(8), 2, 4));
        await refuses(folder, /its pictures differ, .*a\.png being 3 x 2 .* and .*b\.png 4 x 2/);
      }));
  });
});
