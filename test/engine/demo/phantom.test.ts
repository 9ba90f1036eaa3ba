import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makePhantom, phantomCases, writePhantoms } from '../../../engine/demo/phantom';
import { prepareCase } from '../../../engine/preparation/prepare';
import { readVolume } from '../../../engine/images/read-volume';
import { Random } from '../../../engine/random';
import { tinyConfig } from '../preparation/tiny-config';
import { withFolder } from '../images/shared';

describe('phantoms', () => {
  it('are the same files for the same seed, and others for another', () =>
    withFolder(async (folder) => {
      for (const [name, seed] of [
        ['a', 1],
        ['b', 1],
        ['c', 2],
      ] as const)
        await writePhantoms(join(folder, name), seed);
      for (const domain of ['ct', 'mr'] as const) {
        assert.equal(
          (await readdir(join(folder, 'a', domain, 'images'))).length,
          phantomCases[domain],
        );
        const first = (run: string) =>
          readFile(join(folder, run, domain, 'images', `${domain}01.nii.gz`));
        assert.deepEqual(await first('a'), await first('b'));
        assert.notDeepEqual(await first('a'), await first('c'));
      }
    }));

  it('lie in the world as people do, CT stored as LPS and MR as RAS', () =>
    withFolder(async (folder) => {
      await writePhantoms(folder, 3);
      for (const [domain, orientation] of [
        ['ct', 'LPS'],
        ['mr', 'RAS'],
      ] as const) {
        const path = (part: string) => join(folder, domain, part, `${domain}01.nii.gz`);
        const label = await readVolume(path('labels'));
        assert.equal(label.orientation, orientation);
        // The liver's centre is on the patient's right.
        let [sum, count] = [0, 0];
        label.data.forEach((value: number, n: number) => {
          if (value !== 1) return;
          const [i, j] = [n % 64, Math.floor(n / 64) % 64];
          sum += label.affine[0][0] * i + label.affine[0][1] * j + label.affine[0][3];
          count++;
        });
        assert.ok(sum / count > 30, `${sum / count} mm`);
        // And on the left of a radiologist's screen.
        const config = tinyConfig(folder, { [domain]: {} }, { size: [64, 64] });
        const { native } = await prepareCase(config, {
          domain,
          id: '1',
          subject: '1',
          split: 'test',
          images: [path('images')],
          labels: [path('labels')],
          masks: [],
        });
        let left = 0;
        native.label!.forEach((value, n) => (left += value && n % 64 < 32 ? 1 : 0));
        assert.ok(left / count > 0.8, `${left / count}`);
      }
    }));

  it('differ between the domains in how the liver stands out', () => {
    const contrast = (domain: 'ct' | 'mr') => {
      const { image, label } = makePhantom(domain, new Random(1));
      const mean = (wanted: number, low: number) => {
        const values = [...image].filter((value, n) => label[n] === wanted && value > low);
        return values.reduce((sum, value) => sum + value, 0) / values.length;
      };
      return mean(1, -Infinity) / mean(0, domain === 'ct' ? -300 : 100);
    };
    assert.ok(contrast('ct') > 2 || contrast('ct') < 0);
    assert.ok(contrast('mr') > 1 && contrast('mr') < 2);
  });
});
