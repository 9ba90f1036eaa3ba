import { h, on } from '../shared/dom';
import { classColor, cssColor } from './colors';

/** Columns of numbers beside the classes: a network each. */
export interface ClassScores {
  title: string;
  /** Dice by class; null where undefined. */
  dice: readonly (number | null)[];
}

/** The classes with their colours, switches and Dice. */
export class ClassList {
  readonly element = h('section', { class: 'classes', 'aria-label': 'Classes' });
  private readonly head = h('tr');
  private readonly body = h('tbody');
  private classes: readonly string[] = [];

  constructor(private readonly onSwitch: (name: string, shown: boolean) => void) {
    this.element.append(
      h('h2', {}, 'Classes'),
      h('table', {}, h('thead', {}, this.head), this.body),
    );
  }

  setClasses(classes: readonly string[], hidden: readonly string[]): void {
    this.classes = classes;
    this.element.hidden = classes.length === 0;
    this.body.replaceChildren(
      ...classes.map((name, n) => {
        const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
        swatch.style.background = cssColor(classColor(n));
        const box = h('vscode-checkbox', {
          label: name,
          checked: !hidden.includes(name),
          title: `Show ${name}`,
        }) as HTMLElement & { checked: boolean };
        on(box, { change: () => this.onSwitch(name, box.checked) });
        return h('tr', {}, h('th', { scope: 'row' }, h('div', { class: 'class' }, swatch, box)));
      }),
    );
    this.setScores([]);
  }

  setScores(scores: readonly ClassScores[]): void {
    this.head.replaceChildren(
      h('th', { scope: 'col' }, h('span', { class: 'spoken' }, 'Class')),
      ...scores.map(({ title }) =>
        h('th', { scope: 'col', class: 'number', title: `Dice: ${title}` }, short(title)),
      ),
    );
    [...this.body.children].forEach((row, n) => {
      while (row.children.length > 1) row.lastElementChild!.remove();
      for (const { dice } of scores)
        row.append(
          h(
            'td',
            { class: 'number' },
            dice[n] === null || dice[n] === undefined ? '–' : dice[n].toFixed(2),
          ),
        );
    });
  }

  /** Says that the numbers are on their way or old. */
  setStale(stale: boolean): void {
    this.element.classList.toggle('stale', stale);
  }

  get names(): readonly string[] {
    return this.classes;
  }
}

/** `Student, distilled` -> `distilled`. */
export const short = (title: string): string => title.replace(/^Student, /, '');
