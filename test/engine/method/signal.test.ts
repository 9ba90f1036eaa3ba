import assert from 'node:assert/strict';
import { exchangeOf, signalFaults, vectorSignal } from '../../../engine/method/gkd/signal';
import type { Signal } from '../../../engine/contract/signal';
import { Random } from '../../../engine/random';

const images = 8;
const views = 3;
const k = 16;
const rows = images * (1 + views);
const imageOf = (row: number) => (row < images ? row : Math.floor((row - images) / views));

/** Vectors that are their image's, up to so much noise. */
function vectorsOf(key: string, noise: number, common = 0): Float64Array[] {
  const image = Array.from({ length: images }, (_, i) => {
    const random = new Random('image', i);
    return Float64Array.from({ length: k }, () => random.normal());
  });
  const random = new Random(key);
  return Array.from({ length: rows }, (_, row) =>
    image[imageOf(row)].map((x) => x + common + noise * random.normal()),
  );
}

describe('the signal of vectors', () => {
  it('is full where student and teacher share a frame, whatever all vectors have in common', () => {
    const s = vectorSignal(vectorsOf('t', 0.1), vectorsOf('s', 0.1, 50), images, 0.1);
    assert.ok(s.cosine.sameView > 0.95, `${s.cosine.sameView}`);
    assert.ok(s.cosine.sameImage > 0.95);
    assert.ok(Math.abs(s.cosine.otherImage) < 0.2);
    assert.deepEqual(s.retrieval, { share: 1, chance: 1 / images });
    assert.deepEqual([s.images, s.views], [images, views]);
  });

  it('is empty where the student has a frame of its own', () => {
    const other = vectorsOf('s', 0.1).map((v) =>
      v.map((_, i) => v[(i + 5) % k] * (i % 2 ? 1 : -1)),
    );
    const s = vectorSignal(vectorsOf('t', 0.1), other, images, 0.1);
    assert.ok(s.retrieval.share < 0.5);
    assert.ok(s.cosine.sameView < 0.4);
  });

  it('says by entropy 1 that rows prefer nothing, where all vectors are alike', () => {
    const alike = vectorsOf('a', 0.001, 1000);
    const s = vectorSignal(alike, vectorsOf('s', 0.1), images, 0.1);
    assert.ok(s.entropy.intra.teacher > 0.9999 && s.entropy.inter.teacher > 0.9999);
    assert.ok(s.entropy.inter.student < 0.9);
    assert.ok(s.spread.teacher < 1e-3 && s.spread.student > 0.5);
  });

  it('has the entropy and the spread of a case counted by hand', () => {
    // Two images with two views each, in one plane: the first views are the image, the second at right angles.
    const of = (x: number, y: number) => Float64Array.of(x, y);
    const v = [of(1, 0), of(0, 1), of(1, 0), of(0, 1), of(0, 1), of(1, 0)];
    const s = vectorSignal(v, v, 2, 1);
    const p = Math.E / (Math.E + 1);
    const intra = -(p * Math.log(p) + (1 - p) * Math.log(1 - p)) / Math.log(2);
    assert.ok(Math.abs(s.entropy.intra.teacher - intra) < 1e-12);
    // Each is 1/2 from the mean in both numbers: 6 * 1/2 / 5.
    assert.ok(Math.abs(s.spread.teacher - 0.6) < 1e-12);
  });
});

describe('the exchange of vectors', () => {
  const random = () => new Random('flips');
  const noise = new Random('noise');
  const base = Array.from({ length: 16 }, () => 1 + 0.3 * noise.normal());

  it('is noticed where own vectors are nearer, image by image', () => {
    const other = base.map((x) => x + 0.05 + 0.01 * noise.normal());
    const e = exchangeOf(base, other, other, random());
    assert.ok(e.own < e.other && e.p < 0.001, `${e.p}`);
  });

  it('is not where the difference is noise, and not where own is farther', () => {
    const other = base.map((x) => x + 0.05 * noise.normal());
    assert.ok(exchangeOf(base, other, other, random()).p > 0.05);
    const nearer = base.map((x) => x - 0.05);
    assert.ok(exchangeOf(base, nearer, nearer, random()).p > 0.95);
  });

  it('is significant by chance as often as it says', () => {
    let found = 0;
    for (let n = 0; n < 200; n++) {
      const draws = new Random('null', n);
      const [own, other] = [0, 1].map(() => Array.from({ length: 12 }, () => draws.normal()));
      if (exchangeOf(own, other, other, new Random('flips', n)).p <= 0.05) found++;
    }
    assert.ok(found > 2 && found < 22, `${found} of 200`);
  });
});

describe('what is said of a signal', () => {
  const good: Signal = {
    images: 16,
    views: 4,
    cosine: { sameView: 0.4, sameImage: 0.35, otherImage: 0 },
    retrieval: { share: 0.4, chance: 1 / 16 },
    entropy: { intra: { teacher: 0.8, student: 0.7 }, inter: { teacher: 0.7, student: 0.7 } },
    spread: { teacher: 0.8, student: 0.8 },
    exchange: {
      studentToTeacher: { own: 0.01, other: 0.02, mean: 0.015, p: 0.001 },
      teacherToStudent: { own: 0.1, other: 0.1, mean: 0.1, p: 0.5 },
    },
  };

  it('is nothing where all is well', () => {
    assert.deepEqual(signalFaults(good), []);
  });

  it('names the part that carries nothing, its figure and what to change', () => {
    const faults = signalFaults({
      ...good,
      retrieval: { share: 0.07, chance: 1 / 16 },
      entropy: { ...good.entropy, inter: { teacher: 0.999, student: 0.9 } },
      exchange: {
        ...good.exchange,
        studentToTeacher: { own: 0.00579, other: 0.00587, mean: 0.00584, p: 0.31 },
      },
    });
    assert.equal(faults.length, 3);
    assert.match(faults[0], /0\.070 find their own .* by chance 0\.063.*training\.stages\.act/);
    assert.match(faults[1], /inter-coupling graph .* 0\.999 .*method\.temperature/);
    assert.match(faults[2], /0\.00579 with an image's own, 0\.00587 with another's \(p = 0\.310\)/);
  });
});
