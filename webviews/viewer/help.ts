import { h, on } from '../shared/dom';
import { keyHelp } from './keys';
import { showHelp } from './transitions';
import { whenChanged, type Part, type Update } from './store';

/** The list of keys. */
export class Help implements Part {
  readonly element = h('dialog', { class: 'help', 'aria-label': 'Keys' });

  constructor(update: Update) {
    this.element.append(
      h('h2', {}, 'Keys'),
      h('dl', {}, ...keyHelp.flatMap(([keys, what]) => [h('dt', {}, keys), h('dd', {}, what)])),
      on(h('vscode-button', {}, 'Close'), { click: () => this.element.close() }),
    );
    // Escape closes it too.
    on(this.element, { close: () => update((state) => showHelp(state, false)) });
  }

  readonly render = whenChanged(
    ({ help }) => [help],
    ([help]) => {
      if (help) this.element.showModal();
    },
  );
}
