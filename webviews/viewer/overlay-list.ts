import { h, on } from '../shared/dom';
import type { Actions } from './actions';
import type { Shown } from './state';
import { whenChanged, type Part } from './store';

/** The files that are laid over a file, each with a button that takes it away; of a case, what is to be known about it. */
export class OverlayList implements Part {
  readonly element = h('section', { class: 'overlays', 'aria-label': 'Overlays' });

  constructor(private readonly actions: Actions) {}

  readonly render = whenChanged(
    ({ shown, refusal }) => [shown, refusal],
    ([shown, refusal]) => {
      const rows = shown === null ? [] : this.rowsOf(shown);
      if (refusal !== null) rows.push(h('p', { class: 'refusal error', role: 'alert' }, refusal));
      this.element.hidden = rows.length === 0;
      this.element.replaceChildren(...rows);
    },
  );

  private rowsOf({ source, layers, note }: Shown): HTMLElement[] {
    if (source.kind === 'case') return note === null ? [] : [h('p', { class: 'muted' }, note)];
    if (layers.length === 0) return [];
    return [
      h('h2', {}, 'Overlays'),
      ...layers.map((layer) => {
        const { title, path, error } = layer;
        const said = error ?? layer.note;
        const remove = h('vscode-toolbar-button', {
          icon: 'close',
          label: `Remove ${title}`,
          title: 'Remove',
        });
        return h(
          'div',
          { class: 'layer' },
          h('span', { title: path }, title),
          on(remove, { click: () => void this.actions.removeOverlay(path) }),
          said !== null && h('p', { class: error ? 'error' : 'muted' }, said),
        );
      }),
    ];
  }
}
