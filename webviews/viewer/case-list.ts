import type { RunCases } from '../../engine/contract/viewer';
import { h, on } from '../shared/dom';
import { gainOf, orderedCases } from './case-order';
import type { CaseOrder } from './settings';

export interface CaseListEvents {
  onCase: (domain: string, id: string) => void;
  onDomain: (domain: string) => void;
  onOrder: (order: CaseOrder) => void;
}

const orders: readonly (readonly [CaseOrder, string])[] = [
  ['dice', 'Lowest Dice first'],
  ['gain', 'Lowest gain first'],
  ['name', 'By name'],
];

type Select = HTMLElement & { value: string };

/** The cases of a run, by domain, with their Dice and the gain of distillation. */
export class CaseList {
  readonly element: HTMLElement;
  private readonly domains: Select;
  private readonly order: Select;
  private readonly list = h('ul', { class: 'cases', role: 'listbox', tabindex: '0' });
  private ids: string[] = [];
  private current = { domain: '', id: '' };
  private by: CaseOrder = 'dice';

  constructor(
    private readonly run: RunCases,
    private readonly events: CaseListEvents,
  ) {
    this.domains = select(
      'Domain',
      run.domains.map(({ name, role }) => [name, `${name} (${role})`]),
      (value) => this.events.onDomain(value),
    );
    this.order = select('Order of the cases', orders, (value) => {
      this.by = value as CaseOrder;
      this.fill();
      this.events.onOrder(this.by);
    });
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

  /** Marks the case that is shown. */
  show(domain: string, id: string, order: CaseOrder): void {
    this.current = { domain, id };
    this.by = order;
    this.domains.value = domain;
    this.order.value = order;
    this.fill();
  }

  /** The case `by` places further on in the list, over its end. */
  neighbour(by: 1 | -1): string | null {
    if (this.ids.length === 0) return null;
    const at = this.ids.indexOf(this.current.id);
    return this.ids[(at + by + this.ids.length) % this.ids.length];
  }

  private fill(): void {
    const domain = this.run.domains.find(({ name }) => name === this.current.domain);
    const cases = domain ? orderedCases(domain, this.by, this.run) : [];
    this.ids = cases.map(({ id }) => id);
    const option = (id: string) => `case-${this.ids.indexOf(id)}`;
    this.list.replaceChildren(
      ...cases.map((item) => {
        const chosen = item.id === this.current.id;
        const gain = gainOf(item, this.run.baseline);
        const dice = item.dice.student ?? Object.values(item.dice).at(-1) ?? null;
        const spoken = `${item.id}, Dice ${dice === null ? 'undefined' : dice.toFixed(3)}${gain === null ? '' : `, gain ${signed(gain)}`}`;
        const row = h(
          'li',
          {
            role: 'option',
            id: option(item.id),
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
        return on(row, { click: () => this.events.onCase(this.current.domain, item.id) });
      }),
    );
    if (this.ids.includes(this.current.id))
      this.list.setAttribute('aria-activedescendant', option(this.current.id));
    else this.list.removeAttribute('aria-activedescendant');
    this.list.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }

  private onKey(event: KeyboardEvent): void {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : null;
    if (by === null) return;
    event.preventDefault();
    event.stopPropagation();
    const id = this.neighbour(by);
    if (id !== null) this.events.onCase(this.current.domain, id);
  }
}

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;

/** A select of the control library. */
export function select(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  onChange: (value: string) => void,
): Select {
  const element = h(
    'vscode-single-select',
    { label, title: label },
    ...options.map(([value, text]) => h('vscode-option', { value }, text)),
  ) as Select;
  return on(element, { change: () => onChange(element.value) });
}
