import { extent } from 'd3-array';
import {
  formatNumber,
  type Chart,
  type ColorName,
  type Curve,
  type Heatmap,
  type LineChart,
  type Marker,
  type Scatter,
} from './chart';
import {
  cellColor,
  curvePath,
  linearTicks,
  logTicks,
  markerPath,
  markerRadius,
  padded,
  shownBands,
  strokes,
} from './drawing';
import { mix, networkColors, scaleColor, seriesColors } from './palette';
import { oneLine, withoutControls } from './plain-text';

/** What a drawing takes from the theme. */
export interface Ink {
  background: string;
  text: string;
  grid: string;
  color(name: ColorName): string;
}

/** Ink for paper, and for dark screens. */
export function inkFor(theme: 'light' | 'dark'): Ink {
  const text = theme === 'light' ? '#1f1f1f' : '#e0e0e0';
  return {
    background: theme === 'light' ? '#ffffff' : '#1e1e1e',
    text,
    grid: theme === 'light' ? '#d8d8d8' : '#404040',
    color: (name) => {
      if (name.kind === 'text') return text;
      if (name.kind === 'series') return seriesColors[name.index % seriesColors.length][theme];
      const color = networkColors[name.index % networkColors.length][theme];
      return name.soft ? mix(color, text, softShare) : color;
    },
  };
}

/** How far a soft colour lies towards the text's. */
export const softShare = 0.4;

export interface SvgOptions {
  ink: Ink;
  width: number;
  height: number;
  /** Shown part of the x axis; null: all. */
  range?: readonly [number, number] | null;
}

/** A chart as a self-contained SVG document: no style sheet, no script, readable to screen readers by its title. */
export function chartSvg(chart: Chart, o: SvgOptions): string {
  const body =
    chart.kind === 'lines'
      ? linesBody(chart, o)
      : chart.kind === 'heatmap'
        ? heatmapBody(chart, o)
        : scatterBody(chart, o);
  const { width, height, ink } = o;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui, 'Segoe UI', sans-serif" font-size="11">`,
    `<title>${escapeXml(chart.title)}</title>`,
    `<rect width="${width}" height="${height}" fill="${ink.background}"/>`,
    text(width / 2, 16, chart.title, ink.text, { anchor: 'middle', size: 13, bold: true }),
    ...body,
    '</svg>',
  ].join('\n');
}

const margin = { left: 58, right: 14, top: 28, bottom: 38 };

interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

function linesBody(chart: LineChart, o: SvgOptions): string[] {
  const { ink } = o;
  const rows = legendRows(chart.curves, o.width - margin.left - margin.right);
  const frame: Frame = {
    left: margin.left,
    top: margin.top,
    width: o.width - margin.left - margin.right,
    height: o.height - margin.top - margin.bottom - rows.length * legendLine,
  };
  const { x, lines } = strokes(chart, o.range ?? null, Math.round(frame.width));
  const [first = 0, last = 1] = extent(x);
  const range = o.range ?? [first, last];
  const [least = chart.log ? 0.1 : 0, greatest = 1] = extent(
    lines.flatMap(({ y }) => y.filter((_, i) => x[i] >= range[0] && x[i] <= range[1])),
    (v) => v,
  );
  const values = padded([least, greatest], chart.log);
  const toX = (v: number) =>
    frame.left + ((v - range[0]) / (range[1] - range[0] || 1)) * frame.width;
  const scale = chart.log ? Math.log10 : (v: number) => v;
  const [low, high] = values.map(scale);
  const toY = (v: number) => frame.top + frame.height * (1 - (scale(v) - low) / (high - low || 1));
  const clip = `clip-${Math.abs(hash(chart.title))}`;
  const drawn = lines.flatMap(({ curve, y, width, opacity, dash, marker }) => {
    const color = ink.color(curve.color);
    return [
      `<path d="${curvePath(x, y, toX, toY)}" fill="none" stroke="${color}" stroke-width="${width}" stroke-linejoin="round"${opacity < 1 ? ` stroke-opacity="${opacity}"` : ''}${dashed(dash)}/>`,
      ...(marker
        ? y.flatMap((v, i) =>
            typeof v === 'number'
              ? [markerSvg(marker, toX(x[i]), toY(v), markerRadius, color, true)]
              : [],
          )
        : []),
    ];
  });
  return [
    ...shownBands(chart.bands, range).flatMap(({ from, to, title, begins }) => [
      ...(begins
        ? [line(toX(from), frame.top, toX(from), frame.top + frame.height, ink.grid, [3, 3])]
        : []),
      // A title that does not fit its stage is left out.
      ...(toX(to) - toX(from) > 5.5 * title.length + 6
        ? [text(toX(from) + 4, frame.top + 11, title, ink.text, { size: 10, opacity: 0.7 })]
        : []),
    ]),
    ...axes(frame, ink, {
      x: linearTicks(range[0], range[1], Math.max(2, frame.width / 90)).map((v) => [toX(v), v]),
      y: (chart.log
        ? logTicks(values[0], values[1])
        : linearTicks(values[0], values[1], Math.max(2, frame.height / 45))
      ).map((v) => [toY(v), v]),
      xTitle: chart.xTitle,
      yTitle: chart.yTitle,
    }),
    `<clipPath id="${clip}"><rect x="${frame.left}" y="${frame.top - 4}" width="${frame.width}" height="${frame.height + 8}"/></clipPath>`,
    `<g clip-path="url(#${clip})">`,
    ...drawn,
    '</g>',
    ...rows.flatMap((row, r) =>
      row.flatMap(({ curve, at }) => {
        const top = o.height - (rows.length - r) * legendLine + 4;
        return [
          ...curveSample(curve, ink, at, top),
          text(at + sampleWidth + 4, top + 4, curve.name, ink.text),
        ];
      }),
    ),
  ];
}

const sampleWidth = 24;

/** A short stretch of a curve from (x, y) to the right, for a legend. */
function curveSample(curve: Curve, ink: Ink, x: number, y: number): string[] {
  const color = ink.color(curve.color);
  return [
    line(x, y, x + sampleWidth, y, color, curve.dash, 2),
    ...(curve.marker
      ? [markerSvg(curve.marker, x + sampleWidth / 2, y, markerRadius, color, true)]
      : []),
  ];
}

/** A curve's stretch for a legend outside the drawing, as an SVG document. */
export const swatchSvg = (curve: Curve, ink: Ink): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${sampleWidth}" height="12" aria-hidden="true">`,
    ...curveSample(curve, ink, 0, 6),
    '</svg>',
  ].join('');

const legendLine = 17;

/** Legend entries in rows no wider than `width`. */
function legendRows(curves: readonly Curve[], width: number): { curve: Curve; at: number }[][] {
  const rows: { curve: Curve; at: number }[][] = [];
  let at = Infinity;
  for (const curve of curves) {
    const size = 40 + 6.2 * curve.name.length;
    if (at + size > margin.left + width) {
      rows.push([]);
      at = margin.left;
    }
    rows.at(-1)!.push({ curve, at });
    at += size;
  }
  return rows;
}

function heatmapBody(chart: Heatmap, o: SvgOptions): string[] {
  const { ink } = o;
  const rows = chart.values.length;
  const columns = chart.values[0]?.length ?? 0;
  const space: Frame = { left: 44, top: 28, width: o.width - 44 - 64, height: o.height - 28 - 30 };
  const cell = Math.min(space.width / columns, space.height / rows);
  const [low, high] = chart.range;
  const cells = chart.values.flatMap((row, r) =>
    row.map(
      (v, c) =>
        `<rect x="${short(space.left + c * cell)}" y="${short(space.top + r * cell)}" width="${short(cell + 0.3)}" height="${short(cell + 0.3)}" fill="${cellColor(chart, v, ink.background)}"><title>${escapeXml(`${chart.rows[r]}, ${chart.columns[c]}: ${formatNumber(v)}`)}</title></rect>`,
    ),
  );
  const group = chart.group;
  const lines = group
    ? [
        ...Array.from({ length: Math.max(0, Math.ceil(rows / group) - 1) }, (_, i) => {
          const y = space.top + (i + 1) * group * cell;
          return line(space.left, y, space.left + columns * cell, y, ink.background);
        }),
        ...Array.from({ length: Math.max(0, Math.ceil(columns / group) - 1) }, (_, i) => {
          const x = space.left + (i + 1) * group * cell;
          return line(x, space.top, x, space.top + rows * cell, ink.background);
        }),
      ]
    : [];
  const bar = { x: space.left + columns * cell + 14, height: Math.max(60, rows * cell) };
  const steps = 32;
  return [
    ...cells,
    ...lines,
    ...Array.from(
      { length: steps },
      (_, i) =>
        `<rect x="${short(bar.x)}" y="${short(space.top + (i * bar.height) / steps)}" width="10" height="${short(bar.height / steps + 0.5)}" fill="${scaleColor(chart.scale, 1 - (i + 0.5) / steps)}"/>`,
    ),
    text(bar.x + 14, space.top + 9, formatNumber(high), ink.text, { size: 10 }),
    text(bar.x + 14, space.top + bar.height, formatNumber(low), ink.text, { size: 10 }),
    text(space.left - 4, space.top + 10, chart.rows[0] ?? '', ink.text, { anchor: 'end', size: 9 }),
    ...(rows > 1
      ? [
          text(space.left - 4, space.top + rows * cell - 2, chart.rows[rows - 1], ink.text, {
            anchor: 'end',
            size: 9,
          }),
        ]
      : []),
    text(space.left, space.top + rows * cell + 12, chart.columns[0] ?? '', ink.text, { size: 9 }),
    ...(columns > 1
      ? [
          text(
            space.left + columns * cell,
            space.top + rows * cell + 12,
            chart.columns[columns - 1],
            ink.text,
            { anchor: 'end', size: 9 },
          ),
        ]
      : []),
  ];
}

function scatterBody(chart: Scatter, o: SvgOptions): string[] {
  const { ink } = o;
  const perRow = Math.max(1, Math.floor((o.width - margin.left - margin.right) / 150));
  const legendHeight = Math.ceil(chart.legend.length / perRow) * legendLine;
  const frame: Frame = {
    left: margin.left,
    top: margin.top,
    width: o.width - margin.left - margin.right,
    height: o.height - margin.top - margin.bottom - legendHeight,
  };
  const [left = -1, right = 1] = extent(chart.points, (p) => p.x);
  const [lowest = -1, highest = 1] = extent(chart.points, (p) => p.y);
  const [xs, ys] = [padded([left, right], false), padded([lowest, highest], false)];
  // One scale for both axes: distances are what is to be seen.
  const unit = Math.min(frame.width / (xs[1] - xs[0]), frame.height / (ys[1] - ys[0]));
  const centre = { x: (xs[0] + xs[1]) / 2, y: (ys[0] + ys[1]) / 2 };
  const toX = (v: number) => frame.left + frame.width / 2 + (v - centre.x) * unit;
  const toY = (v: number) => frame.top + frame.height / 2 - (v - centre.y) * unit;
  const half = { x: frame.width / 2 / unit, y: frame.height / 2 / unit };
  return [
    ...axes(frame, ink, {
      x: linearTicks(centre.x - half.x, centre.x + half.x, Math.max(2, frame.width / 90)).map(
        (v) => [toX(v), v],
      ),
      y: linearTicks(centre.y - half.y, centre.y + half.y, Math.max(2, frame.height / 45)).map(
        (v) => [toY(v), v],
      ),
      xTitle: chart.xTitle,
      yTitle: chart.yTitle,
    }),
    ...chart.points.map((p) =>
      markerSvg(
        p.marker,
        toX(p.x),
        toY(p.y),
        p.filled ? 5 : 4,
        ink.color(p.color),
        p.filled,
        p.title,
      ),
    ),
    ...chart.legend.flatMap((entry, i) => {
      const x = frame.left + (i % perRow) * 150;
      const y = o.height - legendHeight + Math.floor(i / perRow) * legendLine + 6;
      return [
        markerSvg(
          entry.marker,
          x + 6,
          y,
          entry.filled ? 5 : 4,
          ink.color(entry.color),
          entry.filled,
        ),
        text(x + 16, y + 4, entry.title, ink.text),
      ];
    }),
  ];
}

interface Axes {
  x: (readonly [at: number, value: number])[];
  y: (readonly [at: number, value: number])[];
  xTitle: string;
  yTitle: string;
}

function axes(frame: Frame, ink: Ink, a: Axes): string[] {
  const bottom = frame.top + frame.height;
  return [
    ...a.y.flatMap(([at, value]) => [
      line(frame.left, at, frame.left + frame.width, at, ink.grid),
      text(frame.left - 6, at + 4, formatNumber(value), ink.text, { anchor: 'end', size: 10 }),
    ]),
    ...a.x.flatMap(([at, value]) => [
      line(at, bottom, at, bottom + 4, ink.grid),
      text(at, bottom + 15, formatNumber(value), ink.text, { anchor: 'middle', size: 10 }),
    ]),
    line(frame.left, bottom, frame.left + frame.width, bottom, ink.text),
    text(frame.left + frame.width / 2, bottom + 30, a.xTitle, ink.text, { anchor: 'middle' }),
    `<text transform="translate(14 ${short(frame.top + frame.height / 2)}) rotate(-90)" text-anchor="middle" fill="${ink.text}">${escapeXml(a.yTitle)}</text>`,
  ];
}

/** A marker around (x, y) of about radius r. */
function markerSvg(
  marker: Marker,
  x: number,
  y: number,
  r: number,
  color: string,
  filled: boolean,
  title?: string,
): string {
  const paint = filled ? `fill="${color}"` : `fill="none" stroke="${color}" stroke-width="1.5"`;
  const inside = title ? `<title>${escapeXml(title)}</title>` : '';
  return `<path transform="translate(${short(x)} ${short(y)})" d="${markerPath(marker, r)}" ${paint}>${inside}</path>`;
}

function text(
  x: number,
  y: number,
  content: string,
  fill: string,
  o: { anchor?: 'middle' | 'end'; size?: number; bold?: boolean; opacity?: number } = {},
): string {
  const attributes = [
    o.anchor ? ` text-anchor="${o.anchor}"` : '',
    o.size ? ` font-size="${o.size}"` : '',
    o.bold ? ' font-weight="600"' : '',
    o.opacity ? ` fill-opacity="${o.opacity}"` : '',
  ].join('');
  return `<text x="${short(x)}" y="${short(y)}" fill="${fill}"${attributes}>${escapeXml(oneLine(content))}</text>`;
}

function line(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  stroke: string,
  dash: readonly number[] = [],
  width = 1,
): string {
  return `<line x1="${short(x1)}" y1="${short(y1)}" x2="${short(x2)}" y2="${short(y2)}" stroke="${stroke}" stroke-width="${width}"${dashed(dash)}/>`;
}

const dashed = (dash: readonly number[]): string =>
  dash.length ? ` stroke-dasharray="${dash.join(' ')}"` : '';

const short = (v: number): string => String(Math.round(v * 100) / 100);

/** Text for XML and HTML, also inside attributes; without characters that XML cannot have. */
export const escapeXml = (s: string): string =>
  withoutControls(s).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** A number from a text, to tell the clips of several charts in one page apart. */
function hash(s: string): number {
  let h = 0;
  for (const c of s) h = (Math.imul(h, 31) + c.codePointAt(0)!) | 0;
  return h;
}
