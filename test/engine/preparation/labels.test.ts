import assert from 'node:assert/strict';
import { UserError } from '../../../engine/errors';
import { SampleEvidence } from '../../../engine/preparation/sample-evidence';
import { mapLabels, mapMask, requireNumbers } from '../../../engine/preparation/labels';

const file = (channels: number, ...data: number[]) => ({ channels, data: Uint8Array.from(data) });
const indices = (...parameters: Parameters<typeof mapLabels>) => [
  ...mapLabels(...parameters).labels,
];

describe('mapLabels', () => {
  it('takes a value, several, and everything above a threshold', () => {
    const classes = ['liver', 'kidney', 'bright'];
    const values = { liver: 5, kidney: [2, 3], bright: { above: 100 } };
    assert.deepEqual(indices(file(1, 0, 5, 2, 3, 100, 101), classes, values), [0, 1, 2, 2, 0, 3]);
  });

  it('matches colours within a tolerance in every component', () => {
    const image = file(3, 180, 185, 180, 40, 40, 46, 40, 35, 40);
    const values = { liver: { color: [180, 40, 40] as [number, number, number], tolerance: 5 } };
    assert.deepEqual(indices(image, ['liver'], values), [1, 1, 0]);
  });

  it('compares numbers with the luminance of a colour file', () =>
    assert.deepEqual(
      indices(file(3, 255, 0, 255, 0, 255, 0), ['vessel'], { vessel: 255 }),
      [1, 0],
    ));

  it('gives a sample that two classes claim to the first', () =>
    assert.deepEqual(indices(file(1, 9), ['a', 'b'], { a: { above: 5 }, b: 9 }), [1]));

  it('tells which values occur', () =>
    assert.deepEqual(
      [...mapLabels(file(1, 3, 3, 0, 7, 3), ['a'], { a: 7 }).values].sort(),
      [0, 3, 7],
    ));
});

describe('labels that are not whole as they are read', () => {
  const scaled = (step: number | undefined, ...data: number[]) => ({
    channels: 1,
    path: 'scaled.nii',
    step,
    data: Float32Array.from(data),
  });
  const values = { liver: [1, 3, 4] };

  it('are rounded where all of them are whole but for the rounding of a slope', () => {
    const {
      labels,
      values: found,
      warnings,
    } = mapLabels(scaled(6.1e-5, 0, 1.0000153, 2.9999847, 4), ['liver'], values);
    assert.deepEqual(
      [[...labels], [...found].sort()],
      [
        [0, 1, 1, 1],
        [0, 1, 3, 4],
      ],
    );
    assert.match(warnings[0], /^scaled\.nii: 2 of 4 samples are whole numbers but for a rounding/);
    // 0 to 2035 in 16 bits.
    assert.deepEqual(indices(scaled(0.031, 3.012, 2.01), ['liver'], values), [1, 0]);
  });

  it('are refused by name where they have fractions, unless a threshold or a fraction is asked for', () => {
    const file = scaled(undefined, 0, 0.4, 1);
    assert.throws(
      () => mapLabels(file, ['liver'], values),
      (error) =>
        error instanceof UserError &&
        /^scaled\.nii has samples with fractions, such as 0\.4/.test(error.message),
    );
    assert.deepEqual(indices(file, ['liver'], { liver: { above: 0.3 } }), [0, 1, 1]);
    assert.deepEqual(indices(scaled(undefined, 0.5, 1), ['liver'], { liver: 0.5 }), [1, 0]);
  });

  it('are none where none is a number', () => {
    const all = { path: 'l.nii', data: Float32Array.of(NaN, NaN) };
    assert.throws(
      () => requireNumbers(all),
      /^UserError: l\.nii: none of its 2 samples is a number/,
    );
    requireNumbers({ path: 'l.nii', data: Float32Array.of(NaN, 0) });
  });

  it('are background where they are not a number, which is said', () => {
    const { labels, warnings } = mapLabels(scaled(undefined, NaN, 1), ['liver'], values);
    assert.deepEqual([...labels], [0, 1]);
    assert.match(warnings[0], /1 of 2 samples are not a number; they count as background/);
  });

  it('are refused with the choices where a file has several frames', () =>
    assert.throws(
      () =>
        mapLabels({ ...file(1, 0, 1), unchosen: { frames: 3, how: 'choose' } }, ['liver'], values),
      /has 3 frames, and a label map has one: choose\./,
    ));
});

describe('SampleEvidence', () => {
  const content = (...data: number[]) => new SampleEvidence().add(Float32Array.from(data)).content;

  it('is not turned by one sample', () => {
    const probabilities = [0, 0.25, 0.75, 1];
    for (const odd of [NaN, 1.0000001, -1e-9, 1.0005])
      assert.equal(content(...probabilities, odd), 'probabilities', `${odd}`);
    for (const odd of [NaN, 1.0000001, -1e-9]) assert.equal(content(0, 1, 2, odd), 'labels');
  });

  it('finds saturated probabilities among labels', () =>
    assert.equal(content(...Array.from({ length: 40 }, (_, n) => n * 1e-5)), 'probabilities'));

  it('takes logits, infinite samples and blurred labels for neither', () => {
    assert.equal(content(-4.2, 0.5, 3), 'neither');
    assert.equal(content(0, 0.5, Infinity), 'neither');
    assert.equal(content(0, 1.5, 3), 'neither');
  });
});

describe('mapMask', () => {
  it('takes 0/1 and 0/255 masks alike', () => {
    assert.deepEqual([...mapMask(file(1, 0, 1, 1))], [0, 1, 1]);
    assert.deepEqual([...mapMask(file(1, 3, 255, 250))], [0, 1, 1]);
    assert.deepEqual([...mapMask(file(1, 0, 0, 0))], [0, 0, 0]);
  });
});
