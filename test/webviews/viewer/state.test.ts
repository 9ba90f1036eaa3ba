import assert from 'node:assert/strict';
import { voxelAt } from '../../../engine/viewer/places';
import { planeOf as planeOfGrid } from '../../../engine/viewer/planes';
import type { LayerInfo, RunCases, ViewerSource, SceneInfo } from '../../../engine/contract/viewer';
import { afterKey } from '../../../webviews/viewer/actions';
import { firstState } from '../../../webviews/viewer/first-state';
import type { Opened } from '../../../engine/contract/viewer-page';
import {
  frameOf,
  hiddenPanes,
  lastScores,
  neededLayers,
  ownScores,
  pictureOf,
  planeOf,
  readingText,
  shownPanes,
  sliceOf,
  windowOf,
} from '../../../webviews/viewer/selectors';
import { freshSettings } from '../../../webviews/viewer/settings';
import { isOpen, type OpenState, type State } from '../../../webviews/viewer/state';
import {
  ask,
  beginCount,
  dragWindow,
  fail,
  failCount,
  failSlice,
  fit,
  hover,
  open,
  pan,
  refuse,
  set,
  setThreshold,
  setWindow,
  stepCursor,
  stepSlices,
  switchAlone,
  switchClass,
  switchPane,
  takeScores,
  takeSlice,
  toCase,
  toCursor,
  toDomain,
  toNeighbour,
  toNextWorst,
  toPlane,
  toSlice,
  zoom,
} from '../../../webviews/viewer/transitions';

const layer = (name: string, role?: LayerInfo['role']): LayerInfo => ({
  name,
  title: name,
  role,
  path: `/${name}`,
  probabilities: false,
  threshold: null,
  note: null,
  error: null,
});

const networks = (
  [
    ['big', 'teacher'],
    ['plain', 'baseline'],
    ['longer', 'baseline'],
    ['first', 'student'],
    ['second', 'student'],
  ] as const
).map(([name, role], color) => ({ name, role, title: name, stage: name, color }));

const layers = [layer('reference'), ...networks.map(({ name, role }) => layer(name, role))];

const item = (id: string, dice: number) => ({
  id,
  dice: { plain: 0.5, first: dice },
  classes: { first: { liver: dice } },
});

const run: RunCases = {
  run: '/run',
  title: 'run',
  classes: ['liver', 'lesion'],
  networks,
  baseline: 'longer',
  domains: [
    { name: 'ct', role: 'source', cases: [item('a', 0.9), item('b', 0.4), item('c', 0.7)] },
    { name: 'mr', role: 'target', cases: [item('d', 0.6)] },
    { name: 'none', role: 'target', cases: [] },
  ],
};

const grid = {
  shape: [8, 6, 4] as [number, number, number],
  affine: [
    [-1, 0, 0, 0],
    [0, -1, 0, 0],
    [0, 0, 2, 0],
    [0, 0, 0, 1],
  ],
  spacing: [1, 1, 2] as [number, number, number],
};

const found = (changes: Partial<SceneInfo> = {}): SceneInfo => ({
  title: 'ct / a',
  path: '/a.nii.gz',
  format: 'NIfTI-1',
  dtype: 'int16',
  channels: 1,
  frames: 1,
  frame: 0,
  ...grid,
  orientation: 'LPS',
  planes: (['axial', 'coronal', 'sagittal'] as const).map((name) => planeOfGrid(grid, name)),
  plane: 'axial',
  layers,
  classes: ['liver', 'lesion'],
  warnings: [],
  note: null,
  windows: [
    { name: 'Whole', low: 0, high: 100 },
    { name: 'Narrow', low: 40, high: 60 },
  ],
  ...changes,
});

const caseSource = (domain: string, id: string): ViewerSource => ({
  kind: 'case',
  run: '/run',
  domain,
  id,
});

const started = (opened: Opened = { kind: 'run', run, first: null }, kept?: unknown): State =>
  firstState({ opened, settings: null }, kept);

function opened(state: State, source: ViewerSource, changes?: Partial<SceneInfo>): OpenState {
  const next = open(ask(state, source), source, found(changes));
  assert.ok(isOpen(next));
  return next;
}

const openedCase = () => opened(started(), caseSource('ct', 'a'));

/** What a transition makes of a state in which something is shown and still is. */
function after(state: State, ...transitions: ((state: State) => State)[]): OpenState {
  const end = transitions.reduce((before, transition) => transition(before), state);
  assert.ok(isOpen(end));
  return end;
}

describe('the state to begin with', () => {
  it('asks for the case that was named, else the last one, else a target', () => {
    assert.deepEqual(started().asked, caseSource('mr', 'd'));
    const first = { domain: 'ct', id: 'b' };
    assert.deepEqual(started({ kind: 'run', run, first }).asked, caseSource('ct', 'b'));
    const kept = { version: 1, source: caseSource('ct', 'c') };
    assert.deepEqual(started(undefined, kept).asked, caseSource('ct', 'c'));
    // What is gone is not asked for.
    const gone = { version: 1, source: caseSource('ct', 'gone') };
    assert.deepEqual(started(undefined, gone).asked, caseSource('mr', 'd'));
  });

  it('takes place and settings up where they are about the same', () => {
    const settings = { ...freshSettings, opacity: 0.1 };
    const kept = { version: 1, settings, source: caseSource('ct', 'c'), place: { zoom: 3 } };
    const same = started(undefined, kept);
    assert.deepEqual([same.settings.opacity, same.place.zoom], [0.1, 3]);
    const first = { domain: 'ct', id: 'b' };
    const other = started({ kind: 'run', run, first }, kept);
    assert.deepEqual([other.settings.opacity, other.place.zoom], [0.5, 1]);
    const file: Opened = { kind: 'file', path: '/x.nii', overlays: ['/y.nii'] };
    const before = { kind: 'file', path: '/x.nii', overlays: [] };
    assert.equal(started(file, { version: 1, source: before, place: { zoom: 2 } }).place.zoom, 2);
  });

  it('says why there is nothing, and keeps by what it is found again', () => {
    const failed = started({ kind: 'failed', name: '/run', message: 'It is not finished.' });
    assert.equal(failed.failure, 'It is not finished.');
    assert.deepEqual(failed.source, caseSource('', ''));
    assert.equal(failed.loading, false);
    const empty = started({ kind: 'run', run: { ...run, domains: [] }, first: null });
    assert.equal(empty.failure, 'The run has no evaluated cases.');
  });
});

describe('opening', () => {
  it('shows what was asked for, and remembers the case of the domain', () => {
    const state = openedCase();
    assert.deepEqual(state.source, caseSource('ct', 'a'));
    assert.deepEqual([state.settings.domain, state.settings.cases], ['ct', { ct: 'a' }]);
    assert.equal(state.failure, null);
    assert.deepEqual(toDomain(state, 'mr').asked, caseSource('mr', 'd'));
    assert.deepEqual(toDomain(opened(state, caseSource('mr', 'd')), 'ct').asked, state.asked);
    assert.equal(toDomain(state, 'none'), state);
  });

  it('keeps the place in cases of one grid, and the threshold in all', () => {
    const state = after(openedCase(), (s) => setThreshold(zoom(toSlice(s, 3), 2), 0.3));
    const same = opened(state, caseSource('ct', 'b'));
    assert.deepEqual([sliceOf(same), same.place.zoom, same.place.threshold], [3, 2, 0.3]);
    const other = opened(state, caseSource('mr', 'd'), { shape: [9, 6, 4] });
    assert.deepEqual([sliceOf(other), other.place.zoom, other.place.threshold], [1, 1, 0.3]);
  });

  it('begins with the frame of the file, and never beyond its last', () => {
    const state = opened(started(), caseSource('ct', 'a'), { frames: 5, frame: 2 });
    assert.equal(frameOf(state), 2);
    assert.equal(frameOf(opened(state, caseSource('ct', 'b'), { frames: 2, frame: 1 })), 1);
  });

  it('goes to the neighbours in the order of the list, over its ends, from what was asked for', () => {
    const state = openedCase();
    const next = toNeighbour(state, 1);
    const afterNext = toNeighbour(next, 1);
    const order = [next, afterNext, toNeighbour(afterNext, 1)].map(
      ({ asked }) => asked?.kind === 'case' && asked.id,
    );
    assert.deepEqual(order, ['b', 'c', 'a']);
    assert.deepEqual(toNeighbour(state, -1).asked, caseSource('ct', 'c'));
    assert.equal(next.loading, true);
    const byName = set(state, { order: 'name' });
    assert.deepEqual(toNeighbour(byName, -1).asked, caseSource('ct', 'c'));
    // A file has none.
    const file = started({ kind: 'file', path: '/x', overlays: [] });
    assert.equal(toNeighbour(file, 1), file);
  });

  it('says why it failed, and comes back', () => {
    const state = fail(toCase(openedCase(), 'ct', 'b'), 'It is damaged.');
    assert.deepEqual([state.shown, state.failure, state.loading], [null, 'It is damaged.', false]);
    // From there the list goes on.
    assert.deepEqual(toNeighbour(state, 1).asked, caseSource('ct', 'c'));
    assert.equal(opened(state, caseSource('ct', 'a')).failure, null);
  });
});

describe('where one looks', () => {
  it('is a slice of the plane, from the middle on, within its ends', () => {
    const state = openedCase();
    assert.deepEqual([planeOf(state).name, sliceOf(state)], ['axial', 1]);
    assert.equal(sliceOf(after(state, (s) => stepSlices(s, 1))), 2);
    assert.equal(sliceOf(after(state, (s) => stepSlices(s, 9))), 3);
    assert.equal(sliceOf(after(state, (s) => toSlice(s, -9))), 0);
  });

  it('goes through the same voxel in another plane, and no more to the side', () => {
    const state = after(openedCase(), (s) => pan(toCursor(toSlice(s, 2), 1, 5), 7, 7));
    const voxel = (s: OpenState) => {
      const { row, column } = s.place.cursor!;
      return voxelAt(planeOf(s), sliceOf(s), row, column);
    };
    const coronal = after(state, (s) => toPlane(s, 'coronal'));
    assert.equal(planeOf(coronal).name, 'coronal');
    assert.deepEqual(voxel(coronal), voxel(state));
    assert.deepEqual(coronal.place.pan, { x: 0, y: 0 });
    // The plane that is there stays as it is.
    assert.deepEqual(toPlane(state, 'axial').place, state.place);
  });

  it('goes through the middle in another plane while there is no cursor', () => {
    const sagittal = after(openedCase(), (s) => toPlane(s, 'sagittal'));
    assert.equal(sagittal.place.cursor, null);
    assert.equal(sliceOf(sagittal), voxelAt(planeOf(openedCase()), 1, 3, 4)[0]);
  });

  it('is a cursor that stays in the image, and a mouse that may leave it', () => {
    const state = openedCase();
    assert.deepEqual(toCursor(state, 99, -1).place.cursor, { row: 5, column: 0 });
    assert.equal(hover(state, 99, 0), state);
    assert.deepEqual(hover(state, 2, 3).place.cursor, { row: 2, column: 3 });
    const stepped = stepCursor(state, 1, -1);
    assert.deepEqual(stepped.place.cursor, { row: 4, column: 3 });
    // Screen readers are told of steps, not of what the mouse passes.
    assert.deepEqual([stepped.rests, hover(state, 2, 3).rests], [state.rests + 1, state.rests]);
  });

  it('is zoomed within bounds, and fitted again', () => {
    const state = zoom(pan(openedCase(), 2, 3), 1e9);
    assert.equal(state.place.zoom, 64);
    assert.equal(zoom(state, 1e-9).place.zoom, 0.1);
    assert.deepEqual([fit(state).place.zoom, fit(state).place.pan], [1, { x: 0, y: 0 }]);
  });

  it('is left alone by keys and mouse while nothing is shown', () => {
    const state = started();
    for (const transition of [
      (s: State) => toSlice(s, 1),
      (s: State) => toPlane(s, 'coronal'),
      (s: State) => toCursor(s, 1, 1),
      (s: State) => setWindow(s, { low: 0, high: 1 }),
      (s: State) => dragWindow(s, 1, 1),
      (s: State) => switchAlone(s, 'reference'),
      (s: State) => toNextWorst(s),
      (s: State) => afterKey(s, { do: 'fit' }),
    ])
      assert.equal(transition(state), state);
  });
});

describe('how one looks', () => {
  it('leaves baselines but the first out until panes are chosen', () => {
    const state = openedCase();
    assert.deepEqual(hiddenPanes(state), ['longer']);
    assert.equal(state.settings.hidden, null);
    const chosen = after(state, (s) => switchPane(s, 'big', false));
    assert.deepEqual(chosen.settings.hidden, ['longer', 'big']);
    assert.deepEqual(after(chosen, (s) => switchPane(s, 'longer', true)).settings.hidden, ['big']);
  });

  it('shows at least one pane, and asks only for the layers of those that are shown', () => {
    const state = openedCase();
    assert.deepEqual(shownPanes(state), ['reference', 'big', 'plain', 'first', 'second', 'error']);
    const off = after(state, (s) => set(s, { hidden: [...shownPanes(state), 'longer'] }));
    assert.deepEqual(shownPanes(off), ['reference']);
    const errors = after(state, (s) => switchAlone(s, 'error'));
    // The error map is that of the first student, unless another is chosen.
    assert.deepEqual(neededLayers(errors), ['reference', 'first']);
    const judged = after(errors, (s) => set(s, { judged: 'big' }));
    assert.deepEqual(neededLayers(judged), ['reference', 'big']);
  });

  it('shows one pane alone, and then those that were there before', () => {
    const state = after(openedCase(), (s) => switchPane(s, 'big', false));
    const alone = after(state, (s) => switchAlone(s, 'first'));
    assert.deepEqual(shownPanes(alone), ['first']);
    assert.deepEqual(shownPanes(after(alone, (s) => switchAlone(s, 'first'))), shownPanes(state));
  });

  it('has a window for each domain: chosen, or dragged by its width and middle', () => {
    const state = openedCase();
    assert.deepEqual(windowOf(state), { name: 'Whole', low: 0, high: 100 });
    const second = after(state, (s) => afterKey(s, { do: 'window', number: 2 }));
    assert.deepEqual(windowOf(second), { low: 40, high: 60 });
    assert.equal(afterKey(state, { do: 'window', number: 3 }), state);
    assert.deepEqual(windowOf(opened(second, caseSource('ct', 'b'))), { low: 40, high: 60 });
    assert.equal(windowOf(opened(second, caseSource('mr', 'd'))).high, 100);
    const dragged = windowOf(after(state, (s) => dragWindow(s, 200 * Math.log(2), 30)));
    assert.ok(Math.abs(dragged.low + 60) < 1e-9 && Math.abs(dragged.high - 140) < 1e-9);
  });

  it('goes through the overlays and both colours', () => {
    const overlays = [1, 2, 3].map((times) => {
      let state: State = openedCase();
      for (let n = 0; n < times; n++) state = afterKey(state, { do: 'overlay' });
      return state.settings.overlay;
    });
    assert.deepEqual(overlays, ['contour', 'none', 'fill']);
    assert.equal(afterKey(openedCase(), { do: 'agreement' }).settings.colors, 'agreement');
  });

  it('says in the sidebar why an overlay was not added, until the next one is', () => {
    const state = refuse(set(openedCase(), { sidebar: false }), 'It is no image.');
    assert.deepEqual([state.refusal, state.settings.sidebar], ['It is no image.', true]);
    assert.equal(opened(state, caseSource('ct', 'a')).refusal, null);
  });
});

describe('what comes from the engine', () => {
  const slice = (plane: 'axial' | 'coronal', value: number) => ({
    place: { plane, index: 1, frame: 0, threshold: null },
    image: { rows: 6, columns: 8, channels: 1, data: new Int16Array(48).fill(value) },
    layers: { first: { labels: new Uint8Array(48).fill(2) } },
  });

  it('is a picture of the plane that is shown, with what is under the cursor', () => {
    const state = after(openedCase(), (s) => toCursor(takeSlice(s, slice('axial', 17)), 0, 0));
    assert.equal(state.loading, false);
    assert.ok(pictureOf(state));
    assert.match(readingText(state), /^voxel 0, 0, 1 · .* mm · value 17 · first: lesion$/);
    // The slice of another plane is on its way.
    const coronal = after(state, (s) => toPlane(s, 'coronal'));
    assert.equal(pictureOf(coronal), null);
    assert.equal(readingText(coronal), '');
  });

  it('is a sentence where a slice cannot be read, until the next one is there', () => {
    const state = failSlice(openedCase(), 'It ends too early.');
    assert.deepEqual([state.sliceFailure, state.loading], ['It ends too early.', false]);
    assert.equal(takeSlice(state, slice('axial', 1)).sliceFailure, null);
  });

  /** Two classes in four slices: the first student is worst in slice 2, and has none of the lesion. */
  const counts = Uint32Array.from([
    ...[5, 5, 0, 4, 1, 1, 1, 9, 9, 6, 0, 0],
    ...[0, 0, 0, 0, 0, 3, 0, 0, 3, 0, 0, 0],
  ]);
  const counted = (state: OpenState, threshold: number | null = null) =>
    takeScores(beginCount(state), {
      of: state.shown,
      dice: { layers: { first: { axial: counts }, big: { error: 'It is damaged.' } } },
      threshold,
    });

  it('are scores by slice and class, of the classes that are shown', () => {
    const state = after(openedCase(), (s) => counted(s as OpenState));
    const [scores, ...others] = ownScores(state);
    assert.equal(others.length, 0);
    assert.deepEqual(
      scores.bySlice.map((value) => value!.toFixed(3)),
      ['0.667', '0.400', '0.050', '1.000'],
    );
    // The first number is the report's, which has none for the other class.
    assert.deepEqual(scores.byClass, [0.9, 0]);
    assert.equal(scores.mean, 0.45);
    const one = after(state, (s) => switchClass(s, 'lesion', false));
    assert.equal(ownScores(one)[0].mean, 0.9);
    // From the best on to the worst, and then to the next worst.
    assert.equal(sliceOf(after(one, (s) => toSlice(s, 3), toNextWorst)), 2);
    assert.equal(sliceOf(after(one, (s) => toSlice(s, 2), toNextWorst)), 0);
    assert.deepEqual(ownScores(after(state, (s) => toPlane(s, 'coronal'))), []);
    const tried = after(openedCase(), (s) => counted(s as OpenState, 0.3));
    assert.equal(ownScores(tried)[0].byClass[0]!.toFixed(3), (32 / 57).toFixed(3));
  });

  it('are the very same scores until something that they are of changes', () => {
    const state = after(openedCase(), (s) => counted(s as OpenState));
    assert.equal(ownScores(after(state, (s) => zoom(s, 2))), ownScores(state));
    assert.notEqual(ownScores(after(state, (s) => switchClass(s, 'lesion', false))).length, 0);
  });

  it('are those of the case before while others are counted, which are not taken for its own', () => {
    const state = after(openedCase(), (s) => counted(s as OpenState));
    const next = after(opened(state, caseSource('ct', 'b')), beginCount);
    assert.equal(lastScores(next).length, 1);
    assert.deepEqual(ownScores(next), []);
    assert.equal(toNextWorst(next), next);
    // A late answer about the case before is dropped.
    assert.equal(takeScores(next, { ...state.scores!, threshold: 0.2 }), next);
    assert.equal(failCount(next, state.shown, 'late'), next);
    const failed = failCount(next, next.shown, 'It is damaged.');
    assert.deepEqual(
      [failed.scores, failed.counting, failed.countFailure],
      [null, false, 'It is damaged.'],
    );
  });

  it('are no scores where there is nothing to compare with', () => {
    const state = after(openedCase(), (s) => counted(s as OpenState));
    assert.equal(opened(state, caseSource('ct', 'b'), { layers: [layers[0]] }).scores, null);
  });
});
