import assert from 'node:assert/strict';
import { alignCurves, smooth } from '../../../engine/presentation/curves';
import { Random } from '../../../engine/random';

const line = (n: number, f: (i: number) => number) => ({
  x: Float64Array.from({ length: n }, (_, i) => i),
  y: Float64Array.from({ length: n }, (_, i) => f(i)),
});

describe('smoothing', () => {
  it('keeps a constant, starts at the first point and leaves gaps', () => {
    assert.deepEqual(
      [...smooth(new Float64Array(5).fill(3), 0.9)].map((v) => v.toFixed(9)),
      new Array(5).fill('3.000000000'),
    );
    const [a, b, c, d] = smooth(Float64Array.from([2, NaN, 4, 4]), 0.5);
    assert.equal(a, 2);
    assert.ok(Number.isNaN(b));
    // (0.5 * 2 * 0.5 + 0.5 * 4) / 0.75
    assert.ok(Math.abs(c - 2.5 / 0.75) < 1e-12);
    assert.ok(d > c && d < 4);
  });

  it('changes nothing at factor 0', () => {
    assert.deepEqual([...smooth(Float64Array.from([1, 5, 2]), 0)], [1, 5, 2]);
  });
});

describe('decimation', () => {
  const random = new Random(3, 'curves');
  const noisy = line(100_000, (i) => Math.sin(i / 9000) + 0.1 * random.normal());

  it('keeps at most two points a bucket, and every bucket spans its extremes', () => {
    const spiked = { x: noisy.x, y: noisy.y.slice() };
    spiked.y[54_321] = 99;
    spiked.y[77_777] = -99;
    const { x, y } = alignCurves([spiked], null, 500);
    assert.equal(x.length, 1000);
    const values = y[0] as number[];
    assert.equal(Math.max(...values), 99);
    assert.equal(Math.min(...values), -99);
    for (let b = 0; b < 500; b++) {
      const part = spiked.y.subarray(b * 200, (b + 1) * 200);
      assert.ok(Math.min(...part) >= Math.min(values[2 * b], values[2 * b + 1]) - 1);
    }
  });

  it("keeps the order of a bucket's extremes", () => {
    const saw = line(4000, (i) => (i % 400) / 400);
    const { y } = alignCurves([saw], null, 10);
    for (let b = 0; b < 10; b++) assert.ok((y[0][2 * b] as number) < (y[0][2 * b + 1] as number));
  });

  it('shows single points again in a narrow range', () => {
    const { x, y } = alignCurves([noisy], [500, 600], 500);
    assert.deepEqual([x[0], x.at(-1), x.length], [499, 601, 103]);
    assert.equal(y[0][1], noisy.y[500]);
  });

  it('joins curves of different x, telling gaps from places without a point', () => {
    const { x, y } = alignCurves(
      [
        { x: Float64Array.of(0, 2, 4), y: Float64Array.of(1, NaN, 3) },
        { x: Float64Array.of(1, 2), y: Float64Array.of(5, 6) },
      ],
      null,
      100,
    );
    assert.deepEqual(x, [0, 1, 2, 4]);
    assert.deepEqual(y, [
      [1, undefined, null, 3],
      [undefined, 5, 6, undefined],
    ]);
  });

  it('keeps a gap, however many points a bucket has', () => {
    const broken = line(10_000, (i) => (i === 4321 ? NaN : 1));
    const { y } = alignCurves([broken], null, 100);
    assert.equal(y[0].filter((v) => v === null).length, 1);
    assert.equal(y[0].indexOf(null), 2 * 43 + 1);
  });

  it('takes no time that a person would notice', () => {
    const began = performance.now();
    for (let i = 0; i < 10; i++) alignCurves(new Array(14).fill(noisy), null, 1000);
    const each = (performance.now() - began) / 10;
    console.log(`      ${each.toFixed(1)} ms for 14 curves of 100,000 points`);
    assert.ok(each < 200);
  });
});
