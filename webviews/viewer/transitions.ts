/** The state after something has happened: each makes a new one of the state before. */
import { placeOf, voxelAt } from '../../engine/viewer/places';
import type { PlaneName, ViewerSource, SceneInfo } from '../../engine/contract/viewer';
import { orderedCases } from './case-order';
import { isComparable, judgedOf, panesOf, type PaneName } from './layers';
import { nextWorst } from './scores';
import {
  hiddenPanes,
  ownScores,
  planeOf,
  shownPanes,
  sliceOf,
  windowKey,
  windowOf,
} from './selectors';
import { freshPlace, type Place, type ViewSettings } from './settings';
import type { LoadedSlice } from './slices';
import { isOpen, type OpenState, type Scores, type Shown, type State } from './state';

// --- opening --------------------------------------------------------------------------------------------------------

export const ask = (state: State, asked: ViewerSource): State => ({
  ...state,
  asked,
  loading: true,
});

/** The case of that name. */
export function toCase(state: State, domain: string, id: string): State {
  return state.run ? ask(state, { kind: 'case', run: state.run.run, domain, id }) : state;
}

/** The case of a domain that was shown last, else its first. */
export function toDomain(state: State, domain: string): State {
  const found = state.run?.domains.find(({ name }) => name === domain);
  const id = state.settings.cases[domain] ?? found?.cases[0]?.id;
  return id === undefined ? state : toCase(state, domain, id);
}

/** The case `by` places further on in the list, over its end. */
export function toNeighbour(state: State, by: 1 | -1): State {
  const { run, asked, settings } = state;
  if (!run || asked?.kind !== 'case') return state;
  const domain = run.domains.find(({ name }) => name === asked.domain);
  const ids = domain ? orderedCases(domain, settings.order, run).map(({ id }) => id) : [];
  if (ids.length === 0) return state;
  const at = ids.indexOf(asked.id);
  return toCase(state, asked.domain, ids[(at + by + ids.length) % ids.length]);
}

/** What was asked for is there. */
export function open(state: State, source: ViewerSource, found: SceneInfo): State {
  const { shown: before, settings } = state;
  // Cases of one grid keep their place; others are seen as a whole.
  const place =
    before && !sameGrid(before, found)
      ? { ...freshPlace, threshold: state.place.threshold }
      : state.place;
  return {
    ...state,
    shown: { ...found, source },
    source,
    failure: null,
    place: { ...place, frame: Math.min(place.frame ?? found.frame, found.frames - 1) },
    settings:
      source.kind === 'case'
        ? {
            ...settings,
            domain: source.domain,
            cases: { ...settings.cases, [source.domain]: source.id },
          }
        : settings,
    slice: null,
    sliceFailure: null,
    scores: isComparable(found) ? state.scores : null,
    counting: false,
    countFailure: null,
    refusal: null,
  };
}

/** What was asked for could not be opened. */
export const fail = (state: State, failure: string): State => ({
  ...state,
  shown: null,
  failure,
  loading: false,
});

const sameGrid = (one: SceneInfo, other: SceneInfo): boolean =>
  one.shape.join() === other.shape.join() && one.orientation === other.orientation;

// --- what comes from the engine -------------------------------------------------------------------------------------

export const takeSlice = (state: State, slice: LoadedSlice): State => ({
  ...state,
  slice,
  sliceFailure: null,
  loading: false,
});

export const failSlice = (state: State, sliceFailure: string): State => ({
  ...state,
  sliceFailure,
  loading: false,
});

export const wait = (state: State, loading: boolean): State => ({ ...state, loading });

export const beginCount = (state: State): State => ({
  ...state,
  counting: true,
  countFailure: null,
});

export const takeScores = (state: State, scores: Scores): State =>
  state.shown === scores.of ? { ...state, scores, counting: false } : state;

export const failCount = (state: State, of: Shown, countFailure: string): State =>
  state.shown === of ? { ...state, scores: null, counting: false, countFailure } : state;

// --- where one looks ------------------------------------------------------------------------------------------------

const move = (state: State, place: Partial<Place>): State => ({
  ...state,
  place: { ...state.place, ...place },
});

/** A slice of the plane that is shown; beyond its ends, the last one. */
export function toSlice(state: State, slice: number): State {
  if (!isOpen(state)) return state;
  const plane = planeOf(state);
  const index = clamp(slice, 0, plane.slices - 1);
  return move(state, { slices: { ...state.place.slices, [plane.name]: index } });
}

export const stepSlices = (state: State, by: number): State =>
  isOpen(state) ? toSlice(state, sliceOf(state) + by) : state;

/** The slice after this one in the order from the worst to the best. */
export function toNextWorst(state: State): State {
  if (!isOpen(state)) return state;
  const judged = judgedOf(state.shown, state.settings.judged);
  const scores = ownScores(state).find(({ name }) => name === judged);
  const next = scores ? nextWorst(scores.bySlice, sliceOf(state)) : null;
  return next === null ? state : toSlice(state, next);
}

/** The other plane through the same voxel. */
export function toPlane(state: State, name: PlaneName): State {
  if (!isOpen(state)) return state;
  const next = state.shown.planes.find((plane) => plane.name === name);
  if (!next) return state;
  const before = planeOf(state);
  const chosen = set(state, { plane: name });
  if (next.name === before.name) return chosen;
  const { cursor, slices } = state.place;
  const { row, column } = cursorOf(state);
  const [slice, r, c] = placeOf(next, voxelAt(before, sliceOf(state), row, column));
  return move(chosen, {
    slices: { ...slices, [name]: slice },
    cursor: cursor && { row: r, column: c },
    pan: { x: 0, y: 0 },
  });
}

export const toFrame = (state: State, frame: number): State => move(state, { frame });

export function toCursor(state: State, row: number, column: number): State {
  if (!isOpen(state)) return state;
  const { rows, columns } = planeOf(state);
  return move(state, {
    cursor: { row: clamp(row, 0, rows - 1), column: clamp(column, 0, columns - 1) },
  });
}

/** The cursor follows the mouse as far as the image reaches. */
export function hover(state: State, row: number, column: number): State {
  if (!isOpen(state)) return state;
  const { rows, columns } = planeOf(state);
  const inside = row >= 0 && column >= 0 && row < rows && column < columns;
  return inside ? toCursor(state, row, column) : state;
}

export function stepCursor(state: State, rows: number, columns: number): State {
  if (!isOpen(state)) return state;
  const { row, column } = cursorOf(state);
  return rest(toCursor(state, row + rows, column + columns));
}

/** The cursor has come to rest. */
export const rest = (state: State): State => ({ ...state, rests: state.rests + 1 });

export const fit = (state: State): State => move(state, { zoom: 1, pan: { x: 0, y: 0 } });

export const zoom = (state: State, factor: number): State =>
  move(state, { zoom: clamp(state.place.zoom * factor, 0.1, 64) });

/** By pixels of the image. */
export const pan = (state: State, x: number, y: number): State =>
  move(state, { pan: { x: state.place.pan.x + x, y: state.place.pan.y + y } });

export const setThreshold = (state: State, threshold: number | null): State =>
  move(state, { threshold });

/** The cursor's place, else the middle. */
function cursorOf(state: OpenState): { row: number; column: number } {
  const { rows, columns } = planeOf(state);
  return state.place.cursor ?? { row: Math.floor(rows / 2), column: Math.floor(columns / 2) };
}

// --- how one looks --------------------------------------------------------------------------------------------------

export const set = (state: State, change: Partial<ViewSettings>): State => ({
  ...state,
  settings: { ...state.settings, ...change },
});

export const switchLayout = (state: State): State =>
  set(state, { layout: state.settings.layout === 'row' ? 'grid' : 'row' });

export const switchSidebar = (state: State): State =>
  set(state, { sidebar: !state.settings.sidebar });

export const switchColors = (state: State): State =>
  set(state, { colors: state.settings.colors === 'classes' ? 'agreement' : 'classes' });

export function switchOverlay(state: State): State {
  const modes = ['fill', 'contour', 'none'] as const;
  const next = (modes.indexOf(state.settings.overlay) + 1) % modes.length;
  return set(state, { overlay: modes[next] });
}

export function switchClass(state: State, name: string, shown: boolean): State {
  const others = state.settings.hiddenClasses.filter((other) => other !== name);
  return set(state, { hiddenClasses: shown ? others : [...others, name] });
}

export function switchPane(state: State, name: PaneName, shown: boolean): State {
  if (!isOpen(state)) return state;
  const others = hiddenPanes(state).filter((pane) => pane !== name);
  return set(state, { hidden: shown ? others : [...others, name] });
}

/** One pane alone, or all that were there before. */
export function switchAlone(state: State, name: PaneName): State {
  if (!isOpen(state)) return state;
  if (shownPanes(state).length === 1)
    return set(state, { hidden: [...(state.hiddenBefore ?? [])] });
  const hidden = panesOf(state.shown).filter((pane) => pane !== name);
  return { ...set(state, { hidden }), hiddenBefore: hiddenPanes(state) };
}

export function setWindow(state: State, { low, high }: { low: number; high: number }): State {
  if (!isOpen(state)) return state;
  const windows = { ...state.settings.windows, [windowKey(state.shown.source)]: { low, high } };
  return set(state, { windows });
}

/** The window of that number, from 0. */
export function chooseWindow(state: State, index: number): State {
  const window = state.shown?.windows[index];
  return window ? setWindow(state, window) : state;
}

/** By pixels of the screen: to the right wider, downwards lower. */
export function dragWindow(state: State, wider: number, lower: number): State {
  if (!isOpen(state)) return state;
  const { low, high } = windowOf(state);
  const width = high - low;
  const middle = (low + high) / 2 - (lower * width) / 300;
  const next = Math.max(width * Math.exp(wider / 200), 1e-6);
  return setWindow(state, { low: middle - next / 2, high: middle + next / 2 });
}

// --- the rest of the page -------------------------------------------------------------------------------------------

/** An overlay was not added: that is said in the sidebar. */
export const refuse = (state: State, refusal: string): State => ({
  ...(state.settings.sidebar ? state : set(state, { sidebar: true })),
  refusal,
});

export const showHelp = (state: State, help: boolean): State => ({ ...state, help });

export const changeTheme = (state: State): State => ({ ...state, theme: state.theme + 1 });

const clamp = (value: number, least: number, most: number): number =>
  Math.max(least, Math.min(most, value));
