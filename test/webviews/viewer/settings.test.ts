import assert from 'node:assert/strict';
import type { NetworkInfo, NetworkRole } from '../../../engine/contract/plan';
import type { LayerInfo, LayerName, RunCase } from '../../../engine/contract/viewer';
import { gainOf, orderedCases } from '../../../webviews/viewer/case-order';
import { keyAction } from '../../../webviews/viewer/keys';
import { hiddenAtFirst, judgedOf, panesOf, referenceOf } from '../../../webviews/viewer/layers';
import { freshSettings, restoredSettings, restoredState } from '../../../webviews/viewer/settings';

const layer = (name: LayerName, role?: NetworkRole, error: string | null = null): LayerInfo => ({
  name,
  title: name,
  role,
  path: '',
  probabilities: false,
  threshold: null,
  note: null,
  error,
});

describe('the panes', () => {
  it('are a reference, the networks and their errors; an image alone without any', () => {
    const layers = [layer('reference'), layer('teacher', 'teacher'), layer('student', 'student')];
    assert.deepEqual(panesOf({ layers }), ['reference', 'teacher', 'student', 'error']);
    assert.deepEqual(panesOf({ layers: [] }), ['reference']);
    assert.deepEqual(panesOf({ layers: [layer('overlay 0')] }), ['overlay 0']);
  });

  it('have no error map where the reference cannot be read', () => {
    const layers = [layer('reference', undefined, 'is damaged'), layer('student', 'student')];
    assert.equal(referenceOf({ layers }), null);
    assert.deepEqual(panesOf({ layers }), ['reference', 'student']);
  });

  it('judge the chosen network, else the first distilled student, else the last', () => {
    const layers = [
      layer('reference'),
      layer('teacher', 'teacher'),
      layer('student', 'student'),
      layer('another', 'student'),
    ];
    assert.equal(judgedOf({ layers }, 'teacher'), 'teacher');
    assert.equal(judgedOf({ layers }, 'control'), 'student');
    assert.equal(judgedOf({ layers: [layer('overlay 0'), layer('overlay 1')] }, null), 'overlay 1');
  });

  it('leave out all baselines but the first, until someone chooses', () => {
    const layers = [
      layer('reference'),
      layer('teacher', 'teacher'),
      layer('warmup', 'baseline'),
      layer('control', 'baseline'),
      layer('student', 'student'),
    ];
    assert.deepEqual(hiddenAtFirst({ layers }), ['control']);
    assert.deepEqual(hiddenAtFirst({ layers: layers.slice(0, 3) }), []);
  });
});

describe('what is kept', () => {
  it('is restored, with defaults for what is new, and dropped where it is from another version', () => {
    assert.deepEqual(restoredSettings({ version: 1, opacity: 0.9 }), {
      ...freshSettings,
      opacity: 0.9,
    });
    assert.deepEqual(restoredSettings({ version: 2, opacity: 0.9 }), freshSettings);
    assert.deepEqual(restoredSettings('nonsense'), freshSettings);
    assert.equal(restoredState(undefined), null);
    assert.equal(restoredState({ version: 1, place: { zoom: 3 } })!.place.zoom, 3);
  });
});

describe('the order of cases', () => {
  const item = (id: string, student: number | null, control: number | null): RunCase => ({
    id,
    dice: { student, control },
    classes: {},
  });
  const cases = [
    item('a', 0.8, 0.5),
    item('b', 0.6, 0.7),
    item('c', null, 0.1),
    item('d', 0.7, 0.9),
  ];
  const networks: NetworkInfo[] = [
    { name: 'control', title: '', role: 'baseline', stage: 'control', color: 2 },
    { name: 'student', title: '', role: 'student', stage: 'distill', color: 3 },
  ];
  const run = { baseline: 'control', networks };
  const ids = (order: 'name' | 'dice' | 'gain') =>
    orderedCases({ cases }, order, run).map(({ id }) => id);

  it('puts the worst first, by Dice of the distilled student or by its gain, and what has no number last', () => {
    assert.deepEqual(ids('dice'), ['b', 'd', 'a', 'c']);
    assert.deepEqual(ids('gain'), ['d', 'b', 'a', 'c']);
    assert.deepEqual(ids('name'), ['a', 'b', 'c', 'd']);
  });

  it('counts gain from the student trained for as long without distillation', () => {
    assert.ok(Math.abs(gainOf(cases[1], run)! + 0.1) < 1e-12);
    assert.equal(gainOf(cases[2], run), null);
    assert.equal(gainOf(cases[0], { ...run, baseline: null }), null);
  });
});

describe('the keys', () => {
  const press = (key: string, held: Partial<Parameters<typeof keyAction>[0]> = {}) =>
    keyAction({ key, ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...held });

  it('go through slices, windows, planes and cases', () => {
    assert.deepEqual(press('ArrowUp'), { do: 'slice', by: 1 });
    assert.deepEqual(press('ArrowDown'), { do: 'slice', by: -1 });
    assert.deepEqual(press('ArrowLeft', { shiftKey: true }), { do: 'pan', x: -1, y: 0 });
    assert.deepEqual(press('ArrowDown', { altKey: true }), { do: 'cursor', rows: 1, columns: 0 });
    assert.deepEqual(press('3'), { do: 'window', number: 3 });
    assert.deepEqual(press('C'), { do: 'plane', plane: 'coronal' });
    assert.deepEqual(press('?', { shiftKey: true }), { do: 'help' });
  });

  it('leave the editor its own', () => {
    assert.equal(press('s', { ctrlKey: true }), null);
    assert.equal(press('p', { metaKey: true, shiftKey: true }), null);
    assert.equal(press('F1'), null);
    assert.equal(press('0'), null);
    assert.equal(press('a', { altKey: true }), null);
  });
});
