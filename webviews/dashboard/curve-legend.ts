import { formatNumber, type Curve } from '../../engine/presentation/chart';
import { swatchSvg, type Ink } from '../../engine/presentation/svg';
import { h, on, parseSvg, setText } from '../shared/dom';

/** A button a curve, which switches it off and on, with the curve's value beside its name. */
export class CurveLegend {
  readonly element: HTMLElement;
  private values: HTMLElement[] = [];

  /** `onToggle` is told whether the curve is shown now. */
  constructor(
    title: string,
    private readonly onToggle: (name: string, shown: boolean) => void,
  ) {
    this.element = h('div', { class: 'legend', role: 'group', 'aria-label': `Curves of ${title}` });
  }

  show(curves: readonly Curve[], hidden: ReadonlySet<string>, ink: Ink): void {
    this.values = curves.map(() => h('span', { class: 'value' }));
    this.element.replaceChildren(
      ...curves.map((curve, c) => {
        const button = h(
          'button',
          { type: 'button', 'aria-pressed': String(!hidden.has(curve.name)) },
          parseSvg(swatchSvg(curve, ink)),
          h('span', {}, curve.name),
          this.values[c],
        );
        return on(button, {
          click: () => {
            const shown = button.getAttribute('aria-pressed') !== 'true';
            button.setAttribute('aria-pressed', String(shown));
            this.onToggle(curve.name, shown);
          },
        });
      }),
    );
  }

  /** Writes a value beside each curve's name; null: none. */
  write(values: readonly (number | null)[]): void {
    values.forEach((value, c) =>
      setText(this.values[c], value === null ? '' : formatNumber(value)),
    );
  }
}
