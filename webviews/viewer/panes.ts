import { h } from '../shared/dom';
import type { PlaneInfo } from '../../engine/contract/viewer';
import { short } from './layers';
import { PaneView } from './pane-view';
import { planeOf, shownPanes } from './selectors';
import type { ViewSettings } from './settings';
import { isOpen, type State } from './state';
import { inTurn, whenChanged, whenOpen, type Part, type Update } from './store';

/** Height of a pane's title, in pixels as in the style sheet. */
const titleHeight = 28;

/** Below this width of a pane its title is short; in pixels. */
const narrow = 260;

/** The panes side by side; where nothing is shown, why. */
export class Panes implements Part {
  readonly element = h('div', { class: 'panes' });
  private readonly resizes = new ResizeObserver(() => this.arrange());
  private views: PaneView[] = [];
  private laidOut: { plane: PlaneInfo; layout: ViewSettings['layout'] } | null = null;

  constructor(private readonly update: Update) {
    this.resizes.observe(this.element);
  }

  readonly render = inTurn(
    whenChanged(
      (state) => [state.shown, isOpen(state) ? shownPanes(state) : null, state.failure],
      ([shown, names, failure]) => {
        this.disposePanes();
        if (failure !== null)
          this.element.replaceChildren(h('p', { class: 'failure', role: 'alert' }, failure));
        if (shown === null || names === null) return;
        this.views = names.map((name) => new PaneView(name, shown, this.update));
        this.element.replaceChildren(...this.views.map(({ pane }) => pane.element));
        // Other controls come with another case, and have their size later than the panes.
        for (const { pane } of this.views) this.resizes.observe(pane.stage);
      },
    ),
    whenOpen(
      (state) => [
        planeOf(state),
        state.settings.layout,
        state.shown,
        shownPanes(state),
        state.settings.sidebar,
      ],
      ([plane, layout]) => {
        this.laidOut = { plane, layout };
        this.arrange();
      },
    ),
    (state: State) => {
      for (const view of this.views) view.render(state);
    },
  );

  dispose(): void {
    this.resizes.disconnect();
    this.disposePanes();
  }

  private disposePanes(): void {
    for (const view of this.views) {
      this.resizes.unobserve(view.pane.stage);
      view.dispose();
    }
    this.views = [];
  }

  /** In a row, or in as many columns as leave the image largest. */
  private arrange(): void {
    const count = this.views.length;
    const { clientWidth: width, clientHeight: height } = this.element;
    if (count === 0 || width === 0 || !this.laidOut) return;
    const { plane, layout } = this.laidOut;
    const aspect = (plane.columns * plane.spacing[1]) / (plane.rows * plane.spacing[0]);
    const size = (columns: number) => {
      const rows = Math.ceil(count / columns);
      return Math.min(width / columns, (height / rows - titleHeight) * aspect);
    };
    let columns = count;
    if (layout === 'grid')
      for (let n = 1; n <= count; n++) if (size(n) > size(columns) * 1.0001) columns = n;
    this.element.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    this.element.style.gridTemplateRows = `repeat(${Math.ceil(count / columns)}, minmax(0, 1fr))`;
    for (const { pane, title } of this.views) {
      pane.setTitle(width / columns < narrow ? short(title) : title);
      pane.fitSize();
    }
  }
}
