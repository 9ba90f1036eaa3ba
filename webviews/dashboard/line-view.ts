import uPlot from 'uplot';
import { chartTable } from '../../engine/presentation/chart-table';
import {
  formatNumber,
  linearTicks,
  logTicks,
  type Curve,
  type LineChart,
  type Marker,
} from '../../engine/presentation/chart';
import { alignCurves, type AlignedCurves } from '../../engine/presentation/curves';
import { markerCorners, padded, type Ink } from '../../engine/presentation/svg';
import { h, on, setText, svg } from '../shared/dom';
import { card, exportButtons, tableElement, toggleButton, toolButton, type Save } from './card';
import type { ChartState } from './state';
import { themeInk } from './theme';

export interface LineViewOptions {
  title: string;
  state: ChartState;
  /** Offers a logarithmic axis. */
  canLog: boolean;
  /** What stands there while there is nothing to draw. */
  empty: string;
  save: Save;
  /** The state has changed. */
  keep: () => void;
  /** Says something to screen readers. */
  say: (text: string) => void;
}

const height = 260;
const offScreenMilliseconds = 5000;

/**
 * A chart of curves: zoomed by dragging or with + and -, read with the arrow keys, with a legend that switches curves off.
 * At most two points a pixel column are drawn, so that long runs stay fluid.
 */
export class LineView {
  readonly element: HTMLElement;
  private readonly plotHost: HTMLElement;
  private readonly legend: HTMLElement;
  private readonly emptyNote: HTMLElement;
  private readonly tableHost: HTMLElement;
  private readonly heading: HTMLElement;
  private readonly resetButton: HTMLElement;
  private make: (() => LineChart) | null = null;
  private chart: LineChart | null = null;
  private plot: uPlot | null = null;
  private aligned: AlignedCurves = { x: [], y: [] };
  private signature = '';
  private ink: Ink = themeInk();
  private values: HTMLElement[] = [];
  private width = 0;
  private dirty = false;
  private onScreen = false;
  private refreshed = -Infinity;

  constructor(private readonly options: LineViewOptions) {
    const { title, state, canLog, save } = options;
    this.plotHost = h('div', { class: 'plot', tabindex: 0, role: 'application' });
    this.legend = h('div', { class: 'legend', role: 'group', 'aria-label': `Curves of ${title}` });
    this.emptyNote = h('p', { class: 'empty muted' }, options.empty);
    this.tableHost = h('div', { hidden: !state.table });
    this.resetButton = toolButton('screen-normal', 'Show all of the x axis', () => this.zoom(null));
    this.resetButton.hidden = !state.range;
    const tools = [
      this.resetButton,
      ...(canLog
        ? [
            toggleButton('graph-line', 'Logarithmic axis', state.log ?? false, (log) => {
              state.log = log;
              options.keep();
              this.refresh();
            }),
          ]
        : []),
      toggleButton('list-flat', 'Show as a table', state.table ?? false, (table) => {
        state.table = table;
        options.keep();
        this.showTable();
      }),
      ...exportButtons(
        () =>
          this.chart && {
            chart: { ...this.chart, curves: this.visibleCurves() },
            range: state.range ?? null,
            width: Math.max(480, Math.round(this.width)),
            height: height + 80,
          },
        save,
      ),
    ];
    this.element = card(title, tools, this.emptyNote, this.plotHost, this.legend, this.tableHost);
    this.element.classList.add('lines');
    this.heading = this.element.querySelector('h3')!;
    on(this.plotHost, { keydown: (event) => this.onKey(event as KeyboardEvent) });
    new ResizeObserver(() => {
      const width = this.plotHost.clientWidth;
      if (width === 0 || width === this.width) return;
      this.width = width;
      this.draw();
    }).observe(this.plotHost);
    new IntersectionObserver(([entry]) => {
      this.onScreen = entry.isIntersecting;
      if (this.onScreen && this.dirty) this.refresh();
    }).observe(this.element);
  }

  /** Draws what `make` gives, at once where it can be seen, else now and then; cheap where only points were added. */
  show(make: () => LineChart): void {
    this.make = make;
    this.refresh();
  }

  private refresh(): void {
    // Off the screen there are still those who listen to the page.
    const due = this.onScreen || performance.now() - this.refreshed > offScreenMilliseconds;
    this.dirty = !due;
    if (!due || !this.make) return;
    this.refreshed = performance.now();
    const made = this.make();
    const { canLog, state } = this.options;
    this.chart = canLog ? { ...made, log: state.log ?? false } : made;
    const something = made.curves.some(({ x }) => x.length > 0);
    this.emptyNote.hidden = something;
    this.plotHost.hidden = this.legend.hidden = !something;
    setText(this.heading, made.title);
    this.draw();
  }

  /** The theme has changed. */
  restyle(): void {
    this.ink = themeInk();
    this.signature = '';
    this.draw();
  }

  private get hidden(): Set<string> {
    return new Set(this.options.state.hidden);
  }

  private visibleCurves(): Curve[] {
    const { hidden } = this;
    return this.chart?.curves.filter(({ name }) => !hidden.has(name)) ?? [];
  }

  private draw(): void {
    const { chart } = this;
    if (!chart || this.plotHost.hidden || this.width === 0) return;
    this.align();
    const data = [this.aligned.x, ...this.aligned.y] as uPlot.AlignedData;
    const signature = JSON.stringify([
      chart.log,
      chart.xTitle,
      chart.yTitle,
      chart.curves.map(({ name, color, dash, raw }) => [name, color, dash, !!raw]),
    ]);
    if (!this.plot || signature !== this.signature) {
      this.signature = signature;
      this.plot?.destroy();
      this.buildLegend();
      this.plot = new uPlot(this.plotOptions(chart), data, this.plotHost);
    } else {
      if (this.plot.width !== this.width) this.plot.setSize({ width: this.width, height });
      this.plot.setData(data, true);
    }
    this.resetButton.hidden = !this.options.state.range;
    setAttribute(this.plotHost, 'aria-label', this.description());
    this.readCursor();
    if (this.options.state.table) this.showTable();
  }

  /** Brings the visible part of all curves to the plot's resolution. */
  private align(): void {
    const { chart } = this;
    if (!chart) return;
    const points = chart.curves.flatMap(({ x, y, raw }) => [
      ...(raw ? [{ x, y: raw }] : []),
      { x, y },
    ]);
    const { range } = this.options.state;
    this.aligned = alignCurves(points, range ?? null, Math.max(100, this.width), chart.log);
  }

  /** Series of the plot: of each curve the raw one, where there is one, then the curve itself. */
  private series(): { curve: Curve; raw: boolean }[] {
    return (this.chart?.curves ?? []).flatMap((curve) => [
      ...(curve.raw ? [{ curve, raw: true }] : []),
      { curve, raw: false },
    ]);
  }

  private plotOptions(chart: LineChart): uPlot.Options {
    const { ink, hidden } = this;
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const axis = {
      stroke: ink.text,
      font,
      labelFont: font,
      labelSize: 18,
      grid: { stroke: ink.grid, width: 1 },
      ticks: { stroke: ink.grid, width: 1, size: 4 },
    };
    const format = (_: uPlot, ticks: (number | null)[]) =>
      ticks.map((v) => (v === null ? '' : formatNumber(v)));
    return {
      width: this.width,
      height,
      legend: { show: false },
      padding: [10, 18, 0, 0],
      cursor: {
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
        bind: { dblclick: () => () => (this.zoom(null), null) },
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
        { ...axis, label: chart.xTitle, size: 30, values: format },
        {
          ...axis,
          label: chart.yTitle,
          size: 52,
          values: format,
          splits: (_u, _axis, low, high) =>
            chart.log ? logTicks(low, high) : linearTicks(low, high, 5),
        },
      ],
      series: [
        {},
        ...this.series().map(({ curve, raw }): uPlot.Series => ({
          label: curve.name,
          show: !hidden.has(curve.name),
          stroke: ink.color(curve.color),
          width: raw ? 1 : 1.75,
          alpha: raw ? 0.3 : 1,
          dash: raw ? [] : [...curve.dash],
          points: { show: false },
          paths: strokePath,
        })),
      ],
      hooks: {
        setSelect: [
          (u) => {
            const { left, width } = u.select;
            if (width < 4) return;
            this.zoom([u.posToVal(left, 'x'), u.posToVal(left + width, 'x')]);
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
        setCursor: [() => this.readCursor()],
        drawAxes: [(u) => this.drawBands(u)],
        drawSeries: [(u, index) => this.drawMarkers(u, index)],
      },
    };
  }

  private xRange(low: number | null, high: number | null): [number, number] {
    const { range } = this.options.state;
    if (range) return range;
    if (low === null || high === null) return [0, 1];
    return low === high ? [low - 1, high + 1] : [low, high];
  }

  private drawBands(u: uPlot): void {
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
    for (const { from, to, title } of this.chart?.bands ?? []) {
      const [left, right] = [from, to].map((v) => u.valToPos(v, 'x', true));
      if (right < bbox.left || left > bbox.left + bbox.width) continue;
      const start = Math.max(left, bbox.left);
      const end = Math.min(right, bbox.left + bbox.width);
      if (left > bbox.left) {
        ctx.beginPath();
        ctx.moveTo(left, bbox.top);
        ctx.lineTo(left, bbox.top + bbox.height);
        ctx.stroke();
      }
      if (ctx.measureText(title).width + 6 * ratio < end - start)
        ctx.fillText(title, start + 4 * ratio, bbox.top + 2 * ratio);
    }
    ctx.restore();
  }

  /** Markers where there is room for them. */
  private drawMarkers(u: uPlot, index: number): void {
    const item = this.series()[index - 1];
    if (!item?.curve.marker || item.raw || !u.series[index].show) return;
    const values = u.data[index];
    if (values.length > 400) return;
    const { ctx } = u;
    const radius = 3.5 * devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(
      u.bbox.left - radius,
      u.bbox.top - radius,
      u.bbox.width + 2 * radius,
      u.bbox.height + 2 * radius,
    );
    ctx.clip();
    ctx.fillStyle = this.ink.color(item.curve.color);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (typeof value !== 'number') continue;
      const [x, y] = [u.valToPos(u.data[0][i], 'x', true), u.valToPos(value, 'y', true)];
      ctx.beginPath();
      if (item.curve.marker === 'circle') ctx.arc(x, y, radius, 0, 2 * Math.PI);
      else
        for (const [dx, dy] of markerCorners(item.curve.marker, radius)) ctx.lineTo(x + dx, y + dy);
      ctx.fill();
    }
    ctx.restore();
  }

  private buildLegend(): void {
    const { state, keep } = this.options;
    const chart = this.chart!;
    const { hidden } = this;
    this.values = chart.curves.map(() => h('span', { class: 'value' }));
    this.legend.replaceChildren(
      ...chart.curves.map((curve, c) => {
        const button = h(
          'button',
          { type: 'button', 'aria-pressed': String(!hidden.has(curve.name)) },
          swatch(curve, this.ink),
          h('span', {}, curve.name),
          this.values[c],
        );
        return on(button, {
          click: () => {
            const now = this.hidden;
            if (!now.delete(curve.name)) now.add(curve.name);
            state.hidden = [...now];
            keep();
            button.setAttribute('aria-pressed', String(!now.has(curve.name)));
            this.series().forEach((item, i) => {
              if (item.curve.name === curve.name)
                this.plot?.setSeries(i + 1, { show: !now.has(curve.name) });
            });
            if (state.table) this.showTable();
          },
        });
      }),
    );
  }

  /** Writes each curve's value under the cursor, else its last one, into the legend. */
  private readCursor(): void {
    const index = this.plot?.cursor.idx ?? null;
    let c = 0;
    this.series().forEach(({ curve, raw }, s) => {
      if (raw) return;
      const value = index === null ? lastOf(curve.y) : valueAt(this.aligned.y[s] ?? [], index);
      setText(this.values[c++], value === null ? '' : formatNumber(value));
    });
  }

  private zoom(range: [number, number] | null): void {
    this.options.state.range = range;
    this.options.keep();
    this.draw();
  }

  private onKey(event: KeyboardEvent): void {
    const { plot } = this;
    if (!plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const { x } = this.aligned;
    const index = plot.cursor.idx ?? null;
    const jump = event.shiftKey ? Math.max(1, Math.round(x.length / 20)) : 1;
    const moves: Record<string, number> = {
      ArrowLeft: (index ?? x.length) - jump,
      ArrowRight: (index ?? -1) + jump,
      Home: 0,
      End: x.length - 1,
    };
    if (event.key in moves) this.moveTo(moves[event.key]);
    else if (event.key === '+' || event.key === '=') this.zoomBy(0.5);
    else if (event.key === '-') this.zoomBy(2);
    else if (event.key === '0' || event.key === 'Escape') this.zoom(null);
    else return;
    event.preventDefault();
  }

  private moveTo(wanted: number): void {
    const { x } = this.aligned;
    if (!this.plot || x.length === 0) return;
    const index = Math.max(0, Math.min(x.length - 1, wanted));
    const top = this.plot.over.clientHeight / 2;
    this.plot.setCursor({ left: this.plot.valToPos(x[index], 'x'), top });
    const { hidden } = this;
    const spoken = this.series().flatMap(({ curve, raw }, s) => {
      const value = this.aligned.y[s]?.[index];
      return raw || hidden.has(curve.name) || typeof value !== 'number'
        ? []
        : [`${curve.name} ${formatNumber(value)}`];
    });
    this.options.say(
      `${this.chart!.xTitle} ${formatNumber(x[index])}: ${spoken.join(', ') || 'no value'}`,
    );
  }

  private zoomBy(factor: number): void {
    const { plot } = this;
    const { min, max } = plot?.scales['x'] ?? {};
    if (!plot || min === undefined || max === undefined) return;
    const centre =
      plot.cursor.idx === null || plot.cursor.idx === undefined
        ? (min + max) / 2
        : this.aligned.x[plot.cursor.idx];
    const range: [number, number] = [
      centre - (centre - min) * factor,
      centre + (max - centre) * factor,
    ];
    const all = this.extent();
    if (range[1] - range[0] < 1e-6) return;
    this.zoom(range[0] <= all[0] && range[1] >= all[1] ? null : range);
    const [low, high] = this.options.state.range ?? all;
    this.options.say(`${this.chart!.xTitle} ${formatNumber(low)} to ${formatNumber(high)}`);
  }

  private extent(): [number, number] {
    const ends = (this.chart?.curves ?? []).flatMap(({ x }) =>
      x.length ? [x[0], x[x.length - 1]] : [],
    );
    return [Math.min(...ends), Math.max(...ends)];
  }

  /** What a screen reader says of the chart as a whole; the legend has the values. */
  private description(): string {
    const { chart } = this;
    return chart
      ? `${chart.title}, ${chart.curves.length} curves. Arrow keys read values, plus and minus zoom, 0 shows all.`
      : '';
  }

  private showTable(): void {
    const { state } = this.options;
    this.tableHost.hidden = !state.table;
    if (!state.table || !this.chart) return this.tableHost.replaceChildren();
    const shown = { ...this.chart, curves: this.visibleCurves() };
    this.tableHost.replaceChildren(tableElement(chartTable(shown, 100), false));
  }
}

/**
 * The line through a series' points, broken where there is a gap. The library's own clips gaps out of an unbroken line instead, which
 * leaves a hair where a gap is narrower than a pixel.
 */
function strokePath(u: uPlot, series: number): uPlot.Series.Paths {
  const stroke = new Path2D();
  const [x, y] = [u.data[0], u.data[series]];
  let pen = false;
  for (let i = 0; i < x.length; i++) {
    const value = y[i];
    if (value === undefined) continue;
    if (value === null) {
      pen = false;
      continue;
    }
    const [left, top] = [u.valToPos(x[i], 'x', true), u.valToPos(value, 'y', true)];
    if (pen) stroke.lineTo(left, top);
    else stroke.moveTo(left, top);
    pen = true;
  }
  return { stroke };
}

/** The value at an index, or the nearest before it. */
function valueAt(values: readonly (number | null | undefined)[], index: number): number | null {
  for (let i = index; i >= 0; i--) {
    const value = values[i];
    if (typeof value === 'number') return value;
  }
  return null;
}

function lastOf(y: Curve['y']): number | null {
  for (let i = y.length - 1; i >= 0; i--) if (!Number.isNaN(y[i])) return y[i];
  return null;
}

function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** A short stretch of a curve, for its legend. */
export function swatch(
  curve: { color: Curve['color']; dash: readonly number[]; marker: Marker | null },
  ink: Ink,
): SVGElement {
  const color = ink.color(curve.color);
  return svg(
    'svg',
    { width: 24, height: 12, 'aria-hidden': 'true' },
    svg('line', {
      x1: 0,
      y1: 6,
      x2: 24,
      y2: 6,
      stroke: color,
      'stroke-width': 2,
      'stroke-dasharray': curve.dash.length ? curve.dash.join(' ') : null,
    }),
    curve.marker === 'circle' && svg('circle', { cx: 12, cy: 6, r: 3.5, fill: color }),
    curve.marker !== null &&
      curve.marker !== 'circle' &&
      svg('polygon', {
        points: markerCorners(curve.marker, 3.5)
          .map(([x, y]) => `${12 + x},${6 + y}`)
          .join(' '),
        fill: color,
      }),
  );
}
