import { h, on } from '../shared/dom';
import { classColor, cssColor } from './colors';
import type { Toggle } from './controls';
import { short } from './layers';
import { ownScores, type LayerScores } from './selectors';
import { switchClass } from './transitions';
import { inTurn, whenChanged, whenOpen, type Part, type Update } from './store';

/** The classes with their colours, switches and Dice, a column for each network. */
export class ClassList implements Part {
  readonly element = h('section', { class: 'classes', 'aria-label': 'Classes' });
  private readonly head = h('tr');
  private readonly body = h('tbody');
  private boxes: { name: string; box: Toggle }[] = [];

  constructor(private readonly update: Update) {
    this.element.append(
      h('h2', {}, 'Classes'),
      h('table', {}, h('thead', {}, this.head), this.body),
    );
  }

  readonly render = inTurn(
    whenOpen(
      ({ shown }) => [shown],
      ([{ classes }]) => this.showClasses(classes),
    ),
    whenOpen(
      ({ shown, settings }) => [shown, settings.hiddenClasses],
      ([, hidden]) => {
        for (const { name, box } of this.boxes) box.checked = !hidden.includes(name);
      },
    ),
    whenOpen(
      (state) => [state.shown, ownScores(state)],
      ([, scores]) => this.showScores(scores),
    ),
    whenChanged(
      ({ counting }) => [counting],
      ([counting]) => this.element.classList.toggle('stale', counting),
    ),
  );

  private showClasses(classes: readonly string[]): void {
    this.element.hidden = classes.length === 0;
    this.boxes = classes.map((name) => {
      const box = h('vscode-checkbox', { label: name, title: `Show ${name}` }) as Toggle;
      on(box, { change: () => this.update((state) => switchClass(state, name, box.checked)) });
      return { name, box };
    });
    this.body.replaceChildren(
      ...this.boxes.map(({ box }, n) => {
        const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
        swatch.style.background = cssColor(classColor(n));
        return h('tr', {}, h('th', { scope: 'row' }, h('div', { class: 'class' }, swatch, box)));
      }),
    );
  }

  private showScores(scores: readonly LayerScores[]): void {
    this.element.style.setProperty('--networks', String(scores.length));
    this.head.replaceChildren(
      h('th', { scope: 'col' }, h('span', { class: 'spoken' }, 'Class')),
      ...scores.map(({ title }) =>
        h('th', { scope: 'col', class: 'number', title: `Dice: ${title}` }, short(title)),
      ),
    );
    [...this.body.children].forEach((row, n) => {
      while (row.children.length > 1) row.lastElementChild!.remove();
      for (const { byClass } of scores)
        row.append(h('td', { class: 'number' }, byClass[n] === null ? '–' : byClass[n].toFixed(2)));
    });
  }
}
