import { extent } from 'd3-array';
import { chartTable } from '../../engine/presentation/chart-table';
import { formatNumber, type Curve, type LineChart } from '../../engine/presentation/chart';
import type { Stroke } from '../../engine/presentation/drawing';
import { h, on, setText } from '../shared/dom';
import { card, exportButtons, tableElement, toggleButton, toolButton, type Save } from './card';
import { CurveLegend } from './curve-legend';
import { LinePlot, plotHeight, type PlotContent } from './line-plot';
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

const offScreenMilliseconds = 5000;

/**
 * A chart of curves: zoomed by dragging or with + and -, read with the arrow keys, with a legend that switches curves off.
 * At most two points a pixel column are drawn, so that long runs stay fluid.
 */
export class LineView {
  readonly element: HTMLElement;
  private readonly plotHost: HTMLElement;
  private readonly legend: CurveLegend;
  private readonly emptyNote: HTMLElement;
  private readonly tableHost: HTMLElement;
  private readonly heading: HTMLElement;
  private readonly resetButton: HTMLElement;
  private make: (() => LineChart) | null = null;
  private chart: LineChart | null = null;
  private plot: LinePlot | null = null;
  private signature = '';
  private width = 0;
  private dirty = false;
  private onScreen = false;
  private refreshed = -Infinity;

  constructor(private readonly options: LineViewOptions) {
    const { title, state, canLog, save } = options;
    this.plotHost = h('div', { class: 'plot', tabindex: 0, role: 'application' });
    this.legend = new CurveLegend(title, (name, shown) => this.toggle(name, shown));
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
            height: plotHeight + 80,
          },
        save,
      ),
    ];
    this.element = card(
      title,
      tools,
      this.emptyNote,
      this.plotHost,
      this.legend.element,
      this.tableHost,
    );
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
    this.plotHost.hidden = this.legend.element.hidden = !something;
    setText(this.heading, made.title);
    this.draw();
  }

  /** The theme has changed. */
  restyle(): void {
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
    const signature = JSON.stringify([
      chart.log,
      chart.xTitle,
      chart.yTitle,
      chart.curves.map(({ name, color, dash, raw }) => [name, color, dash, !!raw]),
    ]);
    const { hidden } = this;
    const content: PlotContent = {
      chart,
      hidden,
      range: this.options.state.range ?? null,
      width: this.width,
    };
    if (!this.plot || signature !== this.signature) {
      this.signature = signature;
      this.plot?.destroy();
      const ink = themeInk();
      this.legend.show(chart.curves, hidden, ink);
      this.plot = new LinePlot(this.plotHost, content, ink, {
        onCursor: () => this.readCursor(),
        onZoom: (range) => this.zoom(range),
      });
    } else this.plot.update(content);
    this.resetButton.hidden = !this.options.state.range;
    setAttribute(this.plotHost, 'aria-label', this.description());
    this.readCursor();
    if (this.options.state.table) this.showTable();
  }

  private toggle(name: string, shown: boolean): void {
    const { state, keep } = this.options;
    const { hidden } = this;
    if (shown) hidden.delete(name);
    else hidden.add(name);
    state.hidden = [...hidden];
    keep();
    this.plot?.toggle(name, shown);
    if (state.table) this.showTable();
  }

  /** Writes each curve's value under the cursor, else its last one, into the legend. */
  private readCursor(): void {
    const { plot } = this;
    if (!plot) return;
    const index = plot.cursor;
    this.legend.write(
      plot.lines
        .filter(({ raw }) => !raw)
        .map(({ curve, y }) => (index === null ? lastOf(curve.y) : valueAt(y, index))),
    );
  }

  private zoom(range: [number, number] | null): void {
    this.options.state.range = range;
    this.options.keep();
    this.draw();
  }

  private onKey(event: KeyboardEvent): void {
    const { plot } = this;
    if (!plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const { x, cursor: index } = plot;
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
    const { plot } = this;
    if (!plot || plot.x.length === 0) return;
    const { x, lines } = plot;
    const index = Math.max(0, Math.min(x.length - 1, wanted));
    plot.moveCursor(index);
    const { hidden } = this;
    const spoken = lines.flatMap(({ curve, raw, y }) => {
      const value = y[index];
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
    if (!plot?.range) return;
    const [min, max] = plot.range;
    const centre = plot.cursor === null ? (min + max) / 2 : plot.x[plot.cursor];
    const range: [number, number] = [
      centre - (centre - min) * factor,
      centre + (max - centre) * factor,
    ];
    if (range[1] - range[0] < 1e-6) return;
    const [first = 0, last = 1] = extent(
      this.chart!.curves.flatMap(({ x }) => [x[0], x[x.length - 1]]),
    );
    this.zoom(range[0] <= first && range[1] >= last ? null : range);
    const [low, high] = this.options.state.range ?? [first, last];
    this.options.say(`${this.chart!.xTitle} ${formatNumber(low)} to ${formatNumber(high)}`);
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

/** The value at an index, or the nearest before it. */
function valueAt(values: Stroke['y'], index: number): number | null {
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
