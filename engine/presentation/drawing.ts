import { range as integers, ticks, tickStep } from 'd3-array';
import {
  line,
  symbol,
  symbolCircle,
  symbolDiamond2,
  symbolSquare,
  symbolTriangle,
  type SymbolType,
} from 'd3-shape';
import type { Band, Curve, Heatmap, LineChart, Marker } from './chart';
import { alignCurves, type AlignedCurves } from './curves';
import { scaleColor } from './palette';

/** Room that a curve's markers need: beyond so many points they would run into one another. */
const mostMarkers = 400;

/** Radius of a curve's markers in pixels. */
export const markerRadius = 3.5;

/** A line to be drawn: a curve, or the unsmoothed one behind it. */
export interface Stroke {
  curve: Curve;
  /** It is the unsmoothed one. */
  raw: boolean;
  y: AlignedCurves['y'][number];
  /** Pixels. */
  width: number;
  opacity: number;
  dash: readonly number[];
  /** Shape at each point; null: none, or no room for them. */
  marker: Marker | null;
}

/**
 * The lines of a chart on one x axis, in the order in which they are drawn, at most about two points a pixel column.
 * `range`: the shown part of the axis; null: all.
 */
export function strokes(
  chart: LineChart,
  range: readonly [number, number] | null,
  columns: number,
): { x: number[]; lines: Stroke[] } {
  const parts = chart.curves.flatMap((curve) => [
    ...(curve.raw ? [{ curve, raw: true, points: { x: curve.x, y: curve.raw } }] : []),
    { curve, raw: false, points: curve },
  ]);
  const { x, y } = alignCurves(
    parts.map(({ points }) => points),
    range,
    columns,
    chart.log,
  );
  return {
    x,
    lines: parts.map(({ curve, raw }, i) => ({
      curve,
      raw,
      y: y[i],
      width: raw ? 1 : 1.75,
      opacity: raw ? 0.3 : 1,
      dash: raw ? [] : curve.dash,
      marker: raw || x.length > mostMarkers ? null : curve.marker,
    })),
  };
}

/** Where a value lies on an axis, in pixels. */
export type Scale = (value: number) => number;

/** The generator of a curve's path: broken where y is null, joined across places without a point of the curve. */
const curveLine = (x: readonly number[], y: Stroke['y'], toX: Scale, toY: Scale) =>
  line<number>()
    .digits(2)
    .defined((i) => y[i] !== null)
    .x((i) => toX(x[i]))
    .y((i) => toY(y[i]!));

const ownPoints = (y: Stroke['y']): number[] =>
  integers(y.length).filter((i) => y[i] !== undefined);

/** A curve as the data of an SVG path. */
export const curvePath = (x: readonly number[], y: Stroke['y'], toX: Scale, toY: Scale): string =>
  curveLine(x, y, toX, toY)(ownPoints(y)) ?? '';

/** A curve onto a canvas's path. */
export function traceCurve(
  path: CanvasPath,
  x: readonly number[],
  y: Stroke['y'],
  toX: Scale,
  toY: Scale,
): void {
  // Of a context, the generator uses what every path has.
  curveLine(x, y, toX, toY).context(path as CanvasRenderingContext2D)(ownPoints(y));
}

const symbols: Record<Marker, SymbolType> = {
  circle: symbolCircle,
  square: symbolSquare,
  triangle: symbolTriangle,
  diamond: symbolDiamond2,
};

/** A marker around the origin as the data of an SVG path; its area is about that of a circle of the radius. */
export const markerPath = (marker: Marker, radius: number): string =>
  symbol(symbols[marker], Math.PI * radius ** 2).digits(2)()!;

/** The bands that a range shows: where they begin and end in it, and whether their own beginning is among it. */
export const shownBands = (
  bands: readonly Band[],
  [low, high]: readonly [number, number],
): (Band & { begins: boolean })[] =>
  bands
    .filter(({ from, to }) => to > low && from < high)
    .map(({ from, to, title }) => ({
      title,
      from: Math.max(from, low),
      to: Math.min(to, high),
      begins: from > low,
    }));

/** The colour of a heatmap's value; the background's where there is no edge. */
export function cellColor(map: Heatmap, value: number, background: string): string {
  const [low, high] = map.range;
  return Number.isNaN(value)
    ? background
    : scaleColor(map.scale, (value - low) / (high - low || 1));
}

/** A range with some room at both ends, and never empty. */
export function padded([low, high]: readonly [number, number], log: boolean): [number, number] {
  if (log) return low === high ? [low / 2, high * 2] : [low / 1.15, high * 1.15];
  const room = 0.05 * (high - low) || 0.05 * Math.abs(low) || 0.5;
  return [low - room, high + room];
}

/** Round numbers from low to high, no closer than `count` equal steps would be. */
export function linearTicks(low: number, high: number, count: number): number[] {
  let about = count;
  while (tickStep(low, high, about) * count < high - low) about--;
  return ticks(low, high, about);
}

/** Powers of ten within the range; where there are fewer than two, also their multiples by 2 and 5. */
export function logTicks(low: number, high: number): number[] {
  const [from, to] = [Math.log10(low), Math.log10(high)];
  const decades = integers(Math.ceil(from), Math.floor(to) + 1, Math.ceil((to - from) / 6) || 1);
  if (decades.length >= 2) return decades.map((p) => Number(`1e${p}`));
  return integers(Math.floor(from), Math.floor(to) + 1)
    .flatMap((p) => [1, 2, 5].map((f) => Number(`${f}e${p}`)))
    .filter((v) => v >= low && v <= high);
}
