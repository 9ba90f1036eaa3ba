import { h, on, setText } from '../shared/dom';
import { networkColor } from './colors';
import { short } from './layers';
import { lastScores, planeOf, sliceOf, sliceText, type LayerScores } from './selectors';
import { toSlice } from './transitions';
import { inTurn, whenChanged, whenOpen, type Part, type Update } from './store';

const rowHeight = 26;

/** Bars of Dice below the slices, a row for each network, on one axis with the slider of slices. */
export class Strip implements Part {
  readonly element: HTMLElement;
  private readonly slider = h('input', {
    type: 'range',
    min: 0,
    step: 1,
    'aria-label': 'Slice',
  });
  private readonly count = h('output', { class: 'count' });
  private readonly rows = h('div', { class: 'rows' });
  private readonly message = h('p', { class: 'muted strip-note', role: 'status', hidden: true });
  private readonly resizes = new ResizeObserver(() => this.draw());
  private shown: readonly LayerScores[] = [];
  private canvases: HTMLCanvasElement[] = [];
  private slice = 0;
  private slices = 1;

  constructor(private readonly update: Update) {
    this.element = h(
      'section',
      { class: 'strip', 'aria-label': 'Slices' },
      h(
        'div',
        { class: 'slider-row' },
        h('span', { class: 'row-title' }, 'Slice'),
        this.slider,
        this.count,
      ),
      this.rows,
      this.message,
    );
    on(this.slider, { input: () => this.goTo(Number(this.slider.value)) });
    this.resizes.observe(this.rows);
  }

  readonly render = inTurn(
    whenOpen(
      (state) => [planeOf(state).slices],
      ([slices]) => {
        this.slices = slices;
        this.slider.max = String(slices - 1);
        this.element.hidden = slices <= 1;
      },
    ),
    // In place of the rows: why there are none, or that they come.
    whenChanged(
      ({ counting, countFailure }) => [counting ? 'Counting Dice of each slice …' : countFailure],
      ([text]) => {
        this.message.hidden = text === null;
        setText(this.message, text ?? '');
      },
    ),
    whenOpen(
      (state) => [lastScores(state)],
      ([scores]) => this.showRows(scores),
    ),
    whenOpen(
      (state) => [sliceOf(state), planeOf(state).slices, lastScores(state), state.theme],
      ([slice, slices]) => {
        this.slice = slice;
        this.slider.value = String(slice);
        setText(this.count, `${slice + 1} / ${slices}`);
        this.draw();
      },
    ),
    whenOpen(
      (state) => [sliceText(state)],
      ([text]) => this.slider.setAttribute('aria-valuetext', text),
    ),
  );

  dispose(): void {
    this.resizes.disconnect();
  }

  private goTo(slice: number): void {
    this.update((state) => toSlice(state, slice));
  }

  private showRows(scores: readonly LayerScores[]): void {
    this.shown = scores;
    const titles = scores.map(({ title }) => short(title));
    this.canvases = titles.map((title) => {
      const canvas = h('canvas', { role: 'img', title: `Dice of each slice: ${title}` });
      canvas.setAttribute('aria-label', `${title}: Dice of each slice`);
      return on(canvas, {
        pointerdown: (event) => this.follow(canvas, event as PointerEvent),
      });
    });
    this.rows.replaceChildren(
      ...titles.map((title, n) =>
        h(
          'div',
          { class: 'strip-row' },
          h('span', { class: 'row-title', title }, title),
          this.canvases[n],
          h('output', { class: 'count' }),
        ),
      ),
    );
  }

  private follow(canvas: HTMLCanvasElement, event: PointerEvent): void {
    const go = (e: PointerEvent) => {
      const box = canvas.getBoundingClientRect();
      const share = (e.clientX - box.left) / box.width;
      const slice = Math.max(0, Math.min(this.slices - 1, Math.floor(share * this.slices)));
      if (slice !== this.slice) this.goTo(slice);
    };
    go(event);
    canvas.setPointerCapture(event.pointerId);
    const move = (e: Event) => go(e as PointerEvent);
    canvas.addEventListener('pointermove', move);
    canvas.addEventListener('pointerup', () => canvas.removeEventListener('pointermove', move), {
      once: true,
    });
  }

  /** Draws the bars anew; the colours are those of the theme. */
  private draw(): void {
    const style = getComputedStyle(this.element);
    const ratio = window.devicePixelRatio || 1;
    this.shown.forEach(({ color, bySlice: dice }, n) => {
      const canvas = this.canvases[n];
      const width = canvas.clientWidth;
      canvas.width = Math.max(1, Math.round(width * ratio));
      canvas.height = rowHeight * ratio;
      const context = canvas.getContext('2d')!;
      context.scale(canvas.width / this.slices, canvas.height);
      const foreground = style.getPropertyValue('--vscode-foreground').trim() || '#888';
      // Half of the height is a Dice of 0.5.
      context.globalAlpha = 0.25;
      context.fillStyle = foreground;
      context.fillRect(0, 0.5, this.slices, 1 / canvas.height);
      context.fillRect(0, 1 - 1 / canvas.height, this.slices, 1 / canvas.height);
      context.globalAlpha = 1;
      context.fillStyle =
        (color !== null && style.getPropertyValue(networkColor(color)).trim()) || foreground;
      const gap = width / this.slices >= 4 ? 0.12 : 0;
      dice.forEach((value, slice) => {
        if (value === null) return;
        // A Dice of 0 is a slice that went wrong, not an empty one: it stays visible.
        const height = Math.max(value, 2 / rowHeight);
        context.fillRect(slice + gap, 1 - height, 1 - 2 * gap, height);
      });
      const thin = canvas.width / this.slices;
      context.fillStyle = foreground;
      context.globalAlpha = 0.25;
      context.fillRect(this.slice, 0, 1, 1);
      context.globalAlpha = 1;
      context.fillRect(this.slice, 0, 2 / thin, 1);
      context.fillRect(this.slice + 1 - 2 / thin, 0, 2 / thin, 1);
      const now = dice[this.slice];
      setText(canvas.nextElementSibling!, now === null || now === undefined ? '–' : now.toFixed(3));
    });
  }
}
