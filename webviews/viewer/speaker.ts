import { h, setText } from '../shared/dom';
import { planeOf, readingText, sliceOf, sliceText } from './selectors';
import { isOpen, type State } from './state';
import { whenOpen, type Part } from './store';

/** Until one is taken to have stopped moving, in ms. */
const restAfter = 500;

/** Tells screen readers where one is, when one has stopped moving. */
export class Speaker implements Part {
  readonly element = h('div', { class: 'spoken', role: 'status', 'aria-live': 'polite' });
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `now` gives the state when it is told. */
  constructor(private readonly now: () => State) {}

  readonly render = whenOpen(
    (state) => [state.shown, planeOf(state), sliceOf(state), state.rests],
    () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.speak(), restAfter);
    },
  );

  dispose(): void {
    clearTimeout(this.timer);
  }

  private speak(): void {
    const state = this.now();
    if (!isOpen(state)) return;
    const texts = [state.shown.title, planeOf(state).title, sliceText(state), readingText(state)];
    setText(this.element, texts.filter(Boolean).join(', '));
  }
}
