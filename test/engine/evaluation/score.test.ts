import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encode } from 'fast-png';
import * as jpeg from 'jpeg-js';
import { writeVolume } from '../../../engine/images/write-volume';
import { UserError } from '../../../engine/errors';
import { areaUnderRoc } from '../../../engine/metrics/auc';
import { score, type ScoreOptions } from '../../../engine/evaluation/score';
import { surfaceMetrics } from '../../../engine/metrics/surface';
import { needRealData, withFolder } from '../images/shared';
import { noise } from '../metrics/masks';

/** i, j, k: columns, rows, slices. */
const shape = [7, 6, 5] as const;
const size = 7 * 6 * 5;
const spacings = (x: number, y: number, z: number, origin = 0) => [
  [-x, 0, 0, origin],
  [0, -y, 0, 5],
  [0, 0, z, 9],
  [0, 0, 0, 1],
];
const prediction = noise(size, 0.5, 1);
const reference = noise(size, 0.4, 2);

async function nifti(
  folder: string,
  name: string,
  data: Uint8Array | Float32Array,
  affine = spacings(0.7, 0.8, 2.5),
): Promise<string> {
  const path = join(folder, name);
  await writeVolume(path, { shape, data, affine });
  return path;
}

/** Slices as PNG files that only natural order sorts right. */
async function pngFolder(folder: string, name: string, mask: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  for (let k = 0; k < 5; k++) {
    const slice = mask.subarray(k * 42, (k + 1) * 42).map((value) => value * 255);
    const bytes = encode({ width: 7, height: 6, data: slice, depth: 8, channels: 1 });
    await writeFile(join(path, `${k + 8}.png`), bytes);
  }
  await writeFile(join(path, 'notes.txt'), 'not a slice');
  return path;
}

const refused = (options: ScoreOptions, message: RegExp) =>
  assert.rejects(
    score(options),
    (error) => error instanceof UserError && message.test(error.message),
  );

describe('score', () => {
  it('takes no picture and no probabilities times 255 for labels without being told which value counts', () =>
    withFolder(async (folder) => {
      const soft = Uint8Array.from({ length: size }, (_, n) => (n * 97) % 251);
      const pair = {
        prediction: await nifti(folder, 'soft.nii.gz', soft),
        reference: await nifti(folder, 'r.nii', reference),
      };
      await refused(
        pair,
        /soft\.nii\.gz has many values that change from sample to sample.*--label/,
      );
      const { dice, warnings } = await score({ ...pair, label: 97 });
      assert.ok(dice !== null);
      assert.match(
        warnings.join(),
        /soft\.nii\.gz has many values.*only the values that are named count/,
      );
      // Numbered objects are many too, but each is a run.
      const objects = Uint8Array.from({ length: size }, (_, n) => Math.floor(n / 5));
      const found = await score({ ...pair, prediction: await nifti(folder, 'o.nii.gz', objects) });
      assert.equal(found.prediction, 'labels');
      assert.deepEqual(found.warnings, []);
    }));

  it('reads a mask in JPEG by half of its brightest sample, and says so', () =>
    withFolder(async (folder) => {
      const [width, height] = [48, 40];
      const inside = (n: number) =>
        +(n % width > 11 && n % width < 35 && n / width > 8 && n / width < 29);
      const mask = Uint8Array.from({ length: width * height }, (_, n) => inside(n));
      const rgba = Buffer.from(Array.from(mask, (v) => [255 * v, 255 * v, 255 * v, 255]).flat());
      const lossy = join(folder, 'mask.jpg');
      await writeFile(lossy, jpeg.encode({ data: rgba, width, height }, 60).data);
      const exact = join(folder, 'mask.png');
      await writeFile(exact, encode({ width, height, data: mask, depth: 8, channels: 1 }));
      const found = await score({ prediction: lossy, reference: exact });
      assert.ok(found.dice! > 0.98, `Dice ${found.dice}`);
      assert.match(found.warnings.join(), /mask\.jpg: JPEG rounds samples/);
    }));

  it('gives every metric of a pair of volumes, distances in the mm of their headers', () =>
    withFolder(async (folder) => {
      const found = await score({
        prediction: await nifti(folder, 'p.nii.gz', prediction),
        reference: await nifti(folder, 'r.nii', reference),
      });
      const tp = prediction.filter((v, n) => v === 1 && reference[n] === 1).length;
      const [p, r] = [prediction, reference].map((m) => m.filter((v) => v === 1).length);
      assert.equal(found.dice, (2 * tp) / (p + r));
      assert.equal(found.iou, tp / (p + r - tp));
      assert.equal(found.ravd, (100 * Math.abs(p - r)) / r);
      assert.equal(found.auc, (found.sensitivity! + found.specificity!) / 2);
      assert.deepEqual([found.unit, found.presence], ['mm', 'scored']);
      // A header holds float32.
      const rounded = [2.5, 0.8, 0.7].map(Math.fround) as [number, number, number];
      const surface = surfaceMetrics(prediction, reference, [5, 6, 7], rounded)!;
      for (const name of ['assd', 'hd95', 'hd'] as const)
        assert.ok(Math.abs(found[name]! - surface[name]) < 1e-6, name);
    }));

  it('takes a given spacing, along columns, rows and slices, over that of the files', () =>
    withFolder(async (folder) => {
      const files = {
        prediction: await nifti(folder, 'p.nii', prediction),
        reference: await nifti(folder, 'r.nii', reference),
      };
      const found = await score({ ...files, spacing: [3, 2, 1] });
      const { assd, hd95, hd } = found;
      assert.deepEqual(
        { assd, hd95, hd },
        surfaceMetrics(prediction, reference, [5, 6, 7], [1, 2, 3]),
      );
      assert.deepEqual(found.spacing, [3, 2, 1]);
    }));

  it('stacks the slices of folders in natural order', () =>
    withFolder(async (folder) => {
      const folders = {
        prediction: await pngFolder(folder, 'p', prediction),
        reference: await pngFolder(folder, 'r', reference),
      };
      const found = await score({ ...folders, spacing: [1, 2, 3], outside: 'background' });
      const { assd, hd95, hd } = found;
      assert.deepEqual(
        { assd, hd95, hd },
        surfaceMetrics(prediction, reference, [5, 6, 7], [3, 2, 1]),
      );
      const volume = await nifti(folder, 'r.nii', reference);
      const mixed = await score({ prediction: folders.prediction, reference: volume });
      assert.equal(mixed.dice, found.dice);
      assert.ok(Math.abs(mixed.spacing[2] - 2.5) < 1e-6);
      const bare = await score(folders);
      assert.deepEqual([bare.unit, bare.spacing], ['voxel', [1, 1, 1]]);
    }));

  it('has no surface where a series of slices ends, but has one at the border of a volume', () =>
    withFolder(async (folder) => {
      const series = await score({
        prediction: await pngFolder(folder, 'p', prediction),
        reference: await pngFolder(folder, 'r', reference),
        spacing: [1, 2, 3],
      });
      const volume = await score({
        prediction: await nifti(folder, 'p.nii', prediction),
        reference: await nifti(folder, 'r.nii', reference),
        spacing: [1, 2, 3],
      });
      for (const { outside, assd, hd95, hd } of [series, volume])
        assert.deepEqual(
          { assd, hd95, hd },
          surfaceMetrics(prediction, reference, [5, 6, 7], [3, 2, 1], outside),
        );
      assert.deepEqual([series.outside, volume.outside], ['foreground', 'background']);
      assert.notEqual(series.assd, volume.assd);
    }));

  it('takes a value as foreground, or every value but 0', () =>
    withFolder(async (folder) => {
      const two = prediction.map((value, n) => value * ((n % 3) + 1));
      const files = {
        prediction: await nifti(folder, 'p.nii', two),
        reference: await nifti(folder, 'r.nii', two),
      };
      const isolated = await score({
        prediction: files.prediction,
        reference: await nifti(
          folder,
          'i.nii',
          two.map((value) => (value === 2 ? 2 : 0)),
        ),
        label: 2,
      });
      assert.equal(isolated.dice, 1);
      const all = await score({
        prediction: files.prediction,
        reference: await nifti(folder, 'b.nii', prediction),
      });
      assert.equal(all.dice, 1);
      assert.ok((await score({ ...files, label: 9 })).presence === 'bothEmpty');
    }));

  it('takes the AUC from probabilities, and half of them as the threshold', () =>
    withFolder(async (folder) => {
      const probabilities = Float32Array.from({ length: size }, (_, n) => ((n * 37) % 101) / 100);
      const found = await score({
        prediction: await nifti(folder, 'p.nii', probabilities),
        reference: await nifti(folder, 'r.nii', reference),
      });
      assert.equal(
        found.auc,
        areaUnderRoc(probabilities, (n) => reference[n] === 1),
      );
      const half = await score({
        prediction: await nifti(
          folder,
          'h.nii',
          Uint8Array.from(probabilities, (v) => (v >= 0.5 ? 1 : 0)),
        ),
        reference: join(folder, 'r.nii'),
      });
      assert.equal(found.dice, half.dice);
    }));

  it('leaves undefined what has no value', () =>
    withFolder(async (folder) => {
      const none = await nifti(folder, 'n.nii', new Uint8Array(size));
      const empty = await score({ prediction: none, reference: none });
      assert.equal(empty.presence, 'bothEmpty');
      for (const name of ['dice', 'assd', 'hd95', 'hd', 'auc', 'cldice', 'ravd'] as const)
        assert.equal(empty[name], null, name);
      const missed = await score({
        prediction: none,
        reference: await nifti(folder, 'r.nii', reference),
        spacing: [1, 2, 3],
      });
      assert.deepEqual(
        [missed.presence, missed.dice, missed.cldice, missed.hd],
        ['missed', 0, 0, Math.hypot(7, 12, 15)],
      );
    }));

  it('refuses what cannot be compared', () =>
    withFolder(async (folder) => {
      const p = await nifti(folder, 'p.nii', prediction);
      const slices = await pngFolder(folder, 'slices', prediction);
      const more = await pngFolder(folder, 'more', prediction);
      const png = encode({ width: 7, height: 6, data: new Uint8Array(42), depth: 8, channels: 1 });
      await writeFile(join(more, '99.png'), png);
      await refused({ prediction: slices, reference: more }, /slices holds 5 slices and .*more 6/);
      await refused({ prediction: more, reference: p }, /7 x 6 x 6 voxels and .*7 x 6 x 5/);
      const small = encode({
        width: 6,
        height: 6,
        data: new Uint8Array(36),
        depth: 8,
        channels: 1,
      });
      await writeFile(join(more, '98.png'), small);
      await refused(
        { prediction: more, reference: p },
        /98\.png has 6 x 6 pixels and .*8\.png 7 x 6/,
      );
      const none = join(folder, 'none');
      await mkdir(none);
      await refused({ prediction: none, reference: p }, /none holds no slices/);
      await refused(
        { prediction: p, reference: join(folder, 'gone.nii') },
        /gone\.nii does not exist/,
      );
      await refused({ prediction: p, reference: p, spacing: [1, 0, 1] }, /spacing is 1,0,1/);
    }));

  it('refuses volumes on different grids, unless told their spacing', () =>
    withFolder(async (folder) => {
      const p = await nifti(folder, 'p.nii', prediction);
      const flipped = spacings(-0.7, 0.8, 2.5);
      const files = { prediction: p, reference: await nifti(folder, 'f.nii', prediction, flipped) };
      await refused(files, /p\.nii \(LPS\) and .*f\.nii \(RPS\) do not lie on the same grid/);
      assert.equal((await score({ ...files, spacing: [1, 1, 1] })).dice, 1);
      const near = await nifti(folder, 'n.nii', prediction, spacings(0.7, 0.8, 2.5, 0.2));
      assert.equal((await score({ prediction: p, reference: near })).dice, 1);
    }));

  it('takes probabilities for these whatever a few samples are, and says so', () =>
    withFolder(async (folder) => {
      const soft = Float32Array.from(prediction, (value, n) => (value ? 0.6 : 0.1) + (n % 7) / 100);
      const r = await nifti(folder, 'r.nii', reference);
      const expected = await score({
        prediction: await nifti(folder, 'p.nii', soft),
        reference: r,
      });
      assert.deepEqual([expected.prediction, expected.warnings], ['probabilities', []]);
      const background = prediction.indexOf(0);
      for (const odd of [NaN, -1e-9]) {
        const data = soft.slice();
        data[background] = odd;
        const found = await score({
          prediction: await nifti(folder, 'odd.nii', data),
          reference: r,
        });
        assert.deepEqual([found.prediction, found.dice], ['probabilities', expected.dice]);
        assert.match(found.warnings.join(), /1 of 210 samples (are not a number|lie outside)/);
      }
      await refused(
        {
          prediction: await nifti(
            folder,
            'logits.nii',
            soft.map((v) => 9 * v),
          ),
          reference: r,
        },
        /logits\.nii has samples from .* with fractions/,
      );
      await refused(
        { prediction: join(folder, 'p.nii'), reference: r, label: 1 },
        /p\.nii has samples with fractions/,
      );
    }));

  it('asks which of several frames is meant, and takes them for classes where it is told to', () =>
    withFolder(async (folder) => {
      const frames = (mask: Uint8Array) =>
        Uint8Array.from([...mask.map((value) => 1 - value), ...mask]);
      const of = async (name: string, mask: Uint8Array) => {
        const path = join(folder, name);
        const affine = spacings(0.7, 0.8, 2.5);
        await writeVolume(path, { shape, data: frames(mask), affine, frames: 2 });
        return path;
      };
      const files = {
        prediction: await of('p.nii', prediction),
        reference: await of('r.nii', reference),
      };
      await refused(files, /has 2 frames, and a label map has one: .*"one-hot".*--frame/);
      const plain = await score({
        prediction: await nifti(folder, 'p3.nii', prediction),
        reference: await nifti(folder, 'r3.nii', reference),
      });
      assert.deepEqual(await score({ ...files, frame: 'one-hot' }), plain);
      assert.deepEqual(await score({ ...files, frame: 1 }), plain);
      assert.notEqual((await score({ ...files, frame: 0 })).dice, plain.dice);
    }));

  it('compares voxels by their place where the axes of two files run otherwise', () =>
    withFolder(async (folder) => {
      const [ni, nj, nk] = shape;
      const r = await nifti(folder, 'r.nii', reference);
      const plain = await score({
        prediction: await nifti(folder, 'p.nii', prediction),
        reference: r,
      });
      // The same voxels, the slices first, columns and rows from their other ends.
      const turned = new Uint8Array(size);
      prediction.forEach((value, n) => {
        const [i, j, k] = [n % ni, Math.floor(n / ni) % nj, Math.floor(n / (ni * nj))];
        turned[k + nk * (ni - 1 - i + ni * (nj - 1 - j))] = value;
      });
      const path = join(folder, 't.nii');
      await writeVolume(path, {
        shape: [nk, ni, nj],
        data: turned,
        affine: [
          [0, 0.7, 0, -0.7 * (ni - 1)],
          [0, 0, 0.8, 5 - 0.8 * (nj - 1)],
          [2.5, 0, 0, 9],
          [0, 0, 0, 1],
        ],
      });
      assert.deepEqual(await score({ prediction: path, reference: r }), plain);
    }));

  it("reads CHAOS' references, 1-bit slices", async function () {
    this.timeout(60000);
    const ground = needRealData(this, 'liver', 'CHAOS-CT', 'Ground');
    const found = await score({ prediction: ground, reference: ground });
    assert.deepEqual([found.dice, found.hd, found.cldice, found.auc], [1, 0, 1, 1]);
  });

  it("gives the numbers in the CHAOS evaluation's README for its example", async function () {
    this.timeout(60000);
    const data = needRealData(this, 'liver', 'CHAOS-evaluation', 'Data_3D');
    // Positions in the DICOM series are 2 mm apart; its slice thickness of 3.2 mm is another thing.
    const found = await score({
      prediction: join(data, 'Segmentation'),
      reference: join(data, 'Ground'),
      spacing: [0.7265625, 0.7265625, 2],
    });
    assert.deepEqual(
      [found.dice, found.ravd, found.assd].map((value) => value!.toFixed(3)),
      ['0.978', '0.665', '0.734'],
    );
    assert.equal(found.hd, 14);
  });
});
