import { h } from '../shared/dom';
import { cssColor, outcomes, outcomeTitles, themeColor } from './colors';
import { isComparable } from './layers';
import { shownPanes } from './selectors';
import { whenOpen, type Part } from './store';

/** What the colours of agreement mean, where they are seen. */
export class Legend implements Part {
  readonly element = h('section', { class: 'legend', 'aria-label': 'Colours' });

  readonly render = whenOpen(
    (state) => [
      state.shown,
      shownPanes(state).includes('error') || state.settings.colors === 'agreement',
      state.theme,
    ],
    ([shown, used]) => {
      this.element.hidden = !isComparable(shown) || !used;
      this.element.replaceChildren(
        h('h2', {}, 'Agreement'),
        ...outcomes
          .filter((outcome) => outcome !== 'otherClass' || shown.classes.length > 1)
          .map((outcome) => {
            const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
            swatch.style.background = cssColor(themeColor(outcome));
            return h('div', { class: 'class' }, swatch, outcomeTitles[outcome]);
          }),
      );
    },
  );
}
