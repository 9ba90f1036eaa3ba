import { networkColorId } from '../../engine/presentation/palette';

/** Colour as red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/**
 * Colours of classes on a grey image: those of Okabe and Ito, "Color Universal Design" (2008), which colour-blind people tell apart; first
 * those that look least like the colours of agreement, the dark blue last, since it is hard to see on black.
 */
const classColors: readonly Rgb[] = [
  [0, 158, 115],
  [240, 228, 66],
  [86, 180, 233],
  [213, 94, 0],
  [204, 121, 167],
  [230, 159, 0],
  [0, 114, 178],
];

/** The colour of class `index`, counted from 0: beyond the seven, hues in golden steps. */
export function classColor(index: number): Rgb {
  if (index < classColors.length) return classColors[index];
  const hue = ((index - classColors.length) * 137.508 + 20) % 360;
  const light = [0.62, 0.75, 0.5][index % 3];
  const channel = (shift: number) => {
    const k = (shift + hue / 30) % 12;
    const spread = 0.75 * Math.min(light, 1 - light);
    return Math.round(255 * (light - spread * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

/** How a pixel of a prediction relates to the reference; the value in a map of `agreement`. */
export const outcomes = ['both', 'onlyPrediction', 'onlyReference', 'otherClass'] as const;
export type Outcome = (typeof outcomes)[number];

/** The variable of a network's colour, by its number in the palette. */
export const networkColor = (index: number): string =>
  `--vscode-${networkColorId(index).replace('.', '-')}`;

/** Colour variables of the outcomes, and what stands in for them where a theme has none. */
export const outcomeColors: Record<Outcome, { variable: string; fallback: string }> = {
  both: { variable: '--vscode-meddistill-truePositive', fallback: '#648fff' },
  onlyPrediction: { variable: '--vscode-meddistill-falsePositive', fallback: '#ffb000' },
  onlyReference: { variable: '--vscode-meddistill-falseNegative', fallback: '#dc267f' },
  otherClass: { variable: '--vscode-meddistill-otherClass', fallback: '#ffffff' },
};

export const outcomeTitles: Record<Outcome, string> = {
  both: 'In both',
  onlyPrediction: 'Only predicted',
  onlyReference: 'Only in the reference',
  otherClass: 'Another class',
};

/** `#rrggbb`, also with alpha, or `rgb(...)` as colour; null of anything else. */
export function parseColor(text: string): Rgb | null {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(text);
  if (hex) return [parseInt(hex[1], 16), parseInt(hex[2], 16), parseInt(hex[3], 16)];
  const parts = /^rgba?\((\d+)[, ]+(\d+)[, ]+(\d+)/.exec(text);
  return parts ? [Number(parts[1]), Number(parts[2]), Number(parts[3])] : null;
}

/** The colour of an outcome in the theme that the page has now. */
export function themeColor(outcome: Outcome): Rgb {
  const { variable, fallback } = outcomeColors[outcome];
  const value = getComputedStyle(document.body).getPropertyValue(variable).trim();
  return parseColor(value) ?? parseColor(fallback)!;
}

export const cssColor = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;
