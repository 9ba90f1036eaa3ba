import { errorText, type Host } from './host';
import { keyAction, type KeyAction } from './keys';
import type { ViewerCommand } from '../../engine/contract/viewer-page';
import { planeOf } from './selectors';
import { isOpen, type State } from './state';
import {
  ask,
  chooseWindow,
  fit,
  pan,
  refuse,
  showHelp,
  stepCursor,
  stepSlices,
  switchColors,
  switchLayout,
  switchOverlay,
  switchSidebar,
  toNeighbour,
  toNextWorst,
  toPlane,
  toSlice,
  zoom,
} from './transitions';
import type { Store } from './store';

/** What users do that takes more than a change of the state: commands, keys, and what the extension has to do. */
export class Actions {
  constructor(
    private readonly host: Host,
    private readonly store: Store,
  ) {}

  /** Carries out a command of the editor. */
  command(command: ViewerCommand): void {
    if (command === 'addOverlay') void this.addOverlays([]);
    else this.store.update((state) => afterCommand(state, command));
  }

  /** Carries out what a key asks for, and keeps it from the editor then. */
  key(event: KeyboardEvent): void {
    const { state } = this.store;
    if (event.defaultPrevented || state.help || !isOpen(state)) return;
    const action = keyAction(event);
    if (!action) return;
    // Sliders and lists keep their own keys.
    const target = event.target as HTMLElement | null;
    const own = target?.closest('input, vscode-single-select, [role=listbox]');
    if (own && (event.key.startsWith('Arrow') || /^(Home|End|Page)/.test(event.key))) return;
    event.preventDefault();
    this.store.update((before) => afterKey(before, action));
  }

  /** Lays files over the one that is shown: without any, those that the user chooses. */
  async addOverlays(uris: string[]): Promise<void> {
    await this.changeOverlays(() => this.host.call('addOverlays', { uris }));
  }

  async removeOverlay(path: string): Promise<void> {
    await this.changeOverlays(() => this.host.call('removeOverlay', { path }));
  }

  /** What was dropped is no file with a place. */
  refuseDrop(): void {
    this.store.update((state) =>
      refuse(
        state,
        'What was dropped does not say where it is. Hold Shift and drop files of the Explorer, or use Add overlay.',
      ),
    );
  }

  private async changeOverlays(change: () => Promise<string[]>): Promise<void> {
    const source = this.store.state.shown?.source;
    if (source?.kind !== 'file') return;
    try {
      const overlays = await change();
      if (overlays.join('\n') !== source.overlays.join('\n'))
        this.store.update((state) => ask(state, { ...source, overlays }));
    } catch (error) {
      this.store.update((state) => refuse(state, errorText(error)));
    }
  }
}

function afterCommand(state: State, command: Exclude<ViewerCommand, 'addOverlay'>): State {
  switch (command) {
    case 'nextCase':
      return toNeighbour(state, 1);
    case 'previousCase':
      return toNeighbour(state, -1);
    case 'nextWorstSlice':
      return toNextWorst(state);
    case 'axial':
    case 'coronal':
    case 'sagittal':
      return toPlane(state, command);
    case 'fit':
      return fit(state);
  }
}

/** The state after a key. */
export function afterKey(state: State, action: KeyAction): State {
  if (!isOpen(state)) return state;
  const { slices, rows, columns } = planeOf(state);
  switch (action.do) {
    case 'slice':
      return stepSlices(state, action.by);
    case 'firstSlice':
      return toSlice(state, 0);
    case 'lastSlice':
      return toSlice(state, slices - 1);
    case 'nextWorst':
      return toNextWorst(state);
    case 'nextCase':
      return toNeighbour(state, 1);
    case 'previousCase':
      return toNeighbour(state, -1);
    case 'plane':
      return toPlane(state, action.plane);
    case 'pan':
      return pan(state, (-action.x * columns) / 20, (-action.y * rows) / 20);
    case 'zoom':
      return zoom(state, action.factor);
    case 'cursor':
      return stepCursor(state, action.rows, action.columns);
    case 'window':
      return chooseWindow(state, action.number - 1);
    case 'fit':
      return fit(state);
    case 'overlay':
      return switchOverlay(state);
    case 'agreement':
      return switchColors(state);
    case 'layout':
      return switchLayout(state);
    case 'sidebar':
      return switchSidebar(state);
    case 'help':
      return showHelp(state, true);
  }
}
