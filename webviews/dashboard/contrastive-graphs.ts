import {
  contrastiveEdge,
  contrastiveHeatmaps,
  nodeTitle,
  vectorScatter,
  type ContrastiveEdge,
  type ContrastiveGraphKind,
} from '../../engine/presentation/charts';
import { chartTable } from '../../engine/presentation/chart-table';
import { formatNumber, type Scatter } from '../../engine/presentation/chart';
import type { History } from '../../engine/presentation/history';
import { chartSvg } from '../../engine/presentation/svg';
import type { ContrastiveSnapshot } from '../../engine/contract/contrastive-snapshot';
import { h, parseSvg, setText } from '../shared/dom';
import { card, exportButtons, tableElement, toggleButton, type Save } from './card';
import { select, slider } from './controls';
import { HeatmapView } from './heatmap-view';
import type { PageState } from './state';
import { themeInk } from './theme';

export interface GraphSource {
  snapshot(file: string): Promise<ContrastiveSnapshot>;
  /** An image's URL; null where there is none. */
  picture(file: string): Promise<string | null>;
}

const maps = ['teacher', 'student', 'difference'] as const;
const scatterSize = { width: 640, height: 460 };

/** Contrastive graphs and domain-invariant vectors over time, with the pictures that a cell joins. */
export class ContrastiveGraphs {
  readonly element: HTMLElement;
  private readonly heatmaps: Record<(typeof maps)[number], HeatmapView>;
  private readonly student: ReturnType<typeof select>;
  private readonly time: ReturnType<typeof slider>;
  private readonly body = h('div', {});
  private readonly empty = h('p', { class: 'empty muted' });
  private readonly pair = h('div', { class: 'pair', 'aria-live': 'polite' });
  private readonly scatterHost = h('div', { class: 'scatter' });
  private readonly scatterTable = h('div', { hidden: true });
  private readonly snapshots = new Map<string, Promise<ContrastiveSnapshot>>();
  private history: History | null = null;
  private snapshot: ContrastiveSnapshot | null = null;
  private scatter: Scatter | null = null;
  private shown = '';

  constructor(
    private readonly state: PageState,
    private readonly source: GraphSource,
    common: { save: Save; keep: () => void; say: (text: string) => void },
  ) {
    const { save, keep } = common;
    const kind = select(
      'Graph',
      state.graph.kind,
      [
        ['inter', 'inter-coupling: between all views'],
        ['intra', 'intra-coupling: from each image to its views'],
      ],
      (value) => {
        state.graph.kind = value as ContrastiveGraphKind;
        keep();
        this.draw();
      },
    );
    this.student = select('Student', state.graph.stage ?? '', [], (value) => {
      state.graph.stage = value;
      state.graph.step = null;
      keep();
      if (this.history) this.show(this.history);
    });
    this.time = slider(
      'Evaluation',
      { min: 0, max: 0, step: 1 },
      0,
      (index) => {
        const events = this.events();
        state.graph.step = index === events.length - 1 ? null : (events[index]?.step ?? null);
        keep();
        void this.load();
      },
      (index) => {
        const event = this.events()[index];
        return event ? `step ${event.step}` : '';
      },
    );
    const chartState = (state.charts['scatter'] ??= {});
    this.heatmaps = Object.fromEntries(
      maps.map((name) => [
        name,
        new HeatmapView({
          state: (state.charts[`map ${name}`] ??= {}),
          save,
          keep,
          onCell: (row, column) => this.select(row, column),
        }),
      ]),
    ) as ContrastiveGraphs['heatmaps'];
    const scatterCard = card(
      'Domain-invariant vectors',
      [
        toggleButton('list-flat', 'Show as a table', chartState.table ?? false, (table) => {
          chartState.table = table;
          keep();
          this.drawScatterTable();
        }),
        ...exportButtons(() => this.scatter && { chart: this.scatter, ...scatterSize }, save),
      ],
      this.scatterHost,
      this.scatterTable,
    );
    this.body.append(
      h('div', { class: 'maps' }, ...maps.map((name) => this.heatmaps[name].element)),
      h('div', { class: 'cards' }, scatterCard, card('The pair behind a cell', [], this.pair)),
    );
    this.element = h(
      'div',
      {},
      h('div', { class: 'controls' }, kind.element, this.student.element, this.time.element),
      this.empty,
      this.body,
    );
  }

  show(history: History): void {
    this.history = history;
    const stages = this.stages();
    this.student.element.hidden = stages.length < 2;
    this.student.offer(stages.map((stage) => [stage, this.titleOf(stage)] as const));
    const graphs = this.events();
    this.body.hidden = graphs.length === 0;
    this.time.element.hidden = graphs.length < 2;
    this.empty.hidden = graphs.length > 0;
    setText(this.empty, 'The graphs appear with the first evaluation of the distillation.');
    if (graphs.length === 0) return;
    this.time.set({ max: graphs.length - 1 }, this.index());
    void this.load();
  }

  restyle(): void {
    this.draw();
  }

  /** Stages that have graphs: one for each student whose method aligns vectors. */
  private stages(): string[] {
    return [...new Set(this.history?.graphs.map(({ stage }) => stage))];
  }

  private titleOf(stage: string): string {
    const network = this.history?.plan.networks.find((other) => other.stage === stage);
    return network?.title ?? stage;
  }

  /** The graphs of the student that is looked at. */
  private events(): History['graphs'] {
    const stages = this.stages();
    const chosen = this.state.graph.stage;
    const stage = chosen !== null && stages.includes(chosen) ? chosen : stages[0];
    return (this.history?.graphs ?? []).filter((event) => event.stage === stage);
  }

  /** Index of the evaluation that is looked at. */
  private index(): number {
    const graphs = this.events();
    const { step } = this.state.graph;
    const found = step === null ? -1 : graphs.findIndex((g) => g.step === step);
    return found >= 0 ? found : graphs.length - 1;
  }

  /** Several may be under way; the last one asked for is drawn. */
  private async load(): Promise<void> {
    const event = this.events()[this.index()];
    if (!event || event.file === this.shown) return;
    this.shown = event.file;
    const request = this.snapshots.get(event.file) ?? this.source.snapshot(event.file);
    this.snapshots.set(event.file, request);
    try {
      const snapshot = await request;
      if (this.shown !== event.file) return;
      this.snapshot = snapshot;
      this.body.hidden = false;
      this.empty.hidden = true;
      this.draw();
    } catch (error) {
      this.snapshots.delete(event.file);
      if (this.shown !== event.file) return;
      this.shown = '';
      this.body.hidden = true;
      this.empty.hidden = false;
      setText(
        this.empty,
        `The graphs of step ${event.step} cannot be shown: ${(error as Error).message}`,
      );
    }
  }

  private draw(): void {
    const { snapshot } = this;
    if (!snapshot) return;
    const heatmaps = contrastiveHeatmaps(snapshot, this.state.graph.kind);
    for (const name of maps) this.heatmaps[name].show(heatmaps[name]);
    if (!this.pair.hasChildNodes())
      this.pair.replaceChildren(
        h('p', { class: 'muted' }, 'Point at a cell, or move there with the arrow keys.'),
      );
    this.scatter = vectorScatter(snapshot);
    this.scatterHost.replaceChildren(
      parseSvg(chartSvg(this.scatter, { ...scatterSize, ink: themeInk() })),
    );
    this.drawScatterTable();
  }

  private drawScatterTable(): void {
    const { table } = this.state.charts['scatter'];
    this.scatterTable.hidden = !table;
    this.scatterTable.replaceChildren(
      ...(table && this.scatter ? [tableElement(chartTable(this.scatter), false)] : []),
    );
  }

  /** A cell was pointed at in one of the maps: marks it in all, and shows what it joins. */
  private select(row: number, column: number): void {
    const { snapshot } = this;
    if (!snapshot) return;
    const { kind } = this.state.graph;
    for (const name of maps) this.heatmaps[name].mark(row, column);
    const cell = contrastiveEdge(snapshot, kind, row, column);
    const values = contrastiveHeatmaps(snapshot, kind);
    const edge = (name: (typeof maps)[number]) => formatNumber(values[name].values[row][column]);
    const text = Number.isNaN(values.teacher.values[row][column])
      ? 'No edge of the graph.'
      : `Teacher ${edge('teacher')}, student ${edge('student')}, difference ${edge('difference')}`;
    this.pair.replaceChildren(
      this.node(snapshot, cell.row),
      this.node(snapshot, cell.column),
      h('p', {}, text),
    );
  }

  private node(snapshot: ContrastiveSnapshot, node: ContrastiveEdge['row']): HTMLElement {
    const title = nodeTitle(snapshot, node);
    const place = h('div', { class: 'picture' });
    void this.source
      .picture(`graphs/views/b${node.image}-v${node.view}.png`)
      .then((url) =>
        place.replaceChildren(
          url === null
            ? h('span', { class: 'muted' }, 'no picture')
            : h('img', { src: url, alt: title, width: 96 }),
        ),
      );
    return h('figure', {}, place, h('figcaption', {}, title));
  }
}
