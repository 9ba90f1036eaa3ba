import assert from 'node:assert/strict';
import type { SliceQuery, SliceResult, ViewerSource } from '../../../engine/contract/viewer';
import { Slices, type LoadedSlice, type SlicePlace } from '../../../webviews/viewer/slices';

const source: ViewerSource = { kind: 'file', path: '/a.nii', overlays: [] };
const at = (index: number, threshold: number | null = null): SlicePlace => ({
  plane: 'axial',
  index,
  frame: 0,
  threshold,
});
const turn = () => new Promise((done) => setTimeout(done, 0));

/** Fetches that are answered by hand. */
class Fetches {
  readonly asked: SliceQuery[] = [];
  readonly shown: LoadedSlice[] = [];
  readonly errors: string[] = [];
  private open: { resolve: (result: SliceResult) => void; reject: (error: Error) => void }[] = [];
  readonly slices: Slices;

  constructor(limit?: number, count = 100) {
    this.slices = new Slices(
      source,
      (query) => {
        this.asked.push(query);
        return new Promise((resolve, reject) => this.open.push({ resolve, reject }));
      },
      () => count,
      (slice) => this.shown.push(slice),
      (_, message) => this.errors.push(message),
      limit,
    );
  }

  get indices(): number[] {
    return this.asked.map(({ index }) => index);
  }

  async answer(): Promise<void> {
    const query = this.asked.at(-1)!;
    const labels = () => ({ labels: new Uint8Array(4) });
    this.open.shift()!.resolve({
      image: query.image ? { rows: 2, columns: 2, channels: 1, data: new Uint8Array(1000) } : null,
      layers: Object.fromEntries(query.layers.map((name) => [name, labels()])),
    });
    await turn();
  }

  async fail(message: string): Promise<void> {
    this.open.shift()!.reject(new Error(message));
    await turn();
  }
}

describe('the slices that a page fetches', () => {
  it('are one at a time, the latest wish first: those passed over are not fetched', async () => {
    const fetches = new Fetches();
    fetches.slices.want(at(50), ['reference']);
    for (let n = 51; n < 60; n++) fetches.slices.want(at(n), ['reference']);
    assert.deepEqual(fetches.indices, [50]);
    await fetches.answer();
    assert.deepEqual(fetches.indices, [50, 59]);
    assert.equal(fetches.shown.length, 0);
    await fetches.answer();
    assert.deepEqual(
      fetches.shown.map(({ place }) => place.index),
      [59],
    );
  });

  it('go ahead in the direction of travel, not beyond the ends', async () => {
    const fetches = new Fetches();
    fetches.slices.want(at(2), []);
    await fetches.answer();
    fetches.slices.want(at(1), []);
    for (let n = 0; n < 4; n++) await fetches.answer().catch(() => {});
    // 3 was already on its way; going down then, 0 comes before, and -1 never.
    assert.deepEqual(fetches.indices, [2, 3, 1, 0]);
  });

  it('are shown at once when they are held, and then nothing of them is fetched again', async () => {
    const fetches = new Fetches();
    fetches.slices.want(at(10), ['reference']);
    await fetches.answer();
    await fetches.answer();
    const before = fetches.asked.length;
    fetches.slices.want(at(11), ['reference']);
    assert.equal(fetches.shown.at(-1)!.place.index, 11);
    assert.deepEqual(
      fetches.indices.slice(before).filter((index) => index === 11),
      [],
    );
  });

  it('are completed by the layers that are missing, without the image again', async () => {
    const fetches = new Fetches(undefined, 1);
    fetches.slices.want(at(0), ['reference']);
    await fetches.answer();
    fetches.slices.want(at(0), ['reference', 'student']);
    assert.deepEqual(
      fetches.asked.map(({ image, layers }) => [image, layers]),
      [
        [true, ['reference']],
        [false, ['student']],
      ],
    );
    await fetches.answer();
    assert.deepEqual(Object.keys(fetches.shown.at(-1)!.layers), ['reference', 'student']);
    fetches.slices.want(at(0, 0.3), ['student']);
    assert.equal(fetches.asked.at(-1)!.image, false);
  });

  it('are dropped, the oldest first, when they are too many', async () => {
    const fetches = new Fetches(2500, 200);
    for (const index of [0, 50, 100, 150]) {
      fetches.slices.want(at(index), []);
      while (fetches.slices.waiting) await fetches.answer();
    }
    const before = fetches.asked.length;
    fetches.slices.want(at(0), []);
    while (fetches.slices.waiting) await fetches.answer();
    assert.ok(fetches.indices.slice(before).includes(0));
  });

  it('tell an error of what is wanted, and ask again when it is wanted again', async () => {
    const fetches = new Fetches(undefined, 1);
    fetches.slices.want(at(0), []);
    await fetches.fail('the engine stopped');
    assert.deepEqual(fetches.errors, ['the engine stopped']);
    fetches.slices.want(at(0), []);
    await fetches.answer();
    assert.equal(fetches.shown.length, 1);
  });

  it('say nothing more once they are stopped', async () => {
    const fetches = new Fetches();
    fetches.slices.want(at(5), []);
    fetches.slices.stop();
    await fetches.answer();
    assert.deepEqual(fetches.shown, []);
    assert.equal(fetches.asked.length, 1);
  });
});
