import assert from 'node:assert/strict';
import manifest from '../../../package.json';
import {
  classColor,
  outcomeColors,
  outcomes,
  parseColor,
  type Rgb,
} from '../../../webviews/viewer/colors';

const linear = (c: number) =>
  c <= 0.04045 * 255 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;

/** Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB. */
const eyes: Record<string, number[][]> = {
  'normal eyes': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** CIE L*a*b* (D65) of a colour as these eyes see it. */
function lab(color: Rgb, eye: number[][]): number[] {
  const rgb = color.map(linear);
  const [r, g, b] = eye.map((row) =>
    Math.min(
      1,
      Math.max(
        0,
        row.reduce((sum, value, n) => sum + value * rgb[n], 0),
      ),
    ),
  );
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const distance = (one: Rgb, other: Rgb, eye: number[][]) => {
  const [p, q] = [lab(one, eye), lab(other, eye)];
  return Math.hypot(...p.map((value, n) => value - q[n]));
};

describe('the colours of agreement', () => {
  const colors = outcomes.map((outcome) => parseColor(outcomeColors[outcome].fallback)!);
  for (const [name, eye] of Object.entries(eyes))
    it(`are told apart by ${name}`, () => {
      for (const [n, one] of colors.entries())
        for (const other of colors.slice(n + 1)) assert.ok(distance(one, other, eye) > 40);
    });

  it('are those that the manifest contributes', () => {
    const contributed = new Map(
      manifest.contributes.colors.map(({ id, defaults }) => [id, defaults]),
    );
    for (const { variable, fallback } of Object.values(outcomeColors)) {
      const defaults = contributed.get(variable.replace('--vscode-meddistill-', 'meddistill.'))!;
      assert.equal(defaults.dark, fallback);
    }
  });
});

describe('the colours of classes', () => {
  it('are told apart from each other, the first four also by the colour-blind', () => {
    const colors = Array.from({ length: 40 }, (_, n) => classColor(n));
    assert.equal(new Set(colors.map(String)).size, 40);
    for (const eye of Object.values(eyes))
      for (let n = 0; n < 4; n++)
        for (let m = 0; m < n; m++) assert.ok(distance(colors[n], colors[m], eye) > 15);
    for (const color of colors) for (const part of color) assert.ok(part >= 0 && part <= 255);
  });
});

describe('parseColor', () => {
  it('reads what themes write', () => {
    assert.deepEqual(parseColor('#648fff'), [100, 143, 255]);
    assert.deepEqual(parseColor('#648fff80'), [100, 143, 255]);
    assert.deepEqual(parseColor('rgba(1, 2, 3, 0.5)'), [1, 2, 3]);
    assert.equal(parseColor('red'), null);
  });
});
