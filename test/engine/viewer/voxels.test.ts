import assert from 'node:assert/strict';
import { readdirSync, statSync, truncateSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeNifti1 } from '../../../engine/images/nifti';
import { readVolume } from '../../../engine/images/read-volume';
import { openVoxels, OpenFiles, type Voxels } from '../../../engine/viewer/voxels';
import { needRealData, niftiFiles, withFolder } from '../images/shared';

const identity = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 0, 1],
];

/** Every plane of every axis and frame against the volume read as a whole. */
async function agreesWithVolume(path: string): Promise<void> {
  const voxels = await openVoxels(path);
  try {
    for (let frame = 0; frame < voxels.frames; frame++) {
      const volume = await readVolume(path, { frame });
      assert.deepEqual(voxels.shape, volume.shape);
      assert.equal(voxels.orientation, volume.orientation);
      assert.deepEqual(voxels.affine, volume.affine);
      const { shape, channels, data } = volume;
      const count = shape[0] * shape[1] * shape[2];
      for (const axis of [0, 1, 2] as const)
        for (let index = 0; index < shape[axis]; index++) {
          const plane = await voxels.plane(axis, index, frame);
          const [early, late] = [0, 1, 2].filter((a) => a !== axis);
          let at = 0;
          for (let c = 0; c < channels; c++)
            for (let v = 0; v < shape[late]; v++)
              for (let u = 0; u < shape[early]; u++) {
                const place = [0, 0, 0];
                place[axis] = index;
                place[early] = u;
                place[late] = v;
                const [i, j, k] = place;
                const expected = data[c * count + i + shape[0] * (j + shape[1] * k)];
                if (!Object.is(plane[at], expected))
                  assert.fail(
                    `${path}: axis ${axis}, index ${index}, voxel ${place.join()}: ${plane[at]} is not ${expected}`,
                  );
                at++;
              }
          assert.equal(plane.length, at);
        }
    }
  } finally {
    await voxels.close();
  }
}

describe('openVoxels', () => {
  for (const { name, parts } of niftiFiles)
    it(`reads the planes of ${name} as the whole file has them`, () =>
      withFolder(async (folder) => {
        for (const [file, content] of parts) await writeFile(join(folder, file), content);
        await agreesWithVolume(join(folder, name));
      }));

  it('reads real files as they are read as a whole', async function () {
    const folder = needRealData(this, 'nifti');
    for (const name of readdirSync(folder)) {
      if (!/\.(nii|hdr|img)(\.gz)?$/.test(name)) continue;
      const path = join(folder, name);
      const whole = await readVolume(path).then(
        () => null,
        (error: Error) => error,
      );
      if (whole) await assert.rejects(openVoxels(path), { name: whole.name });
      else if (statSync(path).size < 2 ** 20) await agreesWithVolume(path);
    }
  });

  it('refuses a file cut short, naming it', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'cut.nii');
      await writeFile(path, encodeNifti1([8, 8, 8], new Int16Array(512), identity));
      truncateSync(path, 600);
      await assert.rejects(openVoxels(path), {
        name: 'UserError',
        message: /cut\.nii is truncated/,
      });
    }));

  it('shows the planes before the damage of a gzipped file, and a sentence after it', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'damaged.nii.gz');
      // Noise, so that the stream has many blocks.
      const data = Int16Array.from({ length: 128 * 128 * 40 }, (_, n) => (n * 48271) % 30011);
      const bytes = gzipSync(encodeNifti1([128, 128, 40], data, identity));
      await writeFile(path, bytes.subarray(0, bytes.length >> 1));
      const voxels = await openVoxels(path);
      try {
        const first = await voxels.plane(2, 0, 0);
        assert.deepEqual(first, data.subarray(0, 128 * 128));
        await assert.rejects(voxels.plane(2, 39, 0), {
          name: 'UserError',
          message: /damaged\.nii\.gz.*truncated/,
        });
        await assert.rejects(voxels.plane(0, 3, 0), { name: 'UserError' });
      } finally {
        await voxels.close();
      }
    }));

  it('refuses a gzipped file that goes on for longer than its header says', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'bomb.nii.gz');
      const header = encodeNifti1([4, 4, 4], new Uint8Array(64), identity);
      await writeFile(path, gzipSync(Buffer.concat([header, Buffer.alloc(2 ** 22)])));
      const voxels = await openVoxels(path);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await voxels.close();
      const left = readdirSync(tmpdir()).filter((n) => n.startsWith(`meddistill-${process.pid}-`));
      assert.deepEqual(left, []);
    }));

  it('refuses what is no image', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'text.nii');
      await writeFile(path, 'hello');
      await assert.rejects(openVoxels(path), { name: 'UserError', message: /text\.nii/ });
      await assert.rejects(openVoxels(join(folder, 'nowhere.nii')), {
        message: /nowhere\.nii does not exist/,
      });
      await assert.rejects(openVoxels(folder), { message: /is a folder/ });
    }));

  it('reads one slice of a file of 400 MiB without reading the rest', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'large.nii');
      const shape = [512, 512, 800] as const;
      const header = encodeNifti1([1, 1, 1], new Int16Array(1), identity).subarray(0, 352);
      shape.forEach((n, axis) => header.writeInt16LE(n, 42 + 2 * axis));
      const handle = await open(path, 'w');
      const at = (i: number, j: number, k: number) => 352 + 2 * (i + 512 * (j + 512 * k));
      await handle.write(header, 0, 352, 0);
      await handle.truncate(at(0, 0, 800));
      await handle.write(Buffer.from(Int16Array.of(-77).buffer), 0, 2, at(5, 400, 700));
      await handle.close();
      const voxels = await openVoxels(path);
      try {
        const before = process.memoryUsage().rss;
        const axial = await voxels.plane(2, 700, 0);
        assert.equal(axial[5 + 512 * 400], -77);
        const coronal = await voxels.plane(1, 400, 0);
        assert.equal(coronal[5 + 512 * 700], -77);
        assert.ok(process.memoryUsage().rss - before < 200 * 2 ** 20);
      } finally {
        await voxels.close();
      }
    }));
});

describe('OpenFiles', () => {
  it('opens a file again when it has changed', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'changing.nii');
      const files = new OpenFiles();
      await writeFile(path, encodeNifti1([2, 2, 1], Uint8Array.of(1, 2, 3, 4), identity));
      assert.deepEqual(await (await files.get(path)).plane(2, 0, 0), Uint8Array.of(1, 2, 3, 4));
      assert.equal(await files.get(path), await files.get(path));
      await writeFile(path, encodeNifti1([3, 1, 1], Uint8Array.of(5, 6, 7), identity));
      assert.deepEqual(await (await files.get(path)).plane(2, 0, 0), Uint8Array.of(5, 6, 7));
      await files.close();
    }));

  it('opens a file once for all who ask at once, and again after one that could not be opened', async () => {
    const files = new OpenFiles();
    const voxels = { close: () => Promise.resolve() } as unknown as Voxels;
    let made = 0;
    files.provide('whole', '1', () => Promise.resolve(voxels).finally(() => made++));
    const [one, other] = await Promise.all([files.get('whole'), files.get('whole')]);
    assert.ok(one === voxels && other === voxels && made === 1);
    files.provide('torn', '1', () => Promise.reject(new Error('torn')));
    await assert.rejects(files.get('torn'), /torn/);
    files.provide('torn', '1', () => Promise.resolve(voxels));
    assert.equal(await files.get('torn'), voxels);
    await files.close();
  });

  it('closes the file unused for longest, after those who read it had their time', async () => {
    const closed: string[] = [];
    const files = new OpenFiles(2, 50);
    for (const name of ['a', 'b', 'c'])
      files.provide(name, '', () =>
        Promise.resolve({ close: () => Promise.resolve(closed.push(name)) } as unknown as Voxels),
      );
    for (const name of ['a', 'b', 'a', 'c']) await files.get(name);
    assert.deepEqual(closed, []);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual(closed, ['b']);
    await files.close();
    assert.deepEqual(closed.sort(), ['a', 'b', 'c']);
  });
});
