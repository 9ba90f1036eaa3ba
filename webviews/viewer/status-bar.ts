import { h } from '../shared/dom';
import { planeOf, readingText, sliceOf, windowOf } from './selectors';
import { isOpen } from './state';
import { whenChanged, type Part } from './store';

/** What is shown, and what lies under the cursor. */
export class StatusBar implements Part {
  readonly element = h('div', { class: 'status' });

  readonly render = whenChanged(
    (state) => {
      if (!isOpen(state)) return ['', '', '', '', ''];
      const plane = planeOf(state);
      const { low, high } = windowOf(state);
      return [
        state.shown.title,
        `${plane.title} ${sliceOf(state) + 1} / ${plane.slices}`,
        readingText(state),
        `window ${round(low)} … ${round(high)}`,
        `${Math.round(100 * state.place.zoom)}%`,
      ];
    },
    ([title, slice, reading, window, zoom]) =>
      this.element.replaceChildren(
        h('span', { class: 'status-title' }, title),
        h('span', {}, slice),
        h('span', { class: 'reading' }, reading),
        h('span', { class: 'window' }, window),
        h('span', {}, zoom),
      ),
  );
}

const round = (value: number): string =>
  Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3);
