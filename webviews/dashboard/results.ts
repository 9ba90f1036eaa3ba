import { latestTable } from '../../engine/presentation/tables';
import { gapSentence, signalTable } from '../../engine/presentation/signal';
import type { History } from '../../engine/presentation/history';
import { h } from '../shared/dom';
import { tableCard, type Save } from './card';
import type { Results } from '../../engine/contract/runs';

/** Final tables of a finished run; of one that goes on, the latest Dice. */
export class ResultsView {
  readonly element = h('div', { class: 'results' });
  private results: Results | null = null;
  private shown = '';

  constructor(private readonly save: Save) {}

  set(results: Results | null): void {
    this.results = results;
    this.shown = '';
  }

  show(history: History): void {
    const { results } = this;
    const signal = signalTable(history.plan.networks, history.signals);
    const tables = results?.tables ?? [latestTable(history), ...(signal ? [signal] : [])];
    const signature = JSON.stringify([results ?? tables, history.gap]);
    if (signature === this.shown) return;
    this.shown = signature;
    this.element.replaceChildren(
      ...(results?.verdict.map((sentence) => h('p', { class: 'verdict' }, sentence)) ?? []),
      ...(history.gap ? [h('p', { class: 'gap' }, gapSentence(history.gap))] : []),
      ...(tables[0].rows.length > 0
        ? tables.map((table) => tableCard(table, this.save))
        : [h('p', { class: 'empty muted' }, 'Nothing has been evaluated yet.')]),
    );
  }
}
