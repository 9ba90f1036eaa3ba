import assert from 'node:assert/strict';
import { clahe } from '../../../engine/preparation/clahe';
import { estimateFieldOfView } from '../../../engine/preparation/field-of-view';
import {
  chooseChannels,
  normalizeIntensity,
  percentiles,
} from '../../../engine/preparation/intensity';
import { mapMask } from '../../../engine/preparation/labels';
import { readVolume } from '../../../engine/images/read-volume';
import { needRealData } from '../images/shared';
import golden from './golden/clahe.json';
import { join } from 'node:path';

const near = (actual: ArrayLike<number>, expected: number[]) =>
  expected.forEach((value, n) => assert.ok(Math.abs(actual[n] - value) < 1e-5, `${actual[n]}`));

/** A row of values, normalised. */
function normalized(
  values: number[],
  intensity: Parameters<typeof normalizeIntensity>[2]['intensity'],
  fov: number[] | null = null,
) {
  const image = Float32Array.from(values);
  const mask = fov && Uint8Array.from(fov);
  normalizeIntensity(image, [1, 1, 1, values.length], { intensity, clahe: null }, mask, 'float32');
  return image;
}

describe('normalizeIntensity', () => {
  it('maps a window to 0..1 and clips', () =>
    near(normalized([-200, -100, 70, 240, 900], { window: [-100, 240] }), [0, 0, 0.5, 1, 1]));

  it('standardises by the statistics inside the field of view', () =>
    near(
      normalized([1, 3, 100, 5], { normalize: 'zscore' }, [1, 1, 0, 1]),
      [-2, 0, 97, 2].map((value) => value / Math.sqrt(8 / 3)),
    ));

  it('stretches the range, and turns values that are not finite into the least', () =>
    near(normalized([2, 4, 6, NaN, Infinity], { normalize: 'minmax' }), [0, 0.5, 1, 0, 0]));

  it('stretches between percentiles, interpolated linearly', () => {
    const values = Array.from({ length: 201 }, (_, n) => n);
    assert.deepEqual(percentiles(Float32Array.from(values), [0.5, 50, 99.5]), [1, 100, 199]);
    near(normalized(values, { normalize: 'percentile' }).subarray(0, 3), [0, 0, 1 / 198]);
  });

  it('makes a constant image 0', () => {
    for (const normalize of ['zscore', 'minmax', 'percentile'] as const)
      near(normalized([7, 7, 7], { normalize }), [0, 0, 0]);
  });
});

describe('chooseChannels', () => {
  const colour = { data: Uint8Array.of(10, 20, 30, 40, 50, 60), channels: 3 };
  const grey = { data: Uint8Array.of(1, 2), channels: 1 };
  it('takes a plane, the luminance or all of a colour file', () => {
    near(chooseChannels(colour, 'green'), [30, 40]);
    near(chooseChannels(colour, 'grey'), [26.3, 36.3]);
    near(chooseChannels(colour, 'rgb'), [10, 20, 30, 40, 50, 60]);
  });
  it('takes the only plane of a grey file, thrice for colour', () => {
    near(chooseChannels(grey, 'red'), [1, 2]);
    near(chooseChannels(grey, 'rgb'), [1, 2, 1, 2, 1, 2]);
  });
});

describe('clahe', () => {
  for (const { rows, columns, clipLimit, tiles, image, result } of golden)
    it(`agrees with OpenCV within one grey value, ${rows} x ${columns}, ${tiles} tiles`, () => {
      const out = clahe(image, rows, columns, { clipLimit, tiles });
      const worst = out.reduce((most, value, n) => Math.max(most, Math.abs(value - result[n])), 0);
      assert.ok(worst <= 1, `differs by ${worst}`);
    });
});

describe('estimateFieldOfView', () => {
  it('finds the large bright disc, without specks and with its dark middle', () => {
    const [rows, columns] = [40, 50];
    const inside = (n: number) => Math.hypot(Math.floor(n / columns) - 20, (n % columns) - 22) < 15;
    const image = Float32Array.from({ length: rows * columns }, (_, n) => {
      const dark = Math.hypot(Math.floor(n / columns) - 20, (n % columns) - 22) < 3;
      return n === 45 ? 200 : dark ? 2 : inside(n) ? 120 : 4;
    });
    const fov = estimateFieldOfView(image, 1, rows, columns);
    fov.forEach((value, n) => assert.equal(value, inside(n) ? 1 : 0, `pixel ${n}`));
  });

  for (const [name, image, mask] of [
    ['CHASE_DB1', 'images/Image_01L.jpg', 'mask/Image_01L.png'],
    ['DRIVE', 'training/images/21_training.tif', 'training/mask/21_training_mask.gif'],
  ])
    it(`overlaps the mask of a real fundus photograph: ${name}`, async function () {
      const folder = needRealData(this, 'retina', name);
      const [photograph, given] = [
        await readVolume(join(folder, image)),
        await readVolume(join(folder, mask)),
      ];
      const [columns, rows] = photograph.shape;
      const estimated = estimateFieldOfView(photograph.data, 3, rows, columns);
      const reference = mapMask(given);
      let both = 0;
      let either = 0;
      estimated.forEach((value, n) => {
        both += value & reference[n];
        either += value | reference[n];
      });
      assert.ok(both / either > 0.98, `overlap ${both / either}`);
    });
});
