/** What follows from the state. What is made new is the very same again while the state that it is made of is. */
import type { LayerName, PlaneInfo, RunCases, ViewerSource } from '../../engine/contract/viewer';
import {
  hiddenAtFirst,
  judgedOf,
  panesOf,
  referenceOf,
  short,
  type Layered,
  type PaneName,
} from './layers';
import { memo } from './memo';
import { cursorText } from './readout';
import { diceBySlice, diceOfClass } from './scores';
import type { OpenState, Scores, Shown } from './state';
import type { LoadedSlice } from './slices';

// --- where one looks ------------------------------------------------------------------------------------------------

export function planeOf({ shown: { planes, plane }, settings }: OpenState): PlaneInfo {
  return (
    planes.find(({ name }) => name === settings.plane) ??
    planes.find(({ name }) => name === plane) ??
    planes[0]
  );
}

/** Number of the slice, from 0. */
export function sliceOf(state: OpenState): number {
  const { name, slices } = planeOf(state);
  const kept = state.place.slices[name] ?? Math.floor((slices - 1) / 2);
  return Math.max(0, Math.min(slices - 1, kept));
}

export const frameOf = ({ place, shown }: OpenState): number => place.frame ?? shown.frame;

/** Windows are shared by the cases of a domain. */
export const windowKey = (source: ViewerSource): string =>
  source.kind === 'case' ? source.domain : '';

export const windowOf = ({ settings, shown }: OpenState): { low: number; high: number } =>
  settings.windows[windowKey(shown.source)] ?? shown.windows[0];

/** The slice that is there, of the plane that is shown: another one is on its way after a plane is chosen. */
export const pictureOf = (state: OpenState): LoadedSlice | null =>
  state.slice?.place.plane === planeOf(state).name ? state.slice : null;

// --- panes ----------------------------------------------------------------------------------------------------------

const hiddenAtFirstOf = memo((shown: Shown) => hiddenAtFirst(shown));

/** Panes that are switched off. */
export const hiddenPanes = ({ settings, shown }: OpenState): readonly PaneName[] =>
  settings.hidden ?? hiddenAtFirstOf(shown);

/** The panes that are there; at least one. */
export const shownPanes = (state: OpenState): readonly PaneName[] =>
  panesBut(state.shown, hiddenPanes(state));

const panesBut = memo((shown: Layered, hidden: readonly PaneName[]): PaneName[] => {
  const names = panesOf(shown);
  const left = names.filter((name) => !hidden.includes(name));
  return left.length > 0 ? left : [names[0]];
});

/** The layers that the panes need. */
export const neededLayers = (state: OpenState): LayerName[] =>
  layersFor(state.shown, shownPanes(state), judgedOf(state.shown, state.settings.judged));

const layersFor = memo(
  (shown: Layered, panes: readonly PaneName[], judged: LayerName | null): LayerName[] => {
    const needed = [referenceOf(shown), ...panes.map((n) => (n === 'error' ? judged : n))];
    return shown.layers.map(({ name }) => name).filter((name) => needed.includes(name));
  },
);

// --- scores ---------------------------------------------------------------------------------------------------------

/** Dice of a layer in the plane that is shown. */
export interface LayerScores {
  name: LayerName;
  title: string;
  /** A network's, by its number in the palette; an overlay has none. */
  color: number | null;
  /** Means over the classes that are shown; null where there is nothing to compare. */
  bySlice: (number | null)[];
  /** Over all slices; null where it is undefined. */
  byClass: (number | null)[];
  /** The mean of those of the classes that are shown. */
  mean: number | null;
}

/** Of what was counted last, which may be another case than the one that is shown. */
export const lastScores = (state: OpenState): readonly LayerScores[] =>
  scoresOf(state.scores, planeOf(state).name, state.settings.hiddenClasses, state.run);

/** Of what is shown; empty until they are counted. */
export const ownScores = (state: OpenState): readonly LayerScores[] =>
  state.scores?.of === state.shown ? lastScores(state) : none;

const none: readonly LayerScores[] = [];

const scoresOf = memo(
  (
    scores: Scores | null,
    plane: PlaneInfo['name'],
    hiddenClasses: readonly string[],
    run: RunCases | null,
  ): readonly LayerScores[] => {
    if (!scores) return none;
    const { classes, layers } = scores.of;
    const counted = (label: number) => !hiddenClasses.includes(classes[label - 1]);
    return layers.flatMap(({ name, title, color = null }) => {
      const found = scores.dice.layers[name];
      const counts = found && !('error' in found) ? found[plane] : undefined;
      if (!counts) return [];
      const byClass = classes.map(
        (label, n) =>
          reported(scores, run, name, label) ?? diceOfClass(counts, classes.length, n + 1),
      );
      const values = byClass.filter((value, n) => value !== null && counted(n + 1)) as number[];
      return {
        name,
        title,
        color,
        bySlice: diceBySlice(counts, classes.length, counted),
        byClass,
        mean: values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : null,
      };
    });
  },
);

/** The number of the report, which may be a mean over slices, as long as the labels are those that it is about. */
function reported(
  { of: { source }, threshold }: Scores,
  run: RunCases | null,
  layer: LayerName,
  className: string,
): number | null {
  if (source.kind !== 'case' || threshold !== null) return null;
  const item = run?.domains
    .find(({ name }) => name === source.domain)
    ?.cases.find(({ id }) => id === source.id);
  return item?.classes[layer]?.[className] ?? null;
}

// --- in words -------------------------------------------------------------------------------------------------------

/** The slice and its Dice, for those who do not see the bars. */
export function sliceText(state: OpenState): string {
  const slice = sliceOf(state);
  const scores = ownScores(state).map(({ title, bySlice }) => {
    const value = bySlice[slice];
    return `${short(title)} ${value === null || value === undefined ? 'empty' : value.toFixed(2)}`;
  });
  return [`slice ${slice + 1} of ${planeOf(state).slices}`, ...scores].join(', ');
}

/** What lies under the cursor; empty where that is nothing. */
export function readingText(state: OpenState): string {
  const { shown, place } = state;
  const picture = pictureOf(state);
  if (!picture || !place.cursor) return '';
  const plane = planeOf(state);
  const { rows, columns } = plane;
  const { row, column } = place.cursor;
  if (row < 0 || column < 0 || row >= rows || column >= columns) return '';
  const { image, layers } = picture;
  const at = row * columns + column;
  return cursorText({
    plane,
    slice: sliceOf(state),
    row,
    column,
    affine: shown.affine,
    values:
      'data' in image
        ? Array.from({ length: image.channels }, (_, c) => image.data[c * rows * columns + at])
        : [],
    labels: shown.layers.flatMap(({ name, title }) => {
      const layer = layers[name];
      if (!layer || !('labels' in layer)) return [];
      const label = layer.labels[at];
      return [
        { title: short(title), label: label === 0 ? null : (shown.classes[label - 1] ?? null) },
      ];
    }),
  });
}
