import assert from 'node:assert/strict';
import { diceBySlice, diceOfClass, nextWorst } from '../../../webviews/viewer/scores';

// Two classes, three slices: [class][slice][true positive, false positive, false negative].
const counts = Uint32Array.of(4, 0, 0, 1, 1, 1, 0, 0, 0, 0, 2, 2, 3, 0, 3, 0, 0, 0);
const all = () => true;

describe('Dice of slices', () => {
  it('is the mean over the classes that are in either map, and null where none is', () => {
    assert.deepEqual(diceBySlice(counts, 2, all), [(1 + 0) / 2, (0.5 + 2 / 3) / 2, null]);
  });

  it('leaves out classes that are switched off', () => {
    assert.deepEqual(
      diceBySlice(counts, 2, (label) => label === 1),
      [1, 0.5, null],
    );
    assert.deepEqual(
      diceBySlice(counts, 2, () => false),
      [null, null, null],
    );
  });

  it('of a class adds up its slices', () => {
    assert.equal(diceOfClass(counts, 2, 1), 10 / 12);
    assert.equal(diceOfClass(counts, 2, 2), 6 / 13);
    assert.equal(diceOfClass(new Uint32Array(18), 2, 1), null);
  });
});

describe('the next worst slice', () => {
  const dice = [0.9, null, 0.2, 0.5, 0.2];

  it('starts with the worst, goes on to the better ones, and begins again', () => {
    const visited: (number | null)[] = [];
    let current = 1;
    for (let n = 0; n < 5; n++) {
      current = nextWorst(dice, current)!;
      visited.push(current);
    }
    assert.deepEqual(visited, [2, 4, 3, 0, 2]);
  });

  it('is none where no slice has a label', () => {
    assert.equal(nextWorst([null, null], 0), null);
  });
});
