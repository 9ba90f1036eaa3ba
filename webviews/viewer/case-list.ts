import type { RunCase, RunCases } from '../../engine/contract/viewer';
import { h, on } from '../shared/dom';
import { diceOfCase, gainOf, orderedCases } from './case-order';
import { select, type Select } from './controls';
import type { CaseOrder } from './settings';
import { set, toCase, toDomain, toNeighbour } from './transitions';
import { whenChanged, type Part, type Update } from './store';

const orders: readonly (readonly [CaseOrder, string])[] = [
  ['dice', 'Lowest Dice first'],
  ['gain', 'Lowest gain first'],
  ['name', 'By name'],
];

/** The cases of a run, by domain, with their Dice and the gain of distillation. */
export class CaseList implements Part {
  readonly element: HTMLElement;
  private readonly domains: Select;
  private readonly order: Select;
  private readonly list = h('ul', { class: 'cases', role: 'listbox', tabindex: '0' });

  constructor(
    private readonly run: RunCases,
    private readonly update: Update,
  ) {
    this.domains = select(
      'Domain',
      run.domains.map(({ name, role }) => [name, `${name} (${role})`]),
      (domain) => update((state) => toDomain(state, domain)),
    );
    this.order = select('Order of the cases', orders, (order) =>
      update((state) => set(state, { order: order as CaseOrder })),
    );
    this.list.setAttribute('aria-label', 'Cases');
    this.element = h(
      'section',
      { class: 'case-list', 'aria-label': 'Cases' },
      h('h2', {}, 'Cases'),
      this.domains,
      this.order,
      h(
        'div',
        { class: 'case-head muted', 'aria-hidden': 'true' },
        h('span', {}, ''),
        h('span', {}, 'Dice'),
        h('span', {}, 'gain'),
      ),
      this.list,
    );
    on(this.list, { keydown: (event) => this.onKey(event as KeyboardEvent) });
  }

  readonly render = whenChanged(
    ({ asked, settings }) => [asked, settings.order],
    ([asked, order]) => {
      if (asked?.kind === 'case') this.show(asked, order);
    },
  );

  /** Lists the cases of the domain, and marks the one that was asked for. */
  private show({ domain, id }: { domain: string; id: string }, order: CaseOrder): void {
    this.domains.value = domain;
    this.order.value = order;
    const found = this.run.domains.find(({ name }) => name === domain);
    const cases = found ? orderedCases(found, order, this.run) : [];
    this.list.replaceChildren(
      ...cases.map((item, n) =>
        on(this.row(item, n, item.id === id), {
          click: () => this.update((state) => toCase(state, domain, item.id)),
        }),
      ),
    );
    const chosen = cases.findIndex((item) => item.id === id);
    if (chosen >= 0) this.list.setAttribute('aria-activedescendant', rowId(chosen));
    else this.list.removeAttribute('aria-activedescendant');
    this.list.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }

  private row(item: RunCase, n: number, chosen: boolean): HTMLElement {
    const gain = gainOf(item, this.run);
    const dice = diceOfCase(item, this.run);
    const spoken = `${item.id}, Dice ${dice === null ? 'undefined' : dice.toFixed(3)}${gain === null ? '' : `, gain ${signed(gain)}`}`;
    return h(
      'li',
      {
        role: 'option',
        id: rowId(n),
        'aria-selected': chosen ? 'true' : 'false',
        'aria-label': spoken,
      },
      h('span', { class: 'case-name', title: item.id }, item.id),
      h('span', { class: 'number' }, dice === null ? '–' : dice.toFixed(3)),
      h(
        'span',
        { class: `number gain ${gain === null ? '' : gain < 0 ? 'worse' : 'better'}` },
        gain === null ? '–' : signed(gain),
      ),
    );
  }

  private onKey(event: KeyboardEvent): void {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : null;
    if (by === null) return;
    event.preventDefault();
    event.stopPropagation();
    this.update((state) => toNeighbour(state, by));
  }
}

const rowId = (n: number): string => `case-${n}`;

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
