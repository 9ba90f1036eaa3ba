import type { LayerName } from '../../engine/contract/viewer';
import { classColor, outcomes, themeColor } from './colors';
import { select, type Select } from './controls';
import { cornerstoneImage } from './cornerstone';
import { bindGestures } from './gestures';
import { judgedOf, othersOf, paneTitle, referenceOf, short, type PaneName } from './layers';
import { memo } from './memo';
import { agreement } from './overlay';
import { Pane, type PaneOverlay } from './pane';
import { ownScores, pictureOf, planeOf, sliceText, windowOf } from './selectors';
import type { ViewSettings } from './settings';
import type { LoadedSlice } from './slices';
import type { Shown } from './state';
import { set } from './transitions';
import { inTurn, whenOpen, type Part, type Update } from './store';

/** A pane of a case or file that is open, as long as it is. */
export class PaneView implements Part {
  readonly pane: Pane;
  readonly title: string;
  private readonly judged: Select | null;

  constructor(
    private readonly name: PaneName,
    private readonly shown: Shown,
    private readonly update: Update,
  ) {
    this.title = paneTitle(shown, name);
    this.judged = name === 'error' ? this.judgedTool() : null;
    this.pane = new Pane(name, this.title, this.judged ? [this.judged] : []);
    bindGestures(this.pane, update);
  }

  readonly render = inTurn(
    whenOpen(
      (state) => {
        const { zoom, pan, cursor } = state.place;
        const { overlay, opacity } = state.settings;
        return [windowOf(state), zoom, pan, cursor, overlay, opacity];
      },
      ([window, zoom, pan, cursor, overlay, opacity]) =>
        this.pane.setLook({ window, zoom, pan, cursor, overlay, opacity }),
    ),
    whenOpen(
      ({ settings }) => [judgedOf(this.shown, settings.judged)],
      ([judged]) => {
        if (this.judged && judged !== null) this.judged.value = judged;
      },
    ),
    whenOpen(
      (state) => [
        planeOf(state),
        pictureOf(state),
        this.labelsIn(state.settings.judged),
        this.compares(state.settings.colors),
        state.settings.hiddenClasses,
        state.sliceFailure,
        state.theme,
      ],
      ([plane, picture, labels, compared, hiddenClasses, failure]) => {
        if (picture) {
          const { image } = picture;
          this.pane.setLetters(plane.letters);
          this.pane.show(
            'error' in image ? image : imageOf(image, plane.spacing),
            overlayOf(this.shown, picture, labels, compared, hiddenClasses),
          );
        } else this.pane.clear();
        if (failure !== null) this.pane.setNotice(failure);
      },
    ),
    whenOpen(
      (state) => [ownScores(state).find(({ name }) => name === this.name)?.mean ?? null],
      ([dice]) => this.pane.setFigure(dice === null ? '' : `Dice ${dice.toFixed(3)}`),
    ),
    whenOpen(
      (state) => [`${state.shown.title}, ${planeOf(state).title}, ${sliceText(state)}`],
      ([place]) => this.pane.setLabel(`${this.title}: ${place}`),
    ),
  );

  dispose(): void {
    this.pane.dispose();
  }

  /** Chooses the layer whose errors are shown, where there are several. */
  private judgedTool(): Select | null {
    const others = othersOf(this.shown);
    if (others.length < 2) return null;
    const tool = select(
      'Whose errors',
      others.map(({ name, title }) => [name, short(title)] as const),
      (judged) => this.update((state) => set(state, { judged })),
    );
    tool.classList.add('judged');
    return tool;
  }

  /** The layer that lies over the image. */
  private labelsIn(judged: LayerName | null): LayerName | null {
    return this.name === 'error' ? judgedOf(this.shown, judged) : this.name;
  }

  /** Whether its colours mean agreement with the reference. */
  private compares(colors: ViewSettings['colors']): boolean {
    const reference = referenceOf(this.shown);
    if (reference === null) return false;
    return this.name === 'error' || (colors === 'agreement' && this.name !== reference);
  }
}

/** All panes show the one image. */
const imageOf = memo(cornerstoneImage);

/** The labels of a layer in the colours of their classes, or of their agreement with the reference; null where they are not there yet. */
function overlayOf(
  shown: Shown,
  { layers }: LoadedSlice,
  name: LayerName | null,
  compared: boolean,
  hiddenClasses: readonly string[],
): PaneOverlay | { error: string } | null {
  const own = name === null ? undefined : layers[name];
  if (!own) return null;
  if ('error' in own) return own;
  const visible = [false, ...shown.classes.map((label) => !hiddenClasses.includes(label))];
  if (!compared)
    return {
      map: own.labels,
      colors: visible.map((is, label) => (is ? classColor(label - 1) : null)),
    };
  const expected = layers[referenceOf(shown)!];
  if (!expected) return null;
  if ('error' in expected) return expected;
  return {
    map: agreement(own.labels, expected.labels, visible),
    colors: [null, ...outcomes.map(themeColor)],
  };
}
