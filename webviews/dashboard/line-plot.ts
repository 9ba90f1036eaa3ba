import uPlot from 'uplot';
import { formatNumber, type LineChart } from '../../engine/presentation/chart';
import {
  linearTicks,
  logTicks,
  markerPath,
  markerRadius,
  padded,
  shownBands,
  strokes,
  traceCurve,
  type Stroke,
} from '../../engine/presentation/drawing';
import type { Ink } from '../../engine/presentation/svg';

/** What a plot shows of a chart. */
export interface PlotContent {
  chart: LineChart;
  /** Names of curves that are switched off. */
  hidden: ReadonlySet<string>;
  /** Shown part of the x axis; null: all. */
  range: readonly [number, number] | null;
  /** CSS pixels. */
  width: number;
}

export interface PlotEvents {
  onCursor: () => void;
  /** A part of the x axis was chosen by dragging; null: all, by a double click. */
  onZoom: (range: [number, number] | null) => void;
}

/** Height of every plot in CSS pixels. */
export const plotHeight = 260;

/** Curves with axes and stages on a canvas, and a cursor over them. Style and axes stay; points, part and width may change. */
export class LinePlot {
  /** What is drawn, at the plot's resolution; the cursor's index counts in `x`. */
  x: number[] = [];
  lines: Stroke[] = [];
  private readonly plot: uPlot;

  constructor(
    host: HTMLElement,
    private content: PlotContent,
    private readonly ink: Ink,
    events: PlotEvents,
  ) {
    const points = this.align();
    this.plot = new uPlot(this.options(content, events), points, host);
  }

  /** The same chart with other points, another part or another width. */
  update(content: PlotContent): void {
    this.content = content;
    if (this.plot.width !== content.width)
      this.plot.setSize({ width: content.width, height: plotHeight });
    this.plot.setData(this.align(), true);
  }

  /** Switches a curve on or off. */
  toggle(name: string, show: boolean): void {
    this.lines.forEach(({ curve }, i) => {
      if (curve.name === name) this.plot.setSeries(i + 1, { show });
    });
  }

  destroy(): void {
    this.plot.destroy();
  }

  /** Index of the point under the cursor; null where there is no cursor. */
  get cursor(): number | null {
    return this.plot.cursor.idx ?? null;
  }

  moveCursor(index: number): void {
    const top = this.plot.over.clientHeight / 2;
    this.plot.setCursor({ left: this.plot.valToPos(this.x[index], 'x'), top });
  }

  /** The part of the x axis that is seen; null where there is none. */
  get range(): readonly [number, number] | null {
    const { min, max } = this.plot.scales['x'];
    return min === undefined || max === undefined ? null : [min, max];
  }

  private align(): uPlot.AlignedData {
    const { chart, range, width } = this.content;
    const { x, lines } = strokes(chart, range, Math.max(100, width));
    this.x = x;
    this.lines = lines;
    return [x, ...lines.map(({ y }) => y)];
  }

  private options(
    { chart, hidden, width }: PlotContent,
    { onCursor, onZoom }: PlotEvents,
  ): uPlot.Options {
    const { ink } = this;
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const axis: uPlot.Axis = {
      stroke: ink.text,
      font,
      labelFont: font,
      labelSize: 18,
      grid: { stroke: ink.grid, width: 1 },
      ticks: { stroke: ink.grid, width: 1, size: 4 },
      values: (_, ticks) => ticks.map((v: number | null) => (v === null ? '' : formatNumber(v))),
    };
    return {
      width,
      height: plotHeight,
      legend: { show: false },
      padding: [10, 18, 0, 0],
      cursor: {
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
        bind: { dblclick: () => () => (onZoom(null), null) },
      },
      scales: {
        x: { time: false, range: (_u, low, high) => this.xRange(low, high) },
        y: {
          distr: chart.log ? 3 : 1,
          range: (_u, low, high) =>
            low === null || !Number.isFinite(low) ? [0.1, 1] : padded([low, high], chart.log),
        },
      },
      axes: [
        { ...axis, label: chart.xTitle, size: 30 },
        {
          ...axis,
          label: chart.yTitle,
          size: 52,
          splits: (_u, _axis, low, high) =>
            chart.log ? logTicks(low, high) : linearTicks(low, high, 5),
        },
      ],
      series: [
        {},
        ...this.lines.map(({ curve, width, opacity, dash }): uPlot.Series => ({
          label: curve.name,
          show: !hidden.has(curve.name),
          stroke: ink.color(curve.color),
          width,
          alpha: opacity,
          dash: [...dash],
          points: { show: false },
          paths: (u, index) => this.linePath(u, index),
        })),
      ],
      hooks: {
        setSelect: [
          (u) => {
            const { left, width } = u.select;
            if (width < 4) return;
            onZoom([u.posToVal(left, 'x'), u.posToVal(left + width, 'x')]);
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
        setCursor: [onCursor],
        drawAxes: [(u) => this.drawBands(u)],
        drawSeries: [(u, index) => this.drawMarkers(u, index)],
      },
    };
  }
  private xRange(low: number | null, high: number | null): [number, number] {
    const { range } = this.content;
    if (range) return [...range];
    if (low === null || high === null) return [0, 1];
    return low === high ? [low - 1, high + 1] : [low, high];
  }

  /**
   * A line, broken where there is a gap. The library's own clips gaps out of an unbroken line instead, which leaves a hair where a gap
   * is narrower than a pixel.
   */
  private linePath(u: uPlot, index: number): uPlot.Series.Paths {
    const stroke = new Path2D();
    traceCurve(
      stroke,
      this.x,
      this.lines[index - 1].y,
      (v) => u.valToPos(v, 'x', true),
      (v) => u.valToPos(v, 'y', true),
    );
    return { stroke };
  }

  private drawBands(u: uPlot): void {
    const { range } = this;
    if (!range) return;
    const { ctx, bbox } = u;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = this.ink.grid;
    ctx.fillStyle = this.ink.text;
    ctx.globalAlpha = 0.75;
    ctx.font = `${10 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'top';
    ctx.setLineDash([3 * ratio, 3 * ratio]);
    for (const { from, to, title, begins } of shownBands(this.content.chart.bands, range)) {
      const [left, right] = [from, to].map((v) => u.valToPos(v, 'x', true));
      if (begins) {
        ctx.beginPath();
        ctx.moveTo(left, bbox.top);
        ctx.lineTo(left, bbox.top + bbox.height);
        ctx.stroke();
      }
      if (ctx.measureText(title).width + 6 * ratio < right - left)
        ctx.fillText(title, left + 4 * ratio, bbox.top + 2 * ratio);
    }
    ctx.restore();
  }

  private drawMarkers(u: uPlot, index: number): void {
    const { curve, marker, y } = this.lines[index - 1];
    if (!marker || !u.series[index].show) return;
    const { ctx, bbox } = u;
    const radius = markerRadius * devicePixelRatio;
    const shape = new Path2D(markerPath(marker, radius));
    const markers = new Path2D();
    y.forEach((value, i) => {
      if (typeof value === 'number')
        markers.addPath(shape, {
          e: u.valToPos(this.x[i], 'x', true),
          f: u.valToPos(value, 'y', true),
        });
    });
    ctx.save();
    ctx.beginPath();
    ctx.rect(
      bbox.left - radius,
      bbox.top - radius,
      bbox.width + 2 * radius,
      bbox.height + 2 * radius,
    );
    ctx.clip();
    ctx.fillStyle = this.ink.color(curve.color);
    ctx.fill(markers);
    ctx.restore();
  }
}
