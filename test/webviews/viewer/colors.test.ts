import assert from 'node:assert/strict';
import manifest from '../../../package.json';
import { classColor, outcomeColors, outcomes, parseColor } from '../../../webviews/viewer/colors';
import { colorDistance, eyes } from '../../color-vision';

describe('the colours of agreement', () => {
  const colors = outcomes.map((outcome) => parseColor(outcomeColors[outcome].fallback)!);
  for (const [name, eye] of Object.entries(eyes))
    it(`are told apart by ${name}`, () => {
      for (const [n, one] of colors.entries())
        for (const other of colors.slice(n + 1)) assert.ok(colorDistance(one, other, eye) > 40);
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
        for (let m = 0; m < n; m++) assert.ok(colorDistance(colors[n], colors[m], eye) > 15);
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
