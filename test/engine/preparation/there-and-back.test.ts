import assert from 'node:assert/strict';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { DistillConfig } from '../../../engine/config/config';
import { encodeNifti1 } from '../../../engine/images/nifti';
import { prepareCase } from '../../../engine/preparation/prepare';
import { labelsInFiles, restoreProbabilities } from '../../../engine/preparation/restore';
import { writePrediction } from '../../../engine/preparation/write-prediction';
import { readVolume } from '../../../engine/images/read-volume';
import { sliceOf } from '../../../engine/batches/sampler';
import { blendTiles, cutTile, tilePositions } from '../../../engine/batches/tiles';
import type { PreparedCase } from '../../../engine/preparation/prepared-case';
import { writeWhole } from '../../../engine/files';
import { Random } from '../../../engine/random';
import forms from '../images/golden/nifti-forms.json';
import { tinyConfig } from './tiny-config';
import { withFolder } from '../images/shared';

const grids = forms
  .filter(({ name }) => name.startsWith('axes'))
  .map(({ name, file }) => ({ name, bytes: gunzipSync(Buffer.from(file, 'base64')) }));

/** A network that gives back a label map that is its input, tile by tile: 0 to 1 are the probabilities of its only class. */
function identity(item: PreparedCase, { input }: DistillConfig): Float32Array {
  const { size, fit, overlap } = input;
  const grid = [item.rows, item.columns] as const;
  const pixels = item.rows * item.columns;
  const positions = fit === 'patch' ? tilePositions(...grid, size, overlap) : [[0, 0] as const];
  const out = new Float32Array(item.slices * 2 * pixels);
  for (let s = 0; s < item.slices; s++) {
    const { image } = sliceOf(item, s);
    const tiles = positions.map((at) => {
      const tile = cutTile(image, 1, grid, at, size);
      return Float32Array.from([...tile.map((value) => 1 - value), ...tile]);
    });
    out.set(blendTiles(tiles, positions, 2, grid, size), s * 2 * pixels);
  }
  return out;
}

/** What `network` makes of a random label map that is its own image, in the file's order, and that map. */
async function there(
  folder: string,
  header: Buffer,
  shape: [number, number, number],
  input: Partial<DistillConfig['input']>,
  random: Random,
) {
  const path = join(folder, 'i/a.nii');
  const { affine } = await (async () => {
    await writeWhole(path, header);
    return readVolume(path);
  })();
  const label = Uint8Array.from({ length: shape[0] * shape[1] * shape[2] }, () =>
    random.integer(2),
  );
  await writeWhole(path, encodeNifti1(shape, label, affine));
  const config = tinyConfig(folder, { s: { intensity: { window: [0, 1] } } }, input);
  const item = { domain: 's', id: 'a', subject: 'a', split: 'test' as const, masks: [] };
  const result = await prepareCase(config, { ...item, images: [path], labels: [path] });
  return { path, config, label, ...result };
}

const argmax = (probabilities: Float32Array, pixels: number) =>
  Uint8Array.from({ length: probabilities.length / 2 }, (_, n) => {
    const at = Math.floor(n / pixels) * 2 * pixels + (n % pixels);
    return probabilities[at + pixels] > probabilities[at] ? 1 : 0;
  });

describe('there and back', () => {
  it('an identity network gives back every label map, in all 48 axis orders and flips', () =>
    withFolder(async (folder) => {
      const random = new Random('identity');
      for (const { name, bytes } of grids) {
        const run = await there(folder, bytes, [7, 6, 5], { fit: 'patch', size: [8, 4] }, random);
        const { prepared, native, geometry, config, label } = run;
        const pixels = native.rows * native.columns;
        const restored = restoreProbabilities(geometry, identity(prepared, config), 2);
        const prediction = argmax(restored, pixels);
        assert.deepEqual(labelsInFiles(geometry, prediction)[0], label, name);
        const [written] = await writePrediction(geometry, prediction, join(folder, 'out'));
        const [input, output] = [await readVolume(run.path), await readVolume(written)];
        assert.deepEqual(output.data, label, name);
        assert.deepEqual(output.affine, input.affine, name);
        assert.deepEqual(output.spacing, input.spacing, name);
      }
    }));

  for (const [title, input] of [
    ['a finer spacing', { fit: 'patch', size: [8, 8], spacing: 0.37 }],
    ['a larger input', { fit: 'resize', size: [16, 24] }],
    ['an input larger along one axis', { fit: 'resize', size: [7, 24] }],
  ] as [string, Partial<DistillConfig['input']>][])
    it(`label maps come back exactly from ${title}`, () =>
      withFolder(async (folder) => {
        const random = new Random('finer');
        for (const { name, bytes } of grids.slice(0, 12)) {
          const run = await there(folder, bytes, [7, 7, 7], input, random);
          const { prepared, native, geometry, label } = run;
          const pixels = prepared.rows * prepared.columns;
          const certain = new Float32Array(prepared.slices * 2 * pixels);
          prepared.label!.forEach((value, n) => {
            certain[Math.floor(n / pixels) * 2 * pixels + value * pixels + (n % pixels)] = 1;
          });
          const restored = restoreProbabilities(geometry, certain, 2);
          const prediction = argmax(restored, native.rows * native.columns);
          assert.deepEqual(labelsInFiles(geometry, prediction)[0], label, name);
        }
      }));
});
