import {
  comparableCurves,
  comparisonChart,
  type NamedHistory,
} from '../../engine/presentation/charts';
import type { Table } from '../../engine/contract/table';
import { h, on } from '../shared/dom';
import { tableCard } from './card';
import { select, slider } from './controls';
import { LineView, type LineViewOptions } from './line-view';
import type { RunInfo } from '../../engine/contract/dashboard-page';
import type { PageState } from './state';

/** Several runs: a curve of each overlaid, their final numbers and what differs between their configs. */
export class Comparison {
  readonly element: HTMLElement;
  private readonly chips = h('ul', { class: 'chips', 'aria-label': 'Compared runs' });
  private readonly empty = h(
    'p',
    { class: 'empty muted' },
    'Choose runs to see their curves, numbers and configs side by side.',
  );
  private readonly body: HTMLElement;
  private readonly tables = h('div', {});
  private readonly curve: ReturnType<typeof select>;
  private readonly view: LineView;
  private runs: NamedHistory[] = [];

  constructor(
    private readonly state: PageState,
    common: Pick<LineViewOptions, 'save' | 'keep' | 'say'>,
    private readonly act: { choose: () => void; remove: (folder: string) => void },
  ) {
    this.save = common.save;
    const chartState = (state.charts['comparison'] ??= {});
    this.view = new LineView({
      ...common,
      title: 'Overlaid curves',
      state: chartState,
      canLog: true,
      empty: 'None of the runs has this curve.',
    });
    this.curve = select('Curve', state.comparedCurve ?? '', [], (key) => {
      state.comparedCurve = key;
      chartState.range = null;
      common.keep();
      this.draw();
    });
    const smoothing = slider(
      'Smoothing',
      { min: 0, max: 0.99, step: 0.01 },
      state.smoothing,
      (value) => {
        state.smoothing = value;
        common.keep();
        this.draw();
      },
    );
    this.body = h(
      'div',
      {},
      h('div', { class: 'controls' }, this.curve.element, smoothing.element),
      this.view.element,
      this.tables,
    );
    this.element = h(
      'div',
      { class: 'comparison' },
      h(
        'div',
        { class: 'controls' },
        this.chips,
        on(h('vscode-button', { icon: 'add', secondary: true }, 'Choose Runs'), {
          click: act.choose,
        }),
      ),
      this.empty,
      this.body,
    );
  }

  private readonly save: LineViewOptions['save'];

  /** Which runs there are; the first is the panel's own and stays. */
  set(infos: readonly RunInfo[]): void {
    this.chips.replaceChildren(
      ...infos.map((info, i) =>
        h(
          'li',
          {},
          info.name,
          i > 0 &&
            on(h('vscode-toolbar-button', { icon: 'close', label: `Leave out ${info.name}` }), {
              click: () => this.act.remove(info.folder),
            }),
        ),
      ),
    );
    this.empty.hidden = infos.length > 1;
    this.body.hidden = infos.length < 2;
  }

  setTables(tables: readonly Table[]): void {
    this.tables.replaceChildren(...tables.map((table) => tableCard(table, this.save)));
  }

  show(runs: readonly NamedHistory[]): void {
    this.runs = [...runs];
    if (runs.length < 2) return;
    const curves = comparableCurves(runs);
    if (curves.length > 0 && !curves.some(({ key }) => key === this.state.comparedCurve)) {
      const target = curves.find(
        ({ key, title }) => key.startsWith('["dice","student"') && title.endsWith('(target)'),
      );
      this.state.comparedCurve = (target ?? curves[0]).key;
    }
    this.curve.offer(curves.map(({ key, title }) => [key, title] as const));
    if (this.state.comparedCurve !== null) this.curve.choose(this.state.comparedCurve);
    this.draw();
  }

  restyle(): void {
    this.view.restyle();
  }

  private draw(): void {
    const key = this.state.comparedCurve;
    if (key === null || this.runs.length < 2) return;
    const { runs, state } = this;
    this.view.show(() => comparisonChart(runs, key, { smoothing: state.smoothing, log: false }));
  }
}
