import assert from 'node:assert/strict';
import { mix, networkColors, rgb, scaleColor, seriesColors } from '../../../engine/report/palette';
import { inkFor } from '../../../engine/report/svg';
import manifest from '../../../package.json';

const linear = (c: number) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const linearRgb = (hex: string) => rgb(hex).map((v) => linear(v / 255));
const luminance = (hex: string) => {
  const [r, g, b] = linearRgb(hex);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a: string, b: string) => {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
};

// Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
const eyes: Record<string, number[][] | null> = {
  'normal eyes': null,
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
};

/** CIELAB of what those eyes see, D65. */
function lab(hex: string, eye: number[][] | null): number[] {
  const seen = linearRgb(hex);
  const [r, g, b] = eye
    ? eye.map((row) =>
        Math.min(
          1,
          Math.max(
            0,
            row.reduce((s, m, i) => s + m * seen[i], 0),
          ),
        ),
      )
    : seen;
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const difference = (a: string, b: string, eye: number[][] | null) => {
  const [p, q] = [lab(a, eye), lab(b, eye)];
  return Math.hypot(...p.map((v, i) => v - q[i]));
};

describe('colours', () => {
  for (const theme of ['light', 'dark'] as const)
    for (const [name, eye] of Object.entries(eyes))
      it(`of networks and series are told apart on ${theme} by ${name}`, () => {
        for (const set of [Object.values(networkColors), seriesColors])
          for (const a of set)
            for (const b of set)
              if (a !== b) {
                const d = difference(a[theme], b[theme], eye);
                assert.ok(d > 25, `${a[theme]} and ${b[theme]} differ by ${d.toFixed(1)}`);
              }
      });

  it('stand out from their backgrounds by 3 : 1 or more, soft ones too', () => {
    for (const theme of ['light', 'dark'] as const) {
      const ink = inkFor(theme);
      for (const color of [...Object.values(networkColors), ...seriesColors])
        assert.ok(contrast(color[theme], ink.background) >= 3, color[theme]);
      for (const network of ['teacher', 'student'] as const) {
        const soft = ink.color({ kind: 'network', network, soft: true });
        assert.ok(contrast(soft, ink.background) >= 3);
        assert.notEqual(soft, ink.color({ kind: 'network', network }));
      }
    }
  });

  it('of the sequential scale rise in lightness', () => {
    const lightness = Array.from(
      { length: 21 },
      (_, i) => lab(scaleColor('sequential', i / 20), null)[0],
    );
    for (let i = 1; i < lightness.length; i++) assert.ok(lightness[i] > lightness[i - 1]);
  });

  it('of the diverging scale are lightest at 0 and clip at their ends', () => {
    assert.equal(scaleColor('diverging', 0.5), '#f4f4f4');
    assert.equal(scaleColor('diverging', 7), scaleColor('diverging', 1));
    assert.equal(scaleColor('diverging', NaN), '#808080');
    assert.equal(mix('#000000', '#ffffff', 0.5), '#808080');
  });

  it('are those that the manifest contributes', () => {
    const contributed =
      (
        manifest.contributes as {
          colors?: { id: string; defaults: { light: string; dark: string } }[];
        }
      ).colors ?? [];
    for (const [network, { light, dark }] of Object.entries(networkColors)) {
      const color = contributed.find(({ id }) => id === `meddistill.${network}`);
      assert.ok(color, `meddistill.${network} is missing`);
      assert.deepEqual([color.defaults.light, color.defaults.dark], [light, dark]);
    }
  });
});
