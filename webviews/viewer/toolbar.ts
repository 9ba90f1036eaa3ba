import type { LayerInfo, PlaneInfo, PlaneName, Window } from '../../engine/contract/viewer';
import { h, on, setText } from '../shared/dom';
import type { Actions } from './actions';
import { select, slider, toggle, toolButton, type Select, type Toggle } from './controls';
import { isComparable, panesOf, paneTitle, short, type Layered, type PaneName } from './layers';
import { frameOf, hiddenPanes, planeOf, windowOf } from './selectors';
import type { ViewSettings } from './settings';
import {
  chooseWindow,
  fit,
  set,
  setThreshold,
  showHelp,
  switchLayout,
  switchPane,
  switchSidebar,
  toFrame,
  toPlane,
} from './transitions';
import { inTurn, whenOpen, type Part, type Update } from './store';

/** The row of controls above the panes. */
export class Toolbar implements Part {
  readonly element = h('div', { class: 'toolbar', role: 'toolbar', 'aria-label': 'Viewer' });
  private readonly planes = h('div', { class: 'group', role: 'group', 'aria-label': 'Plane' });
  private readonly panes = h('div', { class: 'group', role: 'group', 'aria-label': 'Panes' });
  private planeToggles: ReadonlyMap<PlaneName, Toggle> = new Map();
  private paneToggles: ReadonlyMap<PaneName, Toggle> = new Map();
  private readonly addOverlay: HTMLElement;
  private readonly overlay: Select;
  private readonly opacity = slider('Opacity of the overlay', 0, 1, 0.05);
  private readonly colors: Select;
  private readonly windows = h('div', { class: 'group' });
  private windowSelect: Select | null = null;
  private readonly threshold = slider(
    'Probability from which on a class is taken',
    0.01,
    0.99,
    0.01,
  );
  private readonly thresholdText = h('output', { class: 'count' });
  private readonly thresholdGroup: HTMLElement;
  private readonly frame = slider('Frame', 0, 1, 1);
  private readonly frameText = h('output', { class: 'count' });
  private readonly frameGroup: HTMLElement;
  private readonly layout: HTMLElement;

  constructor(
    private readonly update: Update,
    actions: Actions,
  ) {
    this.addOverlay = toolButton('add', 'Add overlay', () => void actions.addOverlays([]));
    this.overlay = select(
      'Overlay',
      [
        ['fill', 'Fill'],
        ['contour', 'Contour'],
        ['none', 'No overlay'],
      ],
      (value) => this.set({ overlay: value as ViewSettings['overlay'] }),
    );
    this.colors = select(
      'What the colours mean',
      [
        ['classes', 'Classes'],
        ['agreement', 'Agreement'],
      ],
      (value) => this.set({ colors: value as ViewSettings['colors'] }),
    );
    this.thresholdGroup = h(
      'div',
      { class: 'group', hidden: true },
      h('span', { class: 'muted' }, 'Threshold'),
      this.threshold,
      this.thresholdText,
      toolButton('discard', 'As it was evaluated', () =>
        update((state) => setThreshold(state, null)),
      ),
    );
    this.frameGroup = h(
      'div',
      { class: 'group', hidden: true },
      h('span', { class: 'muted' }, 'Frame'),
      this.frame,
      this.frameText,
    );
    this.layout = toolButton('split-horizontal', 'Panes in a row or in a grid (G)', () =>
      update(switchLayout),
    );
    on(this.opacity, { input: () => this.set({ opacity: Number(this.opacity.value) }) });
    on(this.threshold, {
      input: () => update((state) => setThreshold(state, Number(this.threshold.value))),
    });
    on(this.frame, { input: () => update((state) => toFrame(state, Number(this.frame.value))) });
    this.element.append(
      toolButton('list-flat', 'Show or hide the lists (B)', () => update(switchSidebar)),
      this.planes,
      this.panes,
      this.addOverlay,
      h('div', { class: 'group' }, this.overlay, this.opacity, this.colors),
      this.windows,
      this.thresholdGroup,
      this.frameGroup,
      h(
        'div',
        { class: 'group end' },
        this.layout,
        toolButton('screen-full', 'Fit the image (F)', () => update(fit)),
        toolButton('question', 'Keys (?)', () => update((state) => showHelp(state, true))),
      ),
    );
  }

  readonly render = inTurn(
    whenOpen(
      ({ shown }) => [shown],
      ([shown]) => {
        this.buildPlanes(shown.planes);
        this.buildPanes(shown);
        this.buildWindows(shown.windows);
      },
    ),
    whenOpen(
      (state) => [state.shown, planeOf(state).name],
      ([, plane]) => {
        for (const [name, button] of this.planeToggles) button.checked = name === plane;
      },
    ),
    whenOpen(
      (state) => [state.shown, hiddenPanes(state)],
      ([, hidden]) => {
        for (const [name, button] of this.paneToggles) button.checked = !hidden.includes(name);
      },
    ),
    whenOpen(
      ({ shown }) => [shown.source.kind],
      ([kind]) => (this.addOverlay.hidden = kind !== 'file'),
    ),
    whenOpen(
      ({ settings }) => [settings.overlay],
      ([overlay]) => (this.overlay.value = overlay),
    ),
    whenOpen(
      ({ settings }) => [settings.opacity],
      ([opacity]) => {
        this.opacity.value = String(opacity);
        this.opacity.setAttribute('aria-valuetext', `${Math.round(100 * opacity)}%`);
      },
    ),
    whenOpen(
      ({ shown, settings }) => [isComparable(shown), settings.colors],
      ([comparable, colors]) => {
        this.colors.value = colors;
        this.colors.hidden = !comparable;
      },
    ),
    whenOpen(
      (state) => [state.shown, windowOf(state)],
      ([{ windows }, { low, high }]) => {
        const index = windows.findIndex((w) => w.low === low && w.high === high);
        this.windowSelect!.value = index < 0 ? '' : String(index);
      },
    ),
    whenOpen(
      ({ shown, place }) => [shown, place.threshold],
      ([{ layers }, threshold]) => this.showThreshold(layers, threshold),
    ),
    whenOpen(
      (state) => [state.shown.frames, frameOf(state)],
      ([frames, frame]) => {
        this.frameGroup.hidden = frames < 2;
        this.frame.max = String(frames - 1);
        this.frame.value = String(frame);
        setText(this.frameText, `${frame + 1} / ${frames}`);
      },
    ),
    whenOpen(
      ({ settings }) => [settings.layout],
      ([layout]) =>
        this.layout.setAttribute('icon', layout === 'row' ? 'layout' : 'split-horizontal'),
    ),
  );

  private set(change: Partial<ViewSettings>): void {
    this.update((state) => set(state, change));
  }

  private buildPlanes(planes: readonly PlaneInfo[]): void {
    this.planeToggles = new Map(
      planes.map(({ name, title }) => {
        const button = toggle(title, `${title} (${title[0]})`, () => {
          // The plane that is shown stays so.
          button.checked = true;
          this.update((state) => toPlane(state, name));
        });
        return [name, button];
      }),
    );
    this.planes.hidden = planes.length < 2;
    this.planes.replaceChildren(...this.planeToggles.values());
  }

  private buildPanes(shown: Layered): void {
    const panes = panesOf(shown);
    this.paneToggles = new Map(
      panes.map((name) => {
        const title = short(paneTitle(shown, name));
        const button = toggle(title, `Show ${title}`, (checked) =>
          this.update((state) => switchPane(state, name, checked)),
        );
        return [name, button];
      }),
    );
    this.panes.hidden = panes.length < 2;
    this.panes.replaceChildren(...this.paneToggles.values());
  }

  private buildWindows(windows: readonly Window[]): void {
    this.windows.hidden = windows.length < 2;
    this.windowSelect = select(
      'Intensity window',
      [
        ...windows.map(
          ({ name }, n) => [String(n), `${n < 9 ? `${n + 1}  ` : ''}${name}`] as const,
        ),
        ['', 'Own window'],
      ],
      (value) => value !== '' && this.update((state) => chooseWindow(state, Number(value))),
    );
    this.windows.replaceChildren(this.windowSelect);
  }

  private showThreshold(layers: readonly LayerInfo[], threshold: number | null): void {
    const likely = layers.find(({ probabilities }) => probabilities);
    this.thresholdGroup.hidden = likely === undefined;
    this.threshold.value = String(threshold ?? likely?.threshold ?? 0.5);
    setText(this.thresholdText, threshold === null ? 'as evaluated' : threshold.toFixed(2));
  }
}
