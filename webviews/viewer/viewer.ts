import { h } from '../shared/dom';
import { Actions } from './actions';
import { CaseList } from './case-list';
import { ClassList } from './class-list';
import { DiceCounter } from './dice-counter';
import { takeDrops } from './drops';
import { firstState } from './first-state';
import { Help } from './help';
import type { Host } from './host';
import { Legend } from './legend';
import { Memory } from './memory';
import type { Start } from '../../engine/contract/viewer-page';
import { Opener } from './opener';
import { OverlayList } from './overlay-list';
import { WarningList } from './warning-list';
import { PageMarks } from './page-marks';
import { Panes } from './panes';
import { SliceFetcher } from './slice-fetcher';
import { Speaker } from './speaker';
import { changeTheme } from './transitions';
import { StatusBar } from './status-bar';
import { Store } from './store';
import { Strip } from './strip';
import { Toolbar } from './toolbar';

/** The page: lists on the left, panes in the middle, the strip of slices below, what is under the cursor at the bottom. */
export class Viewer {
  readonly actions: Actions;
  private readonly store: Store;
  private readonly stops: (() => void)[];

  constructor(
    private readonly root: HTMLElement,
    host: Host,
    begun: Start,
    kept: unknown,
  ) {
    const store = new Store(firstState(begun, kept));
    const { update } = store;
    const { run } = store.state;
    this.store = store;
    this.actions = new Actions(host, store);

    const toolbar = new Toolbar(update, this.actions);
    const cases = run && new CaseList(run, update);
    const classes = new ClassList(update);
    const overlays = new OverlayList(this.actions);
    const warnings = new WarningList();
    const legend = new Legend();
    const panes = new Panes(update);
    const strip = new Strip(update);
    const status = new StatusBar();
    const speaker = new Speaker(() => store.state);
    const help = new Help(update);

    root.classList.add('viewer');
    root.replaceChildren(
      h('h1', { class: 'spoken' }, 'Predictions'),
      toolbar.element,
      h(
        'div',
        { class: 'middle' },
        h(
          'aside',
          { class: 'sidebar', 'aria-label': 'Cases and classes' },
          cases && cases.element,
          classes.element,
          warnings.element,
          overlays.element,
          legend.element,
        ),
        panes.element,
      ),
      strip.element,
      status.element,
      speaker.element,
      help.element,
    );
    this.stops = [
      this.bindKeys(),
      followTheme(() => update(changeTheme)),
      ...(run ? [] : [takeDrops(root, this.actions)]),
    ];
    store.start([
      new PageMarks(root),
      toolbar,
      ...(cases ? [cases] : []),
      classes,
      warnings,
      overlays,
      legend,
      strip,
      status,
      panes,
      speaker,
      help,
      new Memory(host),
      new Opener(host, update),
      new SliceFetcher(host, update),
      // Counting takes as long as reading the files, so it is asked for after the slice.
      new DiceCounter(host, update),
    ]);
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    this.store.stop();
    this.root.replaceChildren();
  }

  private bindKeys(): () => void {
    const onKey = (event: KeyboardEvent) => this.actions.key(event);
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }
}

/** Calls `changed` when the editor has another theme, by which the page's colours are. Returns how to stop. */
function followTheme(changed: () => void): () => void {
  const theme = new MutationObserver(changed);
  theme.observe(document.body, { attributes: true, attributeFilter: ['class'] });
  theme.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
  return () => theme.disconnect();
}
