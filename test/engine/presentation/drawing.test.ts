import assert from 'node:assert/strict';
import type { Curve, LineChart } from '../../../engine/presentation/chart';
import {
  curvePath,
  linearTicks,
  logTicks,
  markerPath,
  shownBands,
  strokes,
  traceCurve,
} from '../../../engine/presentation/drawing';

const same = (v: number) => v;

describe('a curve', () => {
  const x = [0, 1, 2, 3, 4];
  const y = [5, undefined, 7, null, 9.126];

  it('is broken at gaps, and joined over places without a point', () => {
    assert.equal(curvePath(x, y, same, same), 'M0,5L2,7M4,9.13Z');
    assert.equal(curvePath(x, [null, undefined, null, null, null], same, same), '');
  });

  it('is the same line on a canvas as in an SVG', () => {
    const calls: string[] = [];
    const path = {
      moveTo: (a: number, b: number) => calls.push(`M${a},${b}`),
      lineTo: (a: number, b: number) => calls.push(`L${a},${b}`),
      closePath: () => calls.push('Z'),
    };
    traceCurve(path as unknown as CanvasPath, x, y, same, same);
    assert.equal(calls.join('').replace('9.126', '9.13'), curvePath(x, y, same, same));
  });
});

describe('the lines of a chart', () => {
  const curve = (points: number, raw: boolean): Curve => ({
    name: `${points}`,
    x: Float64Array.from({ length: points }, (_, i) => i),
    y: new Float64Array(points).fill(2),
    color: { kind: 'text' },
    dash: [3, 1],
    marker: 'square',
    ...(raw ? { raw: new Float64Array(points).fill(1) } : {}),
  });
  const chart = (...curves: Curve[]): LineChart => ({
    kind: 'lines',
    title: '',
    xTitle: '',
    yTitle: '',
    log: false,
    curves,
    bands: [],
  });

  it('have the raw curve faint, solid and without markers before the smoothed one', () => {
    const { x, lines } = strokes(chart(curve(3, true), curve(3, false)), null, 100);
    assert.deepEqual(x, [0, 1, 2]);
    assert.deepEqual(
      lines.map(({ raw, y, dash, marker }) => [raw, y[0], dash.length, marker]),
      [
        [true, 1, 0, null],
        [false, 2, 2, 'square'],
        [false, 2, 2, 'square'],
      ],
    );
    assert.ok(lines[0].opacity < 1 && lines[0].width < lines[1].width);
  });

  it('have markers only where there is room', () => {
    assert.equal(strokes(chart(curve(400, false)), null, 1000).lines[0].marker, 'square');
    assert.equal(strokes(chart(curve(401, false)), null, 1000).lines[0].marker, null);
  });
});

describe('markers', () => {
  it('differ in shape and lie around the origin', () => {
    const paths = (['circle', 'square', 'triangle', 'diamond'] as const).map((marker) =>
      markerPath(marker, 3.5),
    );
    assert.equal(new Set(paths).size, 4);
    for (const path of paths)
      for (const number of path.match(/-?\d+(\.\d+)?/g)!) assert.ok(Math.abs(Number(number)) < 7);
  });
});

describe('stages', () => {
  it('are cut to what is shown, and left out beyond it', () => {
    const bands = [
      { from: 0, to: 10, title: 'a' },
      { from: 10, to: 20, title: 'b' },
      { from: 20, to: 30, title: 'c' },
    ];
    assert.deepEqual(shownBands(bands, [5, 20]), [
      { from: 5, to: 10, title: 'a', begins: false },
      { from: 10, to: 20, title: 'b', begins: true },
    ]);
  });
});

describe('ticks', () => {
  it('lie within the range, no closer than asked', () => {
    for (const [low, high] of [
      [0, 1],
      [-3, 17],
      [1e-7, 3e-7],
      [123_456, 123_499],
    ])
      for (const count of [2, 3.7, 5, 8]) {
        const found = linearTicks(low, high, count);
        assert.ok(found.length <= count + 1, `${low} ${high} ${count}: ${found.length}`);
        for (const v of found) assert.ok(v >= low && v <= high);
      }
  });

  it('of a logarithmic axis are powers of ten, some left out where there are many', () => {
    assert.deepEqual(logTicks(1, 100), [1, 10, 100]);
    assert.deepEqual(logTicks(2, 2), [2]);
    assert.ok(logTicks(1e-12, 1e12).length <= 7);
  });
});
