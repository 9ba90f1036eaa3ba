import { chartTable } from '../../engine/presentation/chart-table';
import { formatNumber, type Heatmap } from '../../engine/presentation/chart';
import { cellColor } from '../../engine/presentation/drawing';
import { rgb, scaleColor } from '../../engine/presentation/palette';
import { h, on, setText } from '../shared/dom';
import { card, exportButtons, tableElement, toggleButton, type Save } from './card';
import type { ChartState } from './state';
import { themeInk } from './theme';

export interface HeatmapViewOptions {
  state: ChartState;
  save: Save;
  keep: () => void;
  /** A cell was pointed at or reached with the keyboard. */
  onCell: (row: number, column: number) => void;
}

const side = 264;

/** A matrix as colours. A cell is pointed at with the mouse or reached with the arrow keys. */
export class HeatmapView {
  readonly element: HTMLElement;
  private readonly canvas = h('canvas', { tabindex: 0, role: 'application', class: 'heatmap' });
  private readonly bar = h('canvas', { class: 'bar', 'aria-hidden': 'true' });
  private readonly ends = [h('span'), h('span')] as const;
  private readonly heading: HTMLElement;
  private readonly spoken = h('p', { class: 'spoken', 'aria-live': 'polite' });
  private readonly tableHost = h('div', { hidden: true });
  private map: Heatmap | null = null;
  private marked: readonly [row: number, column: number] | null = null;

  constructor(private readonly options: HeatmapViewOptions) {
    const { state, save, keep } = options;
    this.element = card(
      '',
      [
        toggleButton('list-flat', 'Show as a table', state.table ?? false, (table) => {
          state.table = table;
          keep();
          this.drawTable();
        }),
        ...exportButtons(() => this.map && { chart: this.map, width: 480, height: 460 }, save),
      ],
      h(
        'div',
        { class: 'mapline' },
        this.canvas,
        h('div', { class: 'barline' }, this.ends[0], this.bar, this.ends[1]),
      ),
      this.spoken,
      this.tableHost,
    );
    this.heading = this.element.querySelector('h3')!;
    const point = (event: Event) => {
      const cell = this.cellAt(event as PointerEvent);
      if (cell && (cell[0] !== this.marked?.[0] || cell[1] !== this.marked[1]))
        options.onCell(cell[0], cell[1]);
    };
    on(this.canvas, {
      pointermove: point,
      pointerdown: point,
      keydown: (event) => this.onKey(event as KeyboardEvent),
    });
  }

  show(map: Heatmap): void {
    this.map = map;
    // Graph and step stand above all maps.
    setText(this.heading, map.title.split(',')[0]);
    if (this.marked && (this.marked[0] >= map.rows.length || this.marked[1] >= map.columns.length))
      this.marked = null;
    this.canvas.setAttribute(
      'aria-label',
      `${map.title}, ${map.rows.length} by ${map.columns.length}. Arrow keys move between cells.`,
    );
    setText(this.ends[0], formatNumber(map.range[1]));
    setText(this.ends[1], formatNumber(map.range[0]));
    this.draw();
    this.drawTable();
  }

  mark(row: number, column: number): void {
    this.marked = [row, column];
    this.draw();
  }

  private get cell(): number {
    const { map } = this;
    return map ? side / Math.max(map.rows.length, map.columns.length) : 0;
  }

  private draw(): void {
    const { map, cell, canvas } = this;
    if (!map) return;
    const ratio = devicePixelRatio;
    const [width, height] = [cell * map.columns.length, cell * map.rows.length];
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const context = canvas.getContext('2d')!;
    const ink = themeInk();
    // A pixel a cell, then enlarged: one drawing, however many cells.
    const small = new ImageData(map.columns.length, map.rows.length);
    map.values.forEach((row, r) =>
      row.forEach((value, c) => {
        const color = cellColor(map, value, ink.background);
        small.data.set([...rgb(color), 255], 4 * (r * map.columns.length + c));
      }),
    );
    const buffer = h('canvas', { width: small.width, height: small.height });
    buffer.getContext('2d')!.putImageData(small, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(buffer, 0, 0, canvas.width, canvas.height);
    context.scale(ratio, ratio);
    context.strokeStyle = ink.background;
    if (map.group)
      for (let i = map.group; i < map.rows.length; i += map.group) {
        context.strokeRect(-1, i * cell, width + 2, 0);
        context.strokeRect(i * cell, -1, 0, height + 2);
      }
    if (this.marked) {
      const [row, column] = this.marked;
      context.lineWidth = 3;
      context.strokeStyle = ink.background;
      context.strokeRect(column * cell + 1, row * cell + 1, cell - 2, cell - 2);
      context.lineWidth = 1.5;
      context.strokeStyle = ink.text;
      context.strokeRect(column * cell, row * cell, cell, cell);
    }
    this.drawBar();
  }

  private drawBar(): void {
    const steps = 64;
    this.bar.width = 1;
    this.bar.height = steps;
    const context = this.bar.getContext('2d')!;
    for (let i = 0; i < steps; i++) {
      context.fillStyle = scaleColor(this.map!.scale, 1 - (i + 0.5) / steps);
      context.fillRect(0, i, 1, 1);
    }
  }

  private drawTable(): void {
    const { table } = this.options.state;
    this.tableHost.hidden = !table;
    this.tableHost.replaceChildren(
      ...(table && this.map ? [tableElement(chartTable(this.map), false)] : []),
    );
  }

  private cellAt(event: PointerEvent): [number, number] | null {
    const { map, cell } = this;
    if (!map) return null;
    const [row, column] = [event.offsetY, event.offsetX].map((v) => Math.floor(v / cell));
    return row >= 0 && column >= 0 && row < map.rows.length && column < map.columns.length
      ? [row, column]
      : null;
  }

  private onKey(event: KeyboardEvent): void {
    const { map } = this;
    const moves: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const move = moves[event.key];
    if (!map || !move) return;
    event.preventDefault();
    const from = this.marked ?? [0, 0];
    const to = this.marked ? [from[0] + move[0], from[1] + move[1]] : from;
    const row = Math.min(map.rows.length - 1, Math.max(0, to[0]));
    const column = Math.min(map.columns.length - 1, Math.max(0, to[1]));
    this.options.onCell(row, column);
    setText(
      this.spoken,
      `row ${map.rows[row]}, column ${map.columns[column]}: ${formatNumber(map.values[row][column])}`,
    );
  }
}
