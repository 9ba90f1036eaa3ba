import type { PlaneInfo, PlaneName, Window } from '../../engine/contract/viewer';
import { h, on, setText } from '../shared/dom';
import { select } from './case-list';
import type { PaneName, ViewSettings } from './settings';

export interface ToolbarEvents {
  onPlane: (plane: PlaneName) => void;
  onPane: (pane: PaneName, shown: boolean) => void;
  onLayout: () => void;
  onOverlay: (overlay: ViewSettings['overlay']) => void;
  onOpacity: (opacity: number) => void;
  onColors: (colors: ViewSettings['colors']) => void;
  onWindow: (window: Window) => void;
  onThreshold: (threshold: number | null) => void;
  onFrame: (frame: number) => void;
  onSidebar: () => void;
  onFit: () => void;
  onHelp: () => void;
  onAddOverlay: () => void;
}

type Toggle = HTMLElement & { checked: boolean };

/** The row of controls above the panes. */
export class Toolbar {
  readonly element = h('div', { class: 'toolbar', role: 'toolbar', 'aria-label': 'Viewer' });
  private readonly planes = h('div', { class: 'group', role: 'group', 'aria-label': 'Plane' });
  private readonly panes = h('div', { class: 'group', role: 'group', 'aria-label': 'Panes' });
  private readonly opacity = slider('Opacity of the overlay', 0, 1, 0.05);
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
  private readonly overlay;
  private readonly colors;
  private readonly windows = h('div', { class: 'group' });
  private readonly addOverlay: HTMLElement;
  private readonly layout: HTMLElement;
  private windowSelect: (HTMLElement & { value: string }) | null = null;

  constructor(private readonly events: ToolbarEvents) {
    this.overlay = select(
      'Overlay',
      [
        ['fill', 'Fill'],
        ['contour', 'Contour'],
        ['none', 'No overlay'],
      ],
      (value) => events.onOverlay(value as ViewSettings['overlay']),
    );
    this.colors = select(
      'What the colours mean',
      [
        ['classes', 'Classes'],
        ['agreement', 'Agreement'],
      ],
      (value) => events.onColors(value as ViewSettings['colors']),
    );
    on(this.opacity, { input: () => events.onOpacity(Number(this.opacity.value)) });
    on(this.threshold, { input: () => events.onThreshold(Number(this.threshold.value)) });
    on(this.frame, { input: () => events.onFrame(Number(this.frame.value)) });
    this.thresholdGroup = h(
      'div',
      { class: 'group', hidden: true },
      h('span', { class: 'muted' }, 'Threshold'),
      this.threshold,
      this.thresholdText,
      toolButton('discard', 'As it was evaluated', () => events.onThreshold(null)),
    );
    this.frameGroup = h(
      'div',
      { class: 'group', hidden: true },
      h('span', { class: 'muted' }, 'Frame'),
      this.frame,
      this.frameText,
    );
    this.addOverlay = toolButton('add', 'Add overlay', () => events.onAddOverlay());
    this.layout = toolButton('split-horizontal', 'Panes in a row or in a grid (G)', () =>
      events.onLayout(),
    );
    this.element.append(
      toolButton('list-flat', 'Show or hide the lists (B)', () => events.onSidebar()),
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
        toolButton('screen-full', 'Fit the image (F)', () => events.onFit()),
        toolButton('question', 'Keys (?)', () => events.onHelp()),
      ),
    );
  }

  setPlanes(planes: readonly PlaneInfo[], current: PlaneName): void {
    this.planes.hidden = planes.length < 2;
    this.planes.replaceChildren(
      ...planes.map(({ name, title }) =>
        toggle(title, `${title} (${title[0]})`, name === current, () => this.events.onPlane(name)),
      ),
    );
  }

  setPanes(panes: readonly { name: PaneName; title: string }[], hidden: readonly PaneName[]): void {
    this.panes.hidden = panes.length < 2;
    this.panes.replaceChildren(
      ...panes.map(({ name, title }) =>
        toggle(title, `Show ${title}`, !hidden.includes(name), (shown) =>
          this.events.onPane(name, shown),
        ),
      ),
    );
  }

  setFile(isFile: boolean): void {
    this.addOverlay.hidden = !isFile;
  }

  setOverlay({ overlay, opacity, colors }: ViewSettings, comparable: boolean): void {
    this.overlay.value = overlay;
    this.opacity.value = String(opacity);
    this.opacity.setAttribute('aria-valuetext', `${Math.round(100 * opacity)}%`);
    this.colors.value = colors;
    this.colors.hidden = !comparable;
  }

  setLayout(layout: ViewSettings['layout']): void {
    this.layout.setAttribute('icon', layout === 'row' ? 'layout' : 'split-horizontal');
  }

  setWindows(windows: readonly Window[]): void {
    this.windows.hidden = windows.length < 2;
    this.windowSelect = select(
      'Intensity window',
      [
        ...windows.map(
          ({ name }, n) => [String(n), `${n < 9 ? `${n + 1}  ` : ''}${name}`] as const,
        ),
        ['', 'Own window'],
      ],
      (value) => value !== '' && this.events.onWindow(windows[Number(value)]),
    );
    this.windows.replaceChildren(this.windowSelect);
  }

  showWindow(index: number): void {
    if (this.windowSelect) this.windowSelect.value = index < 0 ? '' : String(index);
  }

  setThreshold(available: boolean, threshold: number | null, own: number | null): void {
    this.thresholdGroup.hidden = !available;
    this.threshold.value = String(threshold ?? own ?? 0.5);
    setText(this.thresholdText, threshold === null ? 'as evaluated' : threshold.toFixed(2));
  }

  setFrame(frames: number, frame: number): void {
    this.frameGroup.hidden = frames < 2;
    this.frame.max = String(frames - 1);
    this.frame.value = String(frame);
    setText(this.frameText, `${frame + 1} / ${frames}`);
  }
}

export function toolButton(icon: string, label: string, act: () => void): HTMLElement {
  return on(h('vscode-toolbar-button', { icon, label, title: label }), { click: act });
}

function toggle(
  text: string,
  title: string,
  checked: boolean,
  act: (checked: boolean) => void,
): HTMLElement {
  const button = h(
    'vscode-toolbar-button',
    { label: title, title, toggleable: true, checked },
    text,
  ) as Toggle;
  return on(button, { change: () => act(button.checked) });
}

function slider(label: string, min: number, max: number, step: number): HTMLInputElement {
  return h('input', { type: 'range', min, max, step, 'aria-label': label, title: label });
}
