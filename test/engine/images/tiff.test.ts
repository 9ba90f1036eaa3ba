import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readVolume } from '../../../engine/images/read-volume';
import golden from './golden/tiff.json';
import { withFolder } from './shared';

describe('agrees with tifffile on a TIFF of', () => {
  const samples: Record<string, { dtype: string; values: number[] }> = golden.samples;
  for (const { name, samples: key, file } of golden.files)
    it(name, () =>
      withFolder(async (folder) => {
        const path = join(folder, 'a.tif');
        await writeFile(path, Buffer.from(file, 'base64'));
        const volume = await readVolume(path);
        assert.deepEqual(volume.shape, [...golden.shape, 1]);
        assert.equal(volume.dtype, samples[key].dtype);
        assert.deepEqual([...volume.data], samples[key].values);
      }),
    );
});
