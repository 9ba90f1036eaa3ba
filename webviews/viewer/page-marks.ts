import { whenChanged, whenOpen, inTurn, type Part } from './store';

/** Most slices are there before it would be seen that they are on their way; in ms. */
const markAfter = 200;

/** What the style sheet knows of the state, as classes of the whole page, and the page's title. */
export class PageMarks implements Part {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly root: HTMLElement) {}

  readonly render = inTurn(
    whenOpen(
      ({ shown }) => [shown.title],
      ([title]) => (document.title = title),
    ),
    whenChanged(
      ({ failure }) => [failure !== null],
      ([failed]) => this.mark('failed', failed),
    ),
    whenOpen(
      ({ settings }) => [settings.sidebar],
      ([sidebar]) => this.mark('without-sidebar', !sidebar),
    ),
    whenChanged(
      ({ loading }) => [loading],
      ([loading]) => {
        clearTimeout(this.timer);
        if (loading) this.timer = setTimeout(() => this.mark('loading', true), markAfter);
        else this.mark('loading', false);
      },
    ),
  );

  dispose(): void {
    clearTimeout(this.timer);
  }

  private mark(name: string, there: boolean): void {
    this.root.classList.toggle(name, there);
  }
}
