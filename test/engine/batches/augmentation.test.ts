import assert from 'node:assert/strict';
import {
  augment,
  augmentAt,
  blurGaussian,
  type AugmentationConfig,
  type Sample,
} from '../../../engine/batches/augmentation';
import { drawBatch, drawViews } from '../../../engine/batches/sampler';
import type { PreparedCase } from '../../../engine/preparation/prepared-case';
import { Random } from '../../../engine/random';

const none: AugmentationConfig = {
  flip: { horizontal: 0, vertical: 0 },
  rotate: 0,
  scale: 0,
  translate: 0,
  contrast: 0,
  brightness: 0,
  gamma: 0,
  noise: 0,
  blur: 0,
  bias: 0,
  randomConvolution: 0,
};
const strong: AugmentationConfig = {
  flip: { horizontal: 0.5, vertical: 0.5 },
  rotate: 30,
  scale: 0.2,
  translate: 0.1,
  contrast: 0.2,
  brightness: 0.1,
  gamma: 0.3,
  noise: 0.05,
  blur: 1,
  bias: 0,
  randomConvolution: 0,
};

function sample(rows = 8, columns = 8, channels = 1): Sample {
  const random = new Random('sample');
  return {
    channels,
    rows,
    columns,
    image: Float32Array.from({ length: channels * rows * columns }, () => random.uniform()),
    label: Uint8Array.from({ length: rows * columns }, () => random.integer(3)),
    fov: Uint8Array.from({ length: rows * columns }, () => random.integer(2)),
  };
}

describe('augment', () => {
  it('changes nothing where everything is switched off', () => {
    const source = sample(7, 9, 2);
    const result = augment(source, none, new Random(1));
    result.image.forEach((value, n) => assert.ok(Math.abs(value - source.image[n]) < 1e-6));
    assert.deepEqual(result.label, source.label);
    assert.deepEqual(result.fov, source.fov);
  });

  it('draws the same from the same random state, and leaves its input alone', () => {
    const source = sample();
    const before = source.image.slice();
    const [a, b, c] = [1, 1, 2].map((key) => augment(source, strong, new Random(key)));
    assert.deepEqual(a, b);
    assert.notDeepEqual(a.image, c.image);
    assert.deepEqual(source.image, before);
  });

  it('flips image and label alike', () => {
    const source = sample(4, 6);
    const flip = { horizontal: 1, vertical: 0 };
    const result = augment(source, { ...none, flip }, new Random(1));
    for (let r = 0; r < 4; r++)
      for (let c = 0; c < 6; c++) {
        assert.ok(Math.abs(result.image[r * 6 + c] - source.image[r * 6 + 5 - c]) < 1e-6);
        assert.equal(result.label[r * 6 + c], source.label![r * 6 + 5 - c]);
      }
  });

  it('keeps image and label on top of each other under any affine map', () => {
    const [rows, columns] = [64, 64];
    const inside = (n: number) => Math.hypot((n >> 6) - 24, (n % 64) - 38) < 12;
    const label = Uint8Array.from({ length: rows * columns }, (_, n) => (inside(n) ? 1 : 0));
    const source = {
      channels: 1,
      rows,
      columns,
      image: Float32Array.from(label),
      label,
      fov: null,
    };
    for (let key = 0; key < 20; key++) {
      const geometric = { ...none, flip: strong.flip, rotate: 180, scale: 0.3, translate: 0.1 };
      const result = augment(source, geometric, new Random(key));
      result.image.forEach((value, n) =>
        assert.ok(Math.abs(value - result.label[n]) <= 0.75, `pixel ${n}: ${value}`),
      );
      assert.ok(result.label.includes(1));
    }
  });

  it('moves a soft label as the image, and does not change its look', () => {
    const source = sample(12, 10);
    const softLabel = Float32Array.of(...source.image, ...source.image.map((value) => 1 - value));
    const moved = { ...strong, contrast: 0, brightness: 0, gamma: 0, noise: 0, blur: 0 };
    for (let key = 0; key < 10; key++) {
      const { image } = augment(source, moved, new Random(key));
      const found = augment({ ...source, softLabel }, strong, new Random(key)).softLabel!;
      image.forEach((value, n) => {
        assert.ok(Math.abs(found[n] - value) < 1e-6);
        assert.ok(Math.abs(found[image.length + n] - (1 - value)) < 1e-6);
      });
    }
  });

  it('mirrors image and label beyond the edge and takes that out of the field of view', () => {
    const source = { ...sample(6, 6), fov: null };
    const result = augmentAt(source, [0, 2.5], [4, 6], null, new Random(1));
    // Rows -1.5 to 1.5 round row 0.
    assert.deepEqual([...result.fov.subarray(0, 6)], [0, 0, 0, 0, 0, 0]);
    assert.deepEqual([...result.fov.subarray(12)], Array(12).fill(1));
    result.image
      .subarray(0, 6)
      .forEach((value, c) => assert.ok(Math.abs(value - result.image[18 + c]) < 1e-6));
  });

  it('adds noise and brightness of the stated size', () => {
    const [rows, columns] = [128, 128];
    const flat = {
      channels: 1,
      rows,
      columns,
      image: new Float32Array(rows * columns).fill(0.5),
      label: null,
      fov: null,
    };
    let [largest, brightest] = [0, 0];
    for (let key = 0; key < 20; key++) {
      const { image } = augment(flat, { ...none, noise: 0.1, brightness: 0.2 }, new Random(key));
      const mean = image.reduce((sum, value) => sum + value, 0) / image.length;
      const squares = image.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      largest = Math.max(largest, Math.sqrt(squares / image.length));
      brightest = Math.max(brightest, Math.abs(mean - 0.5));
    }
    assert.ok(largest > 0.08 && largest < 0.102, `noise ${largest}`);
    assert.ok(brightest > 0.15 && brightest < 0.203, `brightness ${brightest}`);
  });

  it('takes well under 2 ms for 128 x 128', () => {
    const source = sample(128, 128);
    for (let n = 0; n < 20; n++) augment(source, strong, new Random(n));
    const start = process.cpuUsage();
    for (let n = 0; n < 50; n++) augment(source, strong, new Random(n));
    const each = process.cpuUsage(start).user / 1000 / 50;
    console.log(`      ${each.toFixed(2)} ms of processor time a sample`);
    assert.ok(each < 4, 'twice the bound, for slow machines');
  });
});

describe('blurGaussian', () => {
  it('keeps the sum and spreads a point to the stated deviation', () => {
    const image = new Float32Array(41 * 41);
    image[20 * 41 + 20] = 1;
    blurGaussian(image, 1, 41, 41, 2);
    let [sum, squares] = [0, 0];
    image.forEach((value, n) => {
      sum += value;
      squares += value * ((n % 41) - 20) ** 2;
    });
    assert.ok(Math.abs(sum - 1) < 1e-5);
    assert.ok(Math.abs(Math.sqrt(squares) - 2) < 0.05);
  });
});

/** A case whose pixels name their slice and place; class 1 in one pixel, field of view in the right half. */
function numberedCase(slices: number, rows = 20, columns = 20, base = 0): PreparedCase {
  const pixels = rows * columns;
  const label = new Uint8Array(slices * pixels);
  for (let s = 0; s < slices; s++) label[s * pixels + 10 * columns + 12] = 1;
  return {
    case: { domain: 's', id: 'a', subject: 'a', split: 'train', images: [], labels: [], masks: [] },
    slices,
    channels: 1,
    rows,
    columns,
    image: Float32Array.from({ length: slices * pixels }, (_, n) => base + Math.floor(n / pixels)),
    label,
    fov: Uint8Array.from({ length: slices * pixels }, (_, n) => (n % columns >= 10 ? 1 : 0)),
  };
}

describe('drawBatch', () => {
  const spec = {
    size: [20, 20] as [number, number],
    fit: 'resize' as const,
    batchSize: 400,
    augmentation: null,
  };

  it('draws every slice of every case about as often', () => {
    const batch = drawBatch([numberedCase(1), numberedCase(3, 20, 20, 1)], spec, new Random(1));
    const counts = [0, 0, 0, 0];
    for (let b = 0; b < 400; b++) counts[batch.images[b * 400]]++;
    counts.forEach((count) => assert.ok(count > 70 && count < 130, String(counts)));
    assert.deepEqual(batch.shape, [400, 1, 20, 20]);
  });

  it('is a pure function of its random state', () => {
    const cases = [numberedCase(2)];
    const patch = {
      ...spec,
      size: [8, 8] as [number, number],
      fit: 'patch' as const,
      batchSize: 4,
      augmentation: strong,
    };
    assert.deepEqual(
      drawBatch(cases, patch, new Random(5)),
      drawBatch(cases, patch, new Random(5)),
    );
  });

  it('centres half of the patches on a class and keeps them half in the field of view', () => {
    const patch = { ...spec, size: [8, 8] as [number, number], fit: 'patch' as const };
    const batch = drawBatch([numberedCase(1)], patch, new Random(1));
    let centred = 0;
    for (let b = 0; b < 400; b++) {
      if (batch.labels[b * 64 + 4 * 8 + 4] === 1) centred++;
      const inside = batch.fov
        .subarray(b * 64, (b + 1) * 64)
        .reduce((sum, value) => sum + value, 0);
      assert.ok(inside >= 24, `${inside} of 64 pixels`);
    }
    assert.ok(centred > 170 && centred < 250, `${centred} of 400`);
  });
});

describe('a batch with views', () => {
  const spec = {
    size: [8, 8] as [number, number],
    fit: 'patch' as const,
    batchSize: 3,
    augmentation: strong,
  };
  const drawn = (count: number, augmentation = { ...strong, rotate: 0 }) =>
    drawBatch([numberedCase(2)], spec, new Random(5), {
      count,
      augmentation,
      random: new Random(6),
    });

  it('has the images as they are, first, then the views image by image', () => {
    const batch = drawn(2);
    const plain = drawBatch([numberedCase(2)], { ...spec, augmentation: null }, new Random(5));
    assert.deepEqual(batch.shape, [9, 1, 8, 8]);
    assert.deepEqual(batch.images.subarray(0, 3 * 64), plain.images);
    assert.deepEqual(batch.labels.subarray(0, 3 * 64), plain.labels);
    assert.notDeepEqual(
      batch.images.subarray(3 * 64, 4 * 64),
      batch.images.subarray(4 * 64, 5 * 64),
    );
  });

  it('draws the same images however many views there are', () => {
    assert.deepEqual(drawn(1).images.subarray(0, 192), drawn(4).images.subarray(0, 192));
  });

  it("takes what a view's rotation brings in from the slice, not from a mirror of the patch", () => {
    // Each pixel has its own value, so that a value tells where it is from.
    const item = numberedCase(1, 40, 40);
    item.image.forEach((_, n) => (item.image[n] = n));
    const views = drawBatch([item], { ...spec, batchSize: 20, augmentation: null }, new Random(1), {
      count: 1,
      augmentation: { ...none, translate: 0.5 },
      random: new Random(2),
    });
    let beyond = 0;
    for (let b = 0; b < 20; b++) {
      const rows = (from: number) => [...views.images.subarray(from * 64, (from + 1) * 64)];
      const [anchor, view] = [rows(b), rows(20 + b)].map((v) => Math.max(...v));
      if (view > anchor) beyond++;
    }
    assert.ok(beyond > 4, `${beyond} of 20 views reach beyond their patch`);
  });
});

describe('changes of appearance', () => {
  const moments = (image: Float32Array) => {
    const mean = image.reduce((a, b) => a + b, 0) / image.length;
    return [mean, Math.sqrt(image.reduce((a, b) => a + (b - mean) ** 2, 0) / image.length)];
  };

  it('random convolutions keep mean and deviation within what a mixture can, labels and place', () => {
    const before = sample(16, 16);
    for (let n = 0; n < 20; n++) {
      const after = augment(before, { ...none, randomConvolution: 1 }, new Random('gin', n));
      assert.deepEqual(after.label, before.label);
      assert.notDeepEqual(after.image, before.image);
      const [[mean, deviation], [mean0, deviation0]] = [after, before].map((s) => moments(s.image));
      assert.ok(Math.abs(mean - mean0) < 1e-4 * (1 + Math.abs(mean0)));
      assert.ok(deviation <= deviation0 * 1.0001);
    }
  });

  it('random convolutions leave a constant image constant', () => {
    const flat = { ...sample(8, 8), image: new Float32Array(64).fill(3) };
    const after = augment(flat, { ...none, randomConvolution: 1 }, new Random(1));
    for (const value of after.image) assert.ok(Math.abs(value - 3) < 1e-4);
  });

  it('a bias field is smooth, and within its amount', () => {
    const flat = { ...sample(16, 16), image: new Float32Array(256).fill(1) };
    const { image } = augment(flat, { ...none, bias: 0.5 }, new Random(3));
    assert.ok(image.some((v) => Math.abs(v - 1) > 0.01));
    for (let n = 0; n < 256; n++) {
      assert.ok(Math.abs(image[n] - 1) <= 0.5);
      if (n % 16) assert.ok(Math.abs(image[n] - image[n - 1]) < 0.2);
    }
  });

  it('draw nothing where they are switched off, so that other random numbers stay what they were', () => {
    const [a, b] = [new Random(9), new Random(9)];
    augment(sample(), none, a);
    augment(sample(), { ...none, bias: 0, randomConvolution: 0 }, b);
    assert.equal(a.bits(), b.bits());
  });
});

describe('drawViews', () => {
  it('puts the anchors first, unchanged, then the views image by image', () => {
    const batch = drawBatch(
      [numberedCase(3)],
      {
        size: [20, 20],
        fit: 'resize',
        batchSize: 2,
        augmentation: null,
      },
      new Random(3),
    );
    batch.images.fill(7, 400);
    const views = drawViews(batch, 3, { ...none, rotate: 20 }, new Random(4));
    assert.deepEqual(views.shape, [8, 1, 20, 20]);
    assert.deepEqual(views.images.subarray(0, 800), batch.images);
    for (let view = 0; view < 6; view++)
      assert.equal(views.images[(2 + view) * 400], batch.images[view < 3 ? 0 : 400]);
  });
});
