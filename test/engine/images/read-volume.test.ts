import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { UserError } from '../../../engine/errors';
import { Random } from '../../../engine/random';
import { inspect } from '../../../engine/images/inspect';
import { readVolume } from '../../../engine/images/read-volume';
import { openVoxels } from '../../../engine/viewer/voxels';
import { needRealData, niftiBytes, niftiFiles, withFolder, type NiftiExpectation } from './shared';
import nifti from './golden/nifti.json';
import niftiForms from './golden/nifti-forms.json';
import pictures from './golden/pictures.json';

const close = (actual: number, expected: number, what: string, relative = 1e-6) =>
  assert.ok(
    Math.abs(actual - expected) <= relative * Math.max(1, Math.abs(expected)),
    `${what}: ${actual} is not ${expected}`,
  );

async function agrees(path: string, expected: NiftiExpectation): Promise<void> {
  const found = await inspect(path);
  assert.deepEqual(found.shape, expected.shape);
  assert.equal(found.dtype, expected.dtype);
  assert.equal(found.orientation, expected.orientation);
  found.spacing.forEach((value, n) => close(value, expected.spacing[n] ?? 1, 'spacing'));
  found.affine.forEach((row, r) =>
    row.forEach((value, c) => close(value, expected.affine[r][c], `affine ${r} ${c}`)),
  );
  close(found.min, expected.min, 'min', 1e-12);
  close(found.max, expected.max, 'max', 1e-12);
  const volume = await readVolume(path);
  const [ni, nj, nk] = volume.shape;
  expected.points.forEach(([i, j, k], n) =>
    expected.values[n].forEach((value, c) =>
      close(
        volume.data[((c * nk + k) * nj + j) * ni + i],
        value,
        `voxel ${i} ${j} ${k} channel ${c}`,
      ),
    ),
  );
}

describe('readVolume', () => {
  describe('agrees with nibabel on NIfTI files', () => {
    for (const { name, parts, expected } of niftiFiles)
      it(name, () =>
        withFolder(async (folder) => {
          for (const [file, content] of parts) await writeFile(join(folder, file), content);
          await agrees(join(folder, name), expected);
        }),
      );
    it('of every sample type, byte order and version, and in all 48 axis orders and flips', () =>
      withFolder(async (folder) => {
        assert.equal(niftiForms.filter(({ name }) => name.startsWith('axes')).length, 48);
        const path = join(folder, 'a.nii');
        for (const { name, file, expected } of niftiForms) {
          await writeFile(path, gunzipSync(Buffer.from(file, 'base64')));
          await agrees(path, expected).catch((error: Error) => {
            throw new Error(`${name}: ${error.message}`);
          });
        }
      }));
    for (const [name, expected] of Object.entries(nifti.found))
      it(`real file ${name}`, async function () {
        const path = join(needRealData(this, 'nifti'), name);
        if (expected) await agrees(path, expected);
        else await assert.rejects(readVolume(path), /does not begin with a NIfTI header/);
      });
  });

  it('reads any frame of a series and refuses one that is not there', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'a.nii');
      await writeFile(path, niftiBytes('four-dimensional.nii'));
      const [first, second] = [await readVolume(path), await readVolume(path, { frame: 1 })];
      assert.deepEqual(first.shape, second.shape);
      assert.notDeepEqual(first.data, second.data);
      await assert.rejects(readVolume(path, { frame: 2 }), /frame 2 .* frames 0 to 1/);
    }));

  describe('agrees with Pillow on pictures', () => {
    for (const picture of pictures)
      it(picture.name, () =>
        withFolder(async (folder) => {
          // The content tells the format, whatever the name says.
          const path = join(folder, 'picture.dat');
          await writeFile(path, Buffer.from(picture.file, 'base64'));
          const volume = await readVolume(path);
          assert.deepEqual(volume.shape, [...picture.shape, 1]);
          assert.equal(volume.channels, picture.channels);
          assert.equal(volume.dtype, picture.dtype);
          assert.equal(volume.data.length, picture.samples.length);
          const worst = picture.samples.reduce(
            (most, value, n) => Math.max(most, Math.abs(value - volume.data[n])),
            0,
          );
          assert.ok(worst <= picture.tolerance, `samples differ by up to ${worst}`);
        }),
      );
  });

  it('reads gzipped pictures', () =>
    withFolder(async (folder) => {
      for (const [n, { file }] of pictures.entries()) {
        const bytes = Buffer.from(file, 'base64');
        const [plain, zipped] = [join(folder, `${n}`), join(folder, `${n}.gz`)];
        await writeFile(plain, bytes);
        await writeFile(zipped, gzipSync(bytes));
        const { warnings, ...expected } = await readVolume(plain);
        assert.deepEqual(await readVolume(zipped), {
          ...expected,
          path: zipped,
          ...(warnings && { warnings: warnings.map((said) => said.replace(plain, zipped)) }),
        });
      }
    }));

  describe('refuses in one sentence that names the file', () => {
    const refuses = (title: string, file: string, content: Uint8Array | string, reason: RegExp) =>
      it(title, () =>
        withFolder(async (folder) => {
          const path = join(folder, file);
          await writeFile(path, content);
          await assert.rejects(readVolume(path), (error: Error) => {
            assert.ok(error instanceof UserError, String(error.stack));
            assert.match(error.message, reason);
            assert.ok(error.message.includes(path));
            return true;
          });
        }),
      );
    const edited = (change: (header: Buffer) => void) => {
      const bytes = niftiBytes('float32.nii');
      change(bytes);
      return bytes;
    };

    refuses('an unknown format', 'a.png', 'not a picture', /of no known format/);
    refuses('an empty file', 'a.nii', '', /is empty/);
    refuses(
      'ANALYZE',
      'a.hdr',
      edited((b) => b.fill(0, 344)),
      /ANALYZE/,
    );
    refuses(
      'a truncated NIfTI file',
      'a.nii',
      niftiBytes('float32.nii').subarray(0, 500),
      /truncated/,
    );
    refuses(
      'a truncated gzip stream',
      'a.nii.gz',
      niftiBytes('gzipped.nii.gz').subarray(0, 200),
      /truncated/,
    );
    refuses('a pair without its image', 'a.hdr', niftiBytes('pair.img'), /image beside it/);
    refuses('an image without its header', 'a.img', niftiBytes('float32.nii'), /header beside it/);
    refuses(
      'zero voxels',
      'a.nii',
      edited((b) => b.writeInt16LE(0, 42)),
      /at least 1/,
    );
    refuses(
      'negative dimensions',
      'a.nii',
      edited((b) => b.writeInt16LE(-5, 44)),
      /at least 1/,
    );
    refuses(
      'eight dimensions',
      'a.nii',
      edited((b) => b.writeInt16LE(8, 40)),
      /1 to 7/,
    );
    refuses(
      'dimensions beyond all memory',
      'a.nii',
      edited((b) => [42, 44, 46].forEach((at) => b.writeInt16LE(32767, at))),
      /at most 2147483648/,
    );
    refuses(
      'dimensions that a small compressed file cannot hold',
      'a.nii.gz',
      gzipSync(edited((b) => [42, 44].forEach((at) => b.writeInt16LE(20000, at)))),
      /more than a file of/,
    );
    refuses(
      'a stream that goes on for longer than its header says',
      'a.nii.gz',
      gzipSync(Buffer.concat([niftiBytes('float32.nii'), Buffer.alloc(2 ** 24)])),
      /holds more than/,
    );
    refuses(
      'complex samples',
      'a.nii',
      edited((b) => b.writeInt16LE(32, 70)),
      /datatype 32/,
    );
    refuses(
      'an affine that is not finite',
      'a.nii',
      edited((b) => b.writeFloatLE(NaN, 280)),
      /not finite/,
    );
    for (const { name, file } of pictures) {
      const bytes = Buffer.from(file, 'base64');
      refuses(`a truncated ${name}`, 'a', bytes.subarray(0, Math.floor(bytes.length * 0.6)), /./);
    }
    const png = Buffer.from(pictures[0].file, 'base64');
    refuses(
      'a PNG whose dimensions lie',
      'a.png',
      (() => {
        const lie = Buffer.from(png);
        lie.writeUInt32BE(40000, 16);
        lie.writeUInt32BE(40000, 20);
        return lie;
      })(),
      /more than a file of/,
    );

    it('a pipe and a device, which are not waited for', () =>
      withFolder(async (folder) => {
        if (process.platform === 'win32') return;
        const pipe = join(folder, 'pipe.nii');
        spawnSync('mkfifo', [pipe]);
        for (const path of [pipe, '/dev/zero', '/dev/null'])
          for (const read of [readVolume, inspect, openVoxels])
            await assert.rejects(read(path), (error: Error) => {
              assert.ok(error instanceof UserError);
              assert.match(error.message, /^\/\S+ cannot be read \(it is no regular file\)\.$/);
              return true;
            });
        // Beside slices of a series it is none of them.
        spawnSync('mkfifo', [join(folder, 'a.png')]);
        await assert.rejects(readVolume(folder), /without a DICOM series or pictures; it holds 0 /);
      }));

    it('a file that is not there, and a folder', () =>
      withFolder(async (folder) => {
        await assert.rejects(readVolume(join(folder, 'no.nii')), /does not exist/);
        await mkdir(join(folder, 'sub'));
        await assert.rejects(readVolume(join(folder, 'sub')), /is a folder without/);
      }));
  });

  it('reads or refuses damaged files, and never fails otherwise', () =>
    withFolder(async (folder) => {
      const random = new Random('damage');
      const originals = [
        ...pictures.map(({ file }) => Buffer.from(file, 'base64')),
        ...niftiFiles.map(({ parts }) => parts[0][1]),
      ];
      const path = join(folder, 'damaged');
      for (const original of originals)
        for (let n = 0; n < 10; n++) {
          const bytes = Buffer.from(original);
          for (let hit = 0; hit < 3; hit++)
            bytes[random.integer(Math.min(400, bytes.length))] = random.integer(256);
          await writeFile(path, bytes);
          await readVolume(path).catch((error: Error) => {
            assert.ok(error instanceof UserError, `${bytes.toString('base64')}: ${error.stack}`);
          });
        }
    }));

  it('takes header extensions that claim an absurd size', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'a.nii');
      const bytes = niftiBytes('extension.nii');
      bytes.writeInt32LE(0, 352);
      await writeFile(path, bytes);
      await agrees(path, niftiFiles.find(({ name }) => name === 'extension.nii')!.expected);
    }));

  it('reads the same from a plain and a gzipped file', async function () {
    const path = join(needRealData(this, 'nifti'), 'big.nii.gz');
    await withFolder(async (folder) => {
      const plain = join(folder, 'big.nii');
      await writeFile(plain, gunzipSync(await readFile(path)));
      assert.deepEqual((await readVolume(plain)).data, (await readVolume(path)).data);
    });
  });
});
