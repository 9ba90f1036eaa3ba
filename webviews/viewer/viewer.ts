import { placeOf, voxelAt } from '../../engine/viewer/places';
import type {
  DiceResult,
  LayerName,
  PlaneInfo,
  PlaneName,
  RunCases,
  ViewerSource,
  ViewerSubject,
} from '../../engine/contract/viewer';
import type { Channel } from '../shared/channel';
import { h, on, setText } from '../shared/dom';
import { keepState } from '../shared/vscode-api';
import { CaseList, select } from './case-list';
import { ClassList, short } from './class-list';
import {
  classColor,
  cssColor,
  outcomeColors,
  outcomes,
  outcomeTitles,
  parseColor,
  type Rgb,
} from './colors';
import { cornerstoneImage, type CornerstoneImage } from './cornerstone';
import { bindGestures } from './gestures';
import { keyAction, keyHelp } from './keys';
import type { HostCalls, HostEvent, PageCalls, PageEvent, Start, ViewerCommand } from './messages';
import { agreement } from './overlay';
import { Pane, type Look, type PaneOverlay } from './pane';
import { cursorText, type CursorReading } from './readout';
import { diceBySlice, diceOfClass, nextWorst } from './scores';
import {
  freshPlace,
  judgedOf,
  panesOf,
  referenceOf,
  restoredSettings,
  restoredState,
  type PaneName,
  type Place,
  type ViewSettings,
} from './settings';
import { Slices, type LoadedSlice } from './slices';
import { Strip } from './strip';
import { Toolbar } from './toolbar';

type Host = Channel<PageCalls, HostCalls, PageEvent, HostEvent>;

/** What is shown now. */
interface Shown {
  source: ViewerSource;
  subject: ViewerSubject;
  slices: Slices;
  /** Null until it is counted. */
  dice: DiceResult | null;
  loaded: LoadedSlice | null;
  image: CornerstoneImage | null;
}

/** The page: lists on the left, panes in the middle, the strip of slices below, what is under the cursor at the bottom. */
export class Viewer {
  private settings: ViewSettings;
  private place: Place;
  private shown: Shown | null = null;
  private readonly panes = new Map<PaneName, Pane>();
  private readonly toolbar: Toolbar;
  private readonly cases: CaseList | null;
  private readonly classes: ClassList;
  private readonly strip: Strip;
  private readonly stage = h('div', { class: 'panes' });
  private readonly sidebar = h('aside', { class: 'sidebar', 'aria-label': 'Cases and classes' });
  private readonly legend = h('section', { class: 'legend', 'aria-label': 'Colours' });
  private readonly layerList = h('section', { class: 'overlays', 'aria-label': 'Overlays' });
  private readonly status = h('div', { class: 'status' });
  private readonly spoken = h('div', { class: 'spoken', role: 'status', 'aria-live': 'polite' });
  private readonly help = h('dialog', { class: 'help', 'aria-label': 'Keys' });
  private readonly run: RunCases | null;
  /** What the panel is about while nothing is shown. */
  private kept: ViewerSource | null = null;
  private readonly stops: (() => void)[] = [];
  /** Counts openings, so that an answer that comes late is dropped. */
  private opening = 0;
  private counting = 0;
  private loadingTimer: ReturnType<typeof setTimeout> | null = null;
  private speakTimer: ReturnType<typeof setTimeout> | null = null;
  private thresholdTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly host: Host,
    begun: Start,
    kept: unknown,
  ) {
    const { opened } = begun;
    this.run = opened.kind === 'run' ? opened.run : null;
    const state = restoredState(kept);
    this.kept = state?.source ?? null;
    const source = this.firstSource(begun, state?.source ?? null, restoredSettings(begun.settings));
    // What was looked at before a reload wins over what was remembered for the run.
    const same = state !== null && isSame(state.source, source, opened.kind === 'file');
    this.settings = same ? state.settings : restoredSettings(begun.settings);
    this.place = same ? state.place : structuredClone(freshPlace);
    this.toolbar = new Toolbar({
      onPlane: (plane) => this.goToPlane(plane),
      onPane: (pane, shown) => this.switchPane(pane, shown),
      onLayout: () => this.switchLayout(),
      onOverlay: (overlay) => this.set({ overlay }),
      onOpacity: (opacity) => this.set({ opacity }),
      onColors: (colors) => this.set({ colors }),
      onWindow: (window) => this.setWindow(window),
      onThreshold: (threshold) => this.setThreshold(threshold),
      onFrame: (frame) => this.goToFrame(frame),
      onSidebar: () => this.set({ sidebar: !this.settings.sidebar }),
      onFit: () => this.fit(),
      onHelp: () => this.help.showModal(),
      onAddOverlay: () => void this.addOverlays([]),
    });
    this.cases = this.run
      ? new CaseList(this.run, {
          onCase: (domain, id) => this.openCase(domain, id),
          onDomain: (domain) => this.openDomain(domain),
          onOrder: (order) => this.set({ order }),
        })
      : null;
    this.classes = new ClassList((name, shown) => this.switchClass(name, shown));
    this.strip = new Strip({ onSlice: (slice) => this.goToSlice(slice) });
    this.build();
    if (source) void this.open(source);
    else this.fail(opened.kind === 'failed' ? opened.message : 'The run has no evaluated cases.');
    // From this a panel finds its run again, also one that could not be shown yet.
    if (opened.kind === 'failed')
      this.kept = state?.source ?? { kind: 'case', run: opened.name, domain: '', id: '' };
    this.keep();
  }

  /** Carries out a command of the editor. */
  command(command: ViewerCommand): void {
    switch (command) {
      case 'nextCase':
        return this.goToNeighbour(1);
      case 'previousCase':
        return this.goToNeighbour(-1);
      case 'nextWorstSlice':
        return this.goToWorst();
      case 'axial':
      case 'coronal':
      case 'sagittal':
        return this.goToPlane(command);
      case 'fit':
        return this.fit();
      case 'addOverlay':
        void this.addOverlays([]);
    }
  }

  dispose(): void {
    this.shown?.slices.stop();
    this.opening++;
    this.counting++;
    for (const pane of this.panes.values()) pane.dispose();
    this.panes.clear();
    for (const stop of this.stops) stop();
    this.root.replaceChildren();
  }

  // --- building -----------------------------------------------------------------------------------------------------

  private build(): void {
    this.help.append(
      h('h2', {}, 'Keys'),
      h('dl', {}, ...keyHelp.flatMap(([keys, what]) => [h('dt', {}, keys), h('dd', {}, what)])),
      on(h('vscode-button', {}, 'Close'), { click: () => this.help.close() }),
    );
    this.sidebar.append(
      ...(this.cases ? [this.cases.element] : []),
      this.classes.element,
      this.layerList,
      this.legend,
    );
    this.root.replaceChildren(
      h('h1', { class: 'spoken' }, 'Predictions'),
      this.toolbar.element,
      h('div', { class: 'middle' }, this.sidebar, this.stage),
      this.strip.element,
      this.status,
      this.spoken,
      this.help,
    );
    this.root.classList.add('viewer');
    this.listen(window, 'keydown', (event) => this.onKey(event as KeyboardEvent));
    this.listen(window, 'dragover', (event) => {
      if (this.run) return;
      event.preventDefault();
      this.root.classList.add('dropping');
    });
    this.listen(window, 'dragleave', () => this.root.classList.remove('dropping'));
    this.listen(window, 'drop', (event) => this.onDrop(event as DragEvent));
    const resize = new ResizeObserver(() => this.arrange());
    resize.observe(this.stage);
    this.stops.push(() => resize.disconnect());
    const theme = new MutationObserver(() => this.redraw());
    theme.observe(document.body, { attributes: true, attributeFilter: ['class'] });
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
    this.stops.push(() => theme.disconnect());
  }

  private listen(target: EventTarget, type: string, listener: (event: Event) => void): void {
    target.addEventListener(type, listener);
    this.stops.push(() => target.removeEventListener(type, listener));
  }

  private firstSource(
    { opened }: Start,
    kept: ViewerSource | null,
    settings: ViewSettings,
  ): ViewerSource | null {
    if (opened.kind === 'failed') return null;
    if (opened.kind === 'file')
      return { kind: 'file', path: opened.path, overlays: opened.overlays };
    const { run, first } = opened;
    const exists = (domain: string, id: string) =>
      run.domains.some((d) => d.name === domain && d.cases.some((c) => c.id === id));
    if (first && exists(first.domain, first.id)) return { kind: 'case', run: run.run, ...first };
    if (kept?.kind === 'case' && kept.run === run.run && exists(kept.domain, kept.id)) return kept;
    const domain =
      run.domains.find(({ name, cases }) => name === settings.domain && cases.length > 0) ??
      // What distillation is about shows on a target.
      run.domains.find(({ role, cases }) => role === 'target' && cases.length > 0) ??
      run.domains.find(({ cases }) => cases.length > 0);
    if (!domain) return null;
    const id = settings.cases[domain.name];
    return {
      kind: 'case',
      run: run.run,
      domain: domain.name,
      id: exists(domain.name, id) ? id : domain.cases[0].id,
    };
  }

  // --- opening ------------------------------------------------------------------------------------------------------

  private openCase(domain: string, id: string): void {
    if (!this.run) return;
    void this.open({ kind: 'case', run: this.run.run, domain, id });
  }

  private openDomain(domain: string): void {
    const found = this.run?.domains.find(({ name }) => name === domain);
    const id = this.settings.cases[domain] ?? found?.cases[0]?.id;
    if (id !== undefined) this.openCase(domain, id);
  }

  private async open(source: ViewerSource): Promise<void> {
    const opening = ++this.opening;
    const before = this.shown;
    this.markCase(source);
    this.setLoading(true);
    let subject: ViewerSubject;
    try {
      subject = await this.host.call('viewerOpen', { source });
    } catch (error) {
      if (opening === this.opening) {
        this.setLoading(false);
        this.fail(message(error));
      }
      return;
    }
    if (opening !== this.opening) return;
    before?.slices.stop();
    // Cases of one grid keep their place; others are seen as a whole.
    if (before && !sameGrid(before.subject, subject))
      this.place = { ...structuredClone(freshPlace), threshold: this.place.threshold };
    this.place.frame = Math.min(this.place.frame ?? subject.frame, subject.frames - 1);
    this.shown = {
      source,
      subject,
      dice: null,
      loaded: null,
      image: null,
      slices: new Slices(
        source,
        (query) => this.host.call('viewerSlice', query),
        (plane) => subject.planes.find(({ name }) => name === plane)?.slices ?? 0,
        (slice) => this.onSlice(slice),
        (_, text) => {
          this.setLoading(false);
          for (const pane of this.panes.values()) pane.setNotice(text);
        },
      ),
    };
    this.root.classList.remove('failed');
    document.title = subject.title;
    if (source.kind === 'case') {
      this.settings.domain = source.domain;
      this.settings.cases = { ...this.settings.cases, [source.domain]: source.id };
    }
    this.classes.setClasses(subject.classes, this.settings.hiddenClasses);
    this.toolbar.setFile(source.kind === 'file');
    this.toolbar.setWindows(subject.windows);
    this.buildPanes();
    this.showSettings();
    this.remember();
    this.goToSlice(this.sliceOf(this.plane()));
    this.speakSoon();
    await this.count();
  }

  private markCase(source: ViewerSource): void {
    if (source.kind === 'case') this.cases?.show(source.domain, source.id, this.settings.order);
  }

  /** Dice of all slices: it takes as long as reading the files, so it comes after the first slice. */
  private async count(): Promise<void> {
    const { shown } = this;
    if (!shown) return;
    const counting = ++this.counting;
    const comparable = panesOf(shown.subject).includes('error');
    shown.dice = null;
    this.classes.setStale(true);
    if (!comparable) {
      this.strip.setMessage(null);
      this.showScores();
      return;
    }
    this.strip.setMessage('Counting Dice of each slice …');
    try {
      const dice = await this.host.call('viewerDice', {
        source: shown.source,
        frame: this.frame(),
        threshold: this.place.threshold,
      });
      if (counting !== this.counting) return;
      shown.dice = dice;
      this.strip.setMessage(null);
    } catch (error) {
      if (counting !== this.counting) return;
      this.strip.setMessage(message(error));
    }
    this.classes.setStale(false);
    this.showScores();
  }

  private fail(text: string): void {
    this.shown?.slices.stop();
    this.shown = null;
    for (const pane of this.panes.values()) pane.dispose();
    this.panes.clear();
    this.root.classList.add('failed');
    this.stage.replaceChildren(h('p', { class: 'failure', role: 'alert' }, text));
    setText(this.status, '');
  }

  private buildPanes(): void {
    const { subject } = this.shown!;
    const names = panesOf(subject).filter((name) => !this.settings.hidden.includes(name));
    // At least one is shown.
    if (names.length === 0) names.push(panesOf(subject)[0]);
    for (const [name, pane] of this.panes)
      if (!names.includes(name)) {
        pane.dispose();
        this.panes.delete(name);
      }
    this.stage.querySelector('.failure')?.remove();
    // Made anew: titles and tools depend on the case.
    for (const pane of this.panes.values()) pane.dispose();
    this.panes.clear();
    for (const name of names) {
      const tools = name === 'error' ? this.judgedTool() : [];
      const pane = new Pane(name, this.paneTitle(name), this.look(), tools);
      this.panes.set(name, pane);
      this.bindPane(pane);
      this.stage.append(pane.element);
    }
    this.toolbar.setPanes(
      panesOf(subject).map((name) => ({ name, title: short(this.paneTitle(name)) })),
      this.settings.hidden,
    );
    this.showLayers();
    this.arrange();
  }

  private judgedTool(): HTMLElement[] {
    const { subject } = this.shown!;
    const reference = referenceOf(subject);
    const others = subject.layers.filter(({ name }) => name !== reference);
    if (others.length < 2) return [];
    const tool = select(
      'Whose errors',
      others.map(({ name, title }) => [name, short(title)] as const),
      (value) => {
        this.set({ judged: value });
        this.request();
      },
    );
    tool.value = judgedOf(subject, this.settings.judged)!;
    tool.classList.add('judged');
    return [tool];
  }

  private paneTitle(name: PaneName): string {
    if (name === 'error') return 'Errors';
    const layer = this.shown!.subject.layers.find((l) => l.name === name);
    return layer?.title ?? 'Image';
  }

  // --- what is shown ------------------------------------------------------------------------------------------------

  private plane(): PlaneInfo {
    const { planes, plane } = this.shown!.subject;
    return (
      planes.find(({ name }) => name === this.settings.plane) ??
      planes.find(({ name }) => name === plane) ??
      planes[0]
    );
  }

  private sliceOf(plane: PlaneInfo): number {
    const kept = this.place.slices[plane.name] ?? Math.floor((plane.slices - 1) / 2);
    return Math.max(0, Math.min(plane.slices - 1, kept));
  }

  private frame(): number {
    return this.place.frame ?? this.shown!.subject.frame;
  }

  private window(): { low: number; high: number } {
    const { source, subject } = this.shown!;
    return this.settings.windows[windowKey(source)] ?? subject.windows[0];
  }

  private look(): Look {
    const { overlay, opacity } = this.settings;
    const { zoom, pan, cursor } = this.place;
    return { zoom, pan, cursor, overlay, opacity, window: this.window() };
  }

  private neededLayers(): LayerName[] {
    const { subject } = this.shown!;
    const reference = referenceOf(subject);
    const judged = judgedOf(subject, this.settings.judged);
    const names = new Set<LayerName>();
    for (const name of this.panes.keys())
      if (name !== 'error') names.add(name);
      else if (judged) names.add(judged);
    if (reference) names.add(reference);
    return subject.layers.filter(({ name }) => names.has(name)).map(({ name }) => name);
  }

  /** Asks for the slice that is to be shown, with all layers that the panes need. */
  private request(): void {
    if (!this.shown) return;
    const plane = this.plane();
    const { slices } = this.shown;
    slices.want(
      {
        plane: plane.name,
        index: this.sliceOf(plane),
        frame: this.frame(),
        threshold: this.place.threshold,
      },
      this.neededLayers(),
    );
    this.setLoading(slices.waiting);
  }

  private onSlice(loaded: LoadedSlice): void {
    const { shown } = this;
    if (!shown) return;
    this.setLoading(false);
    if (loaded.image !== shown.loaded?.image)
      shown.image =
        'error' in loaded.image ? null : cornerstoneImage(loaded.image, this.plane().spacing);
    shown.loaded = loaded;
    this.redraw();
  }

  /** Draws the slice that is there with the settings as they are. */
  private redraw(): void {
    const { shown } = this;
    if (!shown?.loaded) return;
    const { loaded, image } = shown;
    const plane = this.plane();
    // The slice of a plane just chosen is on its way.
    if (loaded.place.plane !== plane.name) return;
    for (const [name, pane] of this.panes) {
      pane.setLetters(plane.letters);
      pane.setLook(this.look());
      pane.show(image ?? (loaded.image as { error: string }), this.overlayOf(name, loaded));
    }
    this.strip.draw();
    this.showLegend();
    this.showStatus();
    this.labelPanes();
  }

  private overlayOf(
    name: PaneName,
    { layers }: LoadedSlice,
  ): PaneOverlay | { error: string } | null {
    const { subject } = this.shown!;
    const reference = referenceOf(subject);
    const own = name === 'error' ? judgedOf(subject, this.settings.judged) : name;
    const layer = own === null ? undefined : layers[own];
    if (!layer) return null;
    if ('error' in layer) return layer;
    const shown = [false, ...subject.classes.map((c) => !this.settings.hiddenClasses.includes(c))];
    const compared =
      name === 'error' || (this.settings.colors === 'agreement' && name !== reference);
    if (!compared || reference === null)
      return {
        map: layer.labels,
        colors: shown.map((visible, n) => (visible ? classColor(n - 1) : null)),
      };
    const expected = layers[reference];
    if (!expected) return null;
    if ('error' in expected) return expected;
    return {
      map: agreement(layer.labels, expected.labels, shown),
      colors: [null, ...outcomes.map((outcome) => themeColor(outcomeColors[outcome]))],
    };
  }

  private setLoading(loading: boolean): void {
    if (!loading) {
      if (this.loadingTimer) clearTimeout(this.loadingTimer);
      this.loadingTimer = null;
      this.root.classList.remove('loading');
      return;
    }
    // Most slices are there before it would be seen.
    this.loadingTimer ??= setTimeout(() => this.root.classList.add('loading'), 200);
  }

  private showSettings(): void {
    if (!this.shown) return;
    const { subject } = this.shown;
    const comparable = panesOf(subject).includes('error');
    this.root.classList.toggle('without-sidebar', !this.settings.sidebar);
    this.toolbar.setPlanes(subject.planes, this.plane().name);
    this.toolbar.setOverlay(this.settings, comparable);
    this.toolbar.setLayout(this.settings.layout);
    const { low, high } = this.window();
    this.toolbar.showWindow(subject.windows.findIndex((w) => w.low === low && w.high === high));
    const likely = subject.layers.find(({ probabilities }) => probabilities);
    this.toolbar.setThreshold(
      likely !== undefined,
      this.place.threshold,
      likely?.threshold ?? null,
    );
    this.toolbar.setFrame(subject.frames, this.frame());
    this.strip.setSlices(this.plane().slices);
  }

  private showScores(): void {
    const { shown } = this;
    if (!shown) return;
    const { subject, dice } = shown;
    const plane = this.plane();
    const classes = subject.classes.length;
    const rows = subject.layers.flatMap(({ name, title }) => {
      const counts = dice?.layers[name];
      const own = counts && !('error' in counts) ? counts[plane.name] : undefined;
      return own ? [{ name, title, counts: own }] : [];
    });
    const counted = (label: number) =>
      !this.settings.hiddenClasses.includes(subject.classes[label - 1]);
    this.strip.setSlices(plane.slices);
    this.strip.setRows(
      rows.map(({ name, title, counts }) => ({
        title: short(title),
        color: `--vscode-meddistill-${name}`,
        dice: diceBySlice(counts, classes, counted),
      })),
    );
    this.strip.setSlice(this.sliceOf(plane));
    this.classes.setScores(
      rows.map(({ title, counts, name }) => ({
        title,
        dice: subject.classes.map((className, n) =>
          this.reported(name, className, diceOfClass(counts, classes, n + 1)),
        ),
      })),
    );
    for (const [name, pane] of this.panes) {
      const row = rows.find((r) => r.name === (name === 'error' ? null : name));
      const values = row
        ? subject.classes
            .map((c, n) =>
              counted(n + 1)
                ? this.reported(row.name, c, diceOfClass(row.counts, classes, n + 1))
                : null,
            )
            .filter((value) => value !== null)
        : [];
      pane.setFigure(
        values.length > 0
          ? `Dice ${(values.reduce((a, b) => a + b, 0) / values.length).toFixed(3)}`
          : '',
      );
    }
  }

  /** The number of the report, which may be a mean over slices, as long as the labels are those that it is about. */
  private reported(layer: LayerName, className: string, counted: number | null): number | null {
    const { source } = this.shown!;
    if (source.kind !== 'case' || this.place.threshold !== null) return counted;
    const item = this.run?.domains
      .find(({ name }) => name === source.domain)
      ?.cases.find(({ id }) => id === source.id);
    const network = layer;
    return item?.classes[network]?.[className] ?? counted;
  }

  private showLegend(): void {
    const { subject } = this.shown!;
    const used =
      panesOf(subject).includes('error') &&
      (this.panes.has('error') || this.settings.colors === 'agreement');
    this.legend.hidden = !used;
    this.legend.replaceChildren(
      h('h2', {}, 'Agreement'),
      ...outcomes
        .filter((outcome) => outcome !== 'otherClass' || subject.classes.length > 1)
        .map((outcome) => {
          const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
          swatch.style.background = cssColor(themeColor(outcomeColors[outcome]));
          return h('div', { class: 'class' }, swatch, outcomeTitles[outcome]);
        }),
    );
  }

  private showLayers(): void {
    const { source, subject } = this.shown!;
    if (source.kind === 'case') {
      this.layerList.hidden = subject.note === null;
      this.layerList.replaceChildren(h('p', { class: 'muted' }, subject.note));
      return;
    }
    this.layerList.hidden = subject.layers.length === 0;
    this.layerList.replaceChildren(
      h('h2', {}, 'Overlays'),
      ...subject.layers.map(({ title, path, note, error }) =>
        h(
          'div',
          { class: 'layer' },
          h('span', { title: path }, title),
          on(
            h('vscode-toolbar-button', {
              icon: 'close',
              label: `Remove ${title}`,
              title: 'Remove',
            }),
            {
              click: () => void this.removeOverlay(path),
            },
          ),
          (error ?? note) !== null && h('p', { class: error ? 'error' : 'muted' }, error ?? note),
        ),
      ),
    );
  }

  /** Why an overlay was not added: until the next one is. */
  private showRefusal(text: string): void {
    this.layerList.hidden = false;
    this.layerList.querySelector('.refusal')?.remove();
    this.layerList.append(h('p', { class: 'refusal error', role: 'alert' }, text));
    if (!this.settings.sidebar) this.set({ sidebar: true });
  }

  private showStatus(): void {
    const { shown } = this;
    if (!shown) return;
    const plane = this.plane();
    const { low, high } = this.window();
    const slice = this.sliceOf(plane);
    const reading = this.reading();
    this.status.replaceChildren(
      h('span', { class: 'status-title' }, shown.subject.title),
      h('span', {}, `${plane.title} ${slice + 1} / ${plane.slices}`),
      h('span', { class: 'reading' }, reading ? cursorText(reading) : ''),
      h('span', { class: 'window' }, `window ${round(low)} … ${round(high)}`),
      h('span', {}, `${Math.round(100 * this.place.zoom)}%`),
    );
  }

  /** What lies under the cursor. */
  private reading(): CursorReading | null {
    const { shown, place } = this;
    if (!shown?.loaded || !place.cursor) return null;
    const { image, layers } = shown.loaded;
    const plane = this.plane();
    const { row, column } = place.cursor;
    if (shown.loaded.place.plane !== plane.name) return null;
    if (row < 0 || column < 0 || row >= plane.rows || column >= plane.columns) return null;
    const at = row * plane.columns + column;
    const { subject } = shown;
    const values =
      'data' in image
        ? Array.from(
            { length: image.channels },
            (_, c) => image.data[c * plane.rows * plane.columns + at],
          )
        : [];
    return {
      plane,
      slice: this.sliceOf(plane),
      row,
      column,
      affine: subject.affine,
      values,
      labels: subject.layers.flatMap(({ name, title }) => {
        const layer = layers[name];
        if (!layer || !('labels' in layer)) return [];
        const label = layer.labels[at];
        return [
          { title: short(title), label: label === 0 ? null : (subject.classes[label - 1] ?? null) },
        ];
      }),
    };
  }

  private labelPanes(): void {
    const { subject } = this.shown!;
    const text = `${subject.title}, ${this.plane().title}, ${this.strip.describe()}`;
    for (const [name, pane] of this.panes) pane.setLabel(`${this.paneTitle(name)}: ${text}`);
  }

  /** Tells screen readers where one is, when one has stopped moving. */
  private speakSoon(): void {
    if (this.speakTimer) clearTimeout(this.speakTimer);
    this.speakTimer = setTimeout(() => {
      if (!this.shown) return;
      const reading = this.reading();
      setText(
        this.spoken,
        [
          this.shown.subject.title,
          this.plane().title,
          this.strip.describe(),
          reading && cursorText(reading),
        ]
          .filter(Boolean)
          .join(', '),
      );
    }, 500);
  }

  // --- going somewhere ----------------------------------------------------------------------------------------------

  private goToSlice(slice: number): void {
    if (!this.shown) return;
    const plane = this.plane();
    const index = Math.max(0, Math.min(plane.slices - 1, slice));
    this.place.slices = { ...this.place.slices, [plane.name]: index };
    this.strip.setSlices(plane.slices);
    this.strip.setSlice(index);
    this.request();
    this.showStatus();
    this.keep();
    this.speakSoon();
  }

  /** The other plane through the same voxel. */
  private goToPlane(name: PlaneName): void {
    const { shown, place } = this;
    const next = shown?.subject.planes.find((plane) => plane.name === name);
    if (!shown || !next) return;
    const before = this.plane();
    const { row, column } = place.cursor ?? {
      row: Math.floor(before.rows / 2),
      column: Math.floor(before.columns / 2),
    };
    if (next.name !== before.name) {
      const voxel = voxelAt(before, this.sliceOf(before), row, column);
      const [slice, r, c] = placeOf(next, voxel);
      place.slices = { ...place.slices, [name]: slice };
      place.cursor = place.cursor && { row: r, column: c };
      place.pan = { x: 0, y: 0 };
    }
    this.settings.plane = name;
    if (next.name !== before.name) for (const pane of this.panes.values()) pane.clear();
    this.showSettings();
    this.arrange();
    this.showScores();
    this.goToSlice(this.sliceOf(next));
    this.remember();
  }

  private goToFrame(frame: number): void {
    this.place.frame = frame;
    this.showSettings();
    this.request();
    this.keep();
  }

  private goToWorst(): void {
    const { shown } = this;
    if (!shown) return;
    const { subject, dice } = shown;
    const judged = judgedOf(subject, this.settings.judged);
    const counts = judged && dice?.layers[judged];
    const own = counts && !('error' in counts) ? counts[this.plane().name] : undefined;
    if (!own) return;
    const values = diceBySlice(
      own,
      subject.classes.length,
      (label) => !this.settings.hiddenClasses.includes(subject.classes[label - 1]),
    );
    const next = nextWorst(values, this.sliceOf(this.plane()));
    if (next !== null) this.goToSlice(next);
  }

  private goToNeighbour(by: 1 | -1): void {
    const id = this.cases?.neighbour(by);
    const domain =
      this.shown?.source.kind === 'case' ? this.shown.source.domain : this.settings.domain;
    if (id !== null && id !== undefined && domain !== null) this.openCase(domain, id);
  }

  private setCursor(row: number, column: number): void {
    if (!this.shown) return;
    const plane = this.plane();
    this.place.cursor = {
      row: Math.max(0, Math.min(plane.rows - 1, row)),
      column: Math.max(0, Math.min(plane.columns - 1, column)),
    };
    this.applyLook();
    this.showStatus();
  }

  private fit(): void {
    this.place.zoom = 1;
    this.place.pan = { x: 0, y: 0 };
    this.applyLook();
    this.showStatus();
  }

  private zoomBy(factor: number): void {
    this.place.zoom = Math.max(0.1, Math.min(64, this.place.zoom * factor));
    this.applyLook();
    this.showStatus();
  }

  private panBy(x: number, y: number): void {
    this.place.pan = { x: this.place.pan.x + x, y: this.place.pan.y + y };
    this.applyLook();
  }

  private setWindow({ low, high }: { low: number; high: number }): void {
    const { shown } = this;
    if (!shown) return;
    this.settings.windows = {
      ...this.settings.windows,
      [windowKey(shown.source)]: { low, high },
    };
    this.applyLook();
    this.showSettings();
    this.showStatus();
    this.remember();
  }

  private setThreshold(threshold: number | null): void {
    this.place.threshold = threshold;
    this.showSettings();
    this.request();
    this.keep();
    // Counting reads all of the files: when the slider rests.
    if (this.thresholdTimer) clearTimeout(this.thresholdTimer);
    this.thresholdTimer = setTimeout(() => void this.count(), 400);
  }

  private applyLook(): void {
    for (const pane of this.panes.values()) pane.setLook(this.look());
    this.keep();
  }

  // --- switching ----------------------------------------------------------------------------------------------------

  private set(change: Partial<ViewSettings>): void {
    this.settings = { ...this.settings, ...change };
    this.showSettings();
    this.arrange();
    this.redraw();
    this.remember();
  }

  private switchPane(name: PaneName, shown: boolean): void {
    const hidden = this.settings.hidden.filter((pane) => pane !== name);
    this.settings.hidden = shown ? hidden : [...hidden, name];
    this.buildPanes();
    this.redraw();
    this.showScores();
    this.request();
    this.remember();
  }

  private switchLayout(): void {
    this.set({ layout: this.settings.layout === 'row' ? 'grid' : 'row' });
  }

  private switchClass(name: string, shown: boolean): void {
    const hidden = this.settings.hiddenClasses.filter((other) => other !== name);
    this.set({ hiddenClasses: shown ? hidden : [...hidden, name] });
    this.showScores();
  }

  private async addOverlays(uris: string[]): Promise<void> {
    if (this.run) return;
    await this.setOverlays(() => this.host.call('addOverlays', { uris }));
  }

  private async removeOverlay(path: string): Promise<void> {
    await this.setOverlays(() => this.host.call('removeOverlay', { path }));
  }

  private async setOverlays(change: () => Promise<string[]>): Promise<void> {
    const source = this.shown?.source;
    if (source?.kind !== 'file') return;
    try {
      const overlays = await change();
      if (overlays.join('\n') !== source.overlays.join('\n'))
        await this.open({ ...source, overlays });
    } catch (error) {
      this.showRefusal(message(error));
    }
  }

  /** Lays the panes out: in a row, or in as many columns as leave the image largest. */
  private arrange(): void {
    const count = this.panes.size;
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (count === 0 || width === 0 || !this.shown) return;
    const plane = this.plane();
    const aspect = (plane.columns * plane.spacing[1]) / (plane.rows * plane.spacing[0]);
    const size = (columns: number) => {
      const rows = Math.ceil(count / columns);
      return Math.min(width / columns, (height / rows - 28) * aspect);
    };
    let columns = count;
    if (this.settings.layout === 'grid')
      for (let n = 1; n <= count; n++) if (size(n) > size(columns) * 1.0001) columns = n;
    this.stage.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    this.stage.style.gridTemplateRows = `repeat(${Math.ceil(count / columns)}, minmax(0, 1fr))`;
    const narrow = width / columns < 260;
    for (const [name, pane] of this.panes) {
      const title = this.paneTitle(name);
      pane.setTitle(narrow ? short(title) : title);
      pane.fitSize();
    }
  }

  // --- input --------------------------------------------------------------------------------------------------------

  private bindPane(pane: Pane): void {
    bindGestures(pane, {
      onSlices: (by) => this.goToSlice(this.sliceOf(this.plane()) + by),
      onZoom: (factor) => this.zoomBy(factor),
      onPan: (x, y) => this.panBy(x, y),
      onWindow: (wider, lower) => this.dragWindow(wider, lower),
      onCursor: ({ row, column }) => this.setCursor(row, column),
      onHover: (place) => {
        if (this.isInside(place)) this.setCursor(place.row, place.column);
      },
      onRest: () => this.speakSoon(),
      onAlone: () => this.switchOnly(pane.name),
    });
  }

  private isInside({ row, column }: { row: number; column: number }): boolean {
    const plane = this.plane();
    return row >= 0 && column >= 0 && row < plane.rows && column < plane.columns;
  }

  /** One pane alone, or all that were there before. */
  private switchOnly(name: PaneName): void {
    const { subject } = this.shown!;
    const others = panesOf(subject).filter((pane) => pane !== name);
    if (this.panes.size > 1) {
      this.before = this.settings.hidden;
      this.settings.hidden = others;
    } else this.settings.hidden = this.before ?? [];
    this.buildPanes();
    this.redraw();
    this.showScores();
    this.request();
    this.remember();
  }
  private before: PaneName[] | null = null;

  /** By pixels of the screen. */
  private dragWindow(wider: number, lower: number): void {
    if (!this.shown) return;
    const { low, high } = this.window();
    const width = high - low;
    const middle = (low + high) / 2 - (lower * width) / 300;
    const next = Math.max(width * Math.exp(wider / 200), 1e-6);
    this.setWindow({ low: middle - next / 2, high: middle + next / 2 });
  }

  private onDrop(event: DragEvent): void {
    this.root.classList.remove('dropping');
    if (this.run) return;
    event.preventDefault();
    const list =
      event.dataTransfer?.getData('application/vnd.code.uri-list') ||
      event.dataTransfer?.getData('text/uri-list') ||
      '';
    const uris = list.split(/\r?\n/).filter((line) => line && !line.startsWith('#'));
    if (uris.length > 0) void this.addOverlays(uris);
    else
      this.showRefusal(
        'What was dropped does not say where it is. Hold Shift and drop files of the Explorer, or use Add overlay.',
      );
  }

  private onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || this.help.open) return;
    const target = event.target as HTMLElement | null;
    // Sliders and lists keep their own keys.
    const own = target?.closest('input, vscode-single-select, [role=listbox]');
    const action = keyAction(event);
    if (!action || !this.shown) return;
    if (own && (event.key.startsWith('Arrow') || /^(Home|End|Page)/.test(event.key))) return;
    event.preventDefault();
    const plane = this.plane();
    const cursor = this.place.cursor ?? {
      row: Math.floor(plane.rows / 2),
      column: Math.floor(plane.columns / 2),
    };
    switch (action.do) {
      case 'slice':
        return this.goToSlice(this.sliceOf(plane) + action.by);
      case 'firstSlice':
        return this.goToSlice(0);
      case 'lastSlice':
        return this.goToSlice(plane.slices - 1);
      case 'nextWorst':
        return this.goToWorst();
      case 'nextCase':
        return this.goToNeighbour(1);
      case 'previousCase':
        return this.goToNeighbour(-1);
      case 'plane':
        return this.goToPlane(action.plane);
      case 'pan':
        return this.panBy((-action.x * plane.columns) / 20, (-action.y * plane.rows) / 20);
      case 'zoom':
        return this.zoomBy(action.factor);
      case 'cursor':
        this.setCursor(cursor.row + action.rows, cursor.column + action.columns);
        return this.speakSoon();
      case 'window': {
        const window = this.shown.subject.windows[action.number - 1];
        return window && this.setWindow(window);
      }
      case 'fit':
        return this.fit();
      case 'overlay': {
        const modes = ['fill', 'contour', 'none'] as const;
        const next = modes[(modes.indexOf(this.settings.overlay) + 1) % modes.length];
        return this.set({ overlay: next });
      }
      case 'agreement':
        return this.set({ colors: this.settings.colors === 'classes' ? 'agreement' : 'classes' });
      case 'layout':
        return this.switchLayout();
      case 'sidebar':
        return this.set({ sidebar: !this.settings.sidebar });
      case 'help':
        this.help.showModal();
    }
  }

  // --- remembering --------------------------------------------------------------------------------------------------

  private keep(): void {
    keepState({
      version: 1,
      settings: this.settings,
      source: this.shown?.source ?? this.kept,
      place: this.place,
    });
  }

  private remember(): void {
    this.keep();
    this.host.say({ type: 'remember', settings: this.settings });
  }
}

const message = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

const round = (value: number): string =>
  Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3);

/** Windows are shared by the cases of a domain. */
const windowKey = (source: ViewerSource): string => (source.kind === 'case' ? source.domain : '');

const themeColor = ({ variable, fallback }: { variable: string; fallback: string }): Rgb =>
  parseColor(getComputedStyle(document.body).getPropertyValue(variable).trim()) ??
  parseColor(fallback)!;

/** True where kept state is about what is opened: for a file, its overlays may have changed. */
function isSame(kept: ViewerSource | null, source: ViewerSource | null, file: boolean): boolean {
  if (!kept || !source || kept.kind !== source.kind) return false;
  if (kept.kind === 'file' || source.kind === 'file')
    return file && (kept as { path: string }).path === (source as { path: string }).path;
  return kept.run === source.run && kept.domain === source.domain && kept.id === source.id;
}

const sameGrid = (one: ViewerSubject, other: ViewerSubject): boolean =>
  one.shape.join() === other.shape.join() && one.orientation === other.orientation;
