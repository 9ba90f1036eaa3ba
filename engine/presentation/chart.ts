import type { Points } from './curves';

/** Which colour a mark has, whatever the theme makes of it; `soft` is the same hue drawn towards the text's colour. */
export type ColorName =
  | { kind: 'network'; index: number; soft?: boolean }
  | { kind: 'series'; index: number }
  | { kind: 'text' };

export type Marker = 'circle' | 'square' | 'triangle' | 'diamond';

export interface Curve extends Points {
  /** Unique in its chart; also what a legend says. */
  name: string;
  color: ColorName;
  dash: readonly number[];
  /** Shape at each point; null: the line alone. */
  marker: Marker | null;
  /** The unsmoothed curve, drawn faintly behind. */
  raw?: Points['y'];
}

/** Part of the x axis with a name: a stage. */
export interface Band {
  from: number;
  to: number;
  title: string;
}

export interface LineChart {
  kind: 'lines';
  title: string;
  xTitle: string;
  yTitle: string;
  /** Logarithmic y axis; what is not above 0 is a gap. */
  log: boolean;
  curves: Curve[];
  bands: Band[];
}

export interface Heatmap {
  kind: 'heatmap';
  title: string;
  rows: string[];
  columns: string[];
  /** [row][column]; NaN where there is no edge. */
  values: number[][];
  scale: 'sequential' | 'diverging';
  range: [low: number, high: number];
  /** Lines between groups of so many rows and columns; 0: none. */
  group: number;
}

export interface ScatterPoint {
  x: number;
  y: number;
  title: string;
  color: ColorName;
  marker: Marker;
  /** Anchors are filled, their augmented views are outlines. */
  filled: boolean;
}

export interface Scatter {
  kind: 'scatter';
  title: string;
  xTitle: string;
  yTitle: string;
  points: ScatterPoint[];
  legend: { title: string; color: ColorName; marker: Marker; filled: boolean }[];
}

export type Chart = LineChart | Heatmap | Scatter;

/** A number for an axis or a legend: four significant digits, no trailing zeros. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '-';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3)
    return value
      .toExponential(2)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e');
  return String(Number(value.toPrecision(4)));
}
