/** A colour for light and for dark backgrounds, `#rrggbb`. */
export interface Color {
  light: string;
  dark: string;
}

/**
 * Colours of a run's networks in their order (teacher, undistilled students, distilled students), as far apart for colour-blind eyes as for
 * others and each at least 3 : 1 against its background. They are contributed to VS Code as `meddistill.network1` and so on, so that a
 * theme may change them.
 */
export const networkColors: readonly Color[] = [
  { light: '#0276f4', dark: '#5eafeb' },
  { light: '#b58c08', dark: '#fdda2e' },
  { light: '#a71787', dark: '#c4287a' },
  { light: '#05a470', dark: '#09f587' },
  { light: '#743103', dark: '#e43a0d' },
  { light: '#0604f9', dark: '#545bf6' },
  { light: '#601e30', dark: '#78f0e4' },
  { light: '#2a96d8', dark: '#b44842' },
];

/** Under this id VS Code knows the colour of a network, from 0. */
export const networkColorId = (index: number): string =>
  `meddistill.network${1 + (index % networkColors.length)}`;

/** Colours of terms of a loss, and of runs that are compared. */
export const seriesColors: readonly Color[] = [0, 4, 3, 2, 1, 5].map((n) => networkColors[n]);

/** Dashes in pixels, drawn and left out by turns; the first is a solid line. */
export const dashes: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [9, 3, 2, 3], [14, 4]];

/** Dark blue to yellow, its lightness rising evenly (after viridis, CC0). */
const sequential = [
  '#440154',
  '#472d7b',
  '#3b528b',
  '#2c728e',
  '#21918c',
  '#28ae80',
  '#5ec962',
  '#addc30',
  '#fde725',
];
/** Blue below, orange above, white between. */
const diverging = ['#08407e', '#2b7bba', '#86b9e0', '#f4f4f4', '#f3b06c', '#d8701a', '#7f3b08'];

/** The colour of a share 0..1 of a scale; what lies outside is clipped, and what is no number is grey. */
export function scaleColor(scale: 'sequential' | 'diverging', share: number): string {
  if (Number.isNaN(share)) return '#808080';
  const stops = scale === 'sequential' ? sequential : diverging;
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(at));
  return mix(stops[i], stops[i + 1], at - i);
}

/** `#rrggbb` to its three parts of 0..255. */
export const rgb = (color: string): [number, number, number] => [
  parseInt(color.slice(1, 3), 16),
  parseInt(color.slice(3, 5), 16),
  parseInt(color.slice(5, 7), 16),
];

/** The colour `share` of the way from `a` to `b`. */
export function mix(a: string, b: string, share: number): string {
  const [from, to] = [rgb(a), rgb(b)];
  return `#${from
    .map((v, i) =>
      Math.round(v + (to[i] - v) * share)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}
