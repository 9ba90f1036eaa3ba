import assert from 'node:assert/strict';
import {
  mix,
  networkColorId,
  networkColors,
  rgb,
  scaleColor,
  seriesColors,
} from '../../../engine/presentation/palette';
import { networkMarker } from '../../../engine/presentation/charts';
import { inkFor } from '../../../engine/presentation/svg';
import manifest from '../../../package.json';
import { colorDistance, eyes, labOf, linear } from '../../color-vision';

const luminance = (hex: string) => {
  const [r, g, b] = rgb(hex).map(linear);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a: string, b: string) => {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
};

describe('colours', () => {
  for (const theme of ['light', 'dark'] as const)
    for (const name of ['normal eyes', 'protanopia', 'deuteranopia'] as const)
      it(`of networks and series are told apart on ${theme} by ${name}`, () => {
        for (const set of [networkColors, seriesColors])
          for (const a of set)
            for (const b of set)
              if (a !== b) {
                const d = colorDistance(rgb(a[theme]), rgb(b[theme]), eyes[name]);
                assert.ok(d > 25, `${a[theme]} and ${b[theme]} differ by ${d.toFixed(1)}`);
              }
      });

  it('of more networks than there are colours come with other markers', () => {
    const looks = Array.from({ length: 4 * networkColors.length }, (_, index) =>
      JSON.stringify([networkColors[index % networkColors.length], networkMarker(index)]),
    );
    assert.equal(new Set(looks).size, looks.length);
  });

  it('stand out from their backgrounds by 3 : 1 or more, soft ones too', () => {
    for (const theme of ['light', 'dark'] as const) {
      const ink = inkFor(theme);
      for (const color of [...networkColors, ...seriesColors])
        assert.ok(contrast(color[theme], ink.background) >= 3, color[theme]);
      for (const index of networkColors.keys()) {
        const soft = ink.color({ kind: 'network', index, soft: true });
        assert.ok(contrast(soft, ink.background) >= 3);
        assert.notEqual(soft, ink.color({ kind: 'network', index }));
      }
    }
  });

  it('of the sequential scale rise in lightness', () => {
    const lightness = Array.from(
      { length: 21 },
      (_, i) => labOf(rgb(scaleColor('sequential', i / 20)), eyes['normal eyes'])[0],
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
    for (const [index, { light, dark }] of networkColors.entries()) {
      const id = networkColorId(index);
      const color = contributed.find((other) => other.id === id);
      assert.ok(color, `${id} is missing`);
      assert.deepEqual([color.defaults.light, color.defaults.dark], [light, dark]);
    }
  });
});
