import { h } from '../shared/dom';
import { whenChanged, type Part } from './store';

/** What the readers of the files noticed, as `inspect` and a run's log say it. */
export class WarningList implements Part {
  private readonly sentences = h('ul', {});
  readonly element = h(
    'section',
    { class: 'warnings', role: 'status', 'aria-label': 'Warnings', hidden: true },
    h('h2', {}, 'Warnings'),
    this.sentences,
  );

  readonly render = whenChanged(
    ({ shown }) => [shown?.warnings],
    ([warnings = []]) => {
      this.element.hidden = warnings.length === 0;
      this.sentences.replaceChildren(...warnings.map((sentence) => h('li', {}, sentence)));
    },
  );
}
