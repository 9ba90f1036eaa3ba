import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPng } from '../../../engine/images/png';
import { interEdges, intraEdges } from '../../../engine/method/gkd/contrastive-graphs';
import { Graph } from '../../../engine/graph/graph';
import type { ContrastiveSnapshot } from '../../../engine/contract/contrastive-snapshot';
import { Random } from '../../../engine/random';
import { openDevice } from '../../../engine/runtime/device';
import { compile } from '../../../engine/runtime/compile';
import { writeSnapshot, writeViews } from '../../../engine/runs/contrastive-snapshots';
import {
  contrastiveSnapshot,
  thumbnail,
  type SnapshotInput,
} from '../../../engine/method/gkd/contrastive-snapshot';
import { withFolder } from '../images/shared';

const images = 2;
const views = 3;
const k = 5;
const random = new Random(7, 'graphs');
const vectors = () =>
  Float32Array.from({ length: images * (1 + views) * k }, () => random.normal());
const input: SnapshotInput = {
  step: 100,
  images,
  views,
  teacher: vectors(),
  student: vectors(),
  domains: ['chaos', 'lits'],
  scope: 'batch',
};

describe('a snapshot of the contrastive graphs', () => {
  const snapshot = contrastiveSnapshot(input);

  it('has the edges that the loss is made of', async () => {
    const graph = new Graph();
    const v = graph.input('v', 'float32', [images * (1 + views), k]);
    graph.output('intra', intraEdges(v, images));
    graph.output('inter', interEdges(v, images, 'batch'));
    const program = await compile(graph, { device: await openDevice('cpu', 1) });
    try {
      const edges = await program.run({ v: input.student });
      closeTo(snapshot.intra.student.flat(), edges.intra, 1e-4);
      closeTo(snapshot.inter.student.flat(), edges.inter, 1e-4);
    } finally {
      await program.release();
    }
  });

  it('keeps distances between vectors that differ in two directions only', () => {
    const angles = [0, 0.3, 1, 1.4, 2, 2.2, 0.7, 2.9];
    const planar = Float32Array.from(angles.flatMap((a) => [0, 0, Math.cos(a), Math.sin(a), 0]));
    const { vectors: v } = contrastiveSnapshot({ ...input, teacher: planar, student: planar });
    assert.ok(Math.abs(v.explained[0] + v.explained[1] - 1) < 1e-3);
    for (let i = 1; i < angles.length; i++) {
      const [dx, dy] = [0, 1].map((c) => v.teacher[i][c] - v.teacher[0][c]);
      const chord = 2 * Math.sin((angles[i] - angles[0]) / 2);
      assert.ok(Math.abs(Math.hypot(dx, dy) - chord) < 1e-3);
    }
    assert.deepEqual(v.teacher, v.student);
  });

  it('does not flip its axes where only the student moves', () => {
    const farthest = (s: ContrastiveSnapshot, axis: number) =>
      s.vectors.teacher.reduce((far, p) => (Math.abs(p[axis]) > Math.abs(far) ? p[axis] : far), 0);
    for (let i = 0; i < 5; i++) {
      const moved = contrastiveSnapshot({ ...input, student: vectors() });
      assert.ok(farthest(moved, 0) > 0 && farthest(moved, 1) > 0);
    }
  });

  it('names domain and kind of every vector, anchors first', () => {
    assert.deepEqual(snapshot.vectors.kind.slice(0, 3), ['anchor', 'anchor', 'view']);
    assert.deepEqual(snapshot.vectors.domain, [
      ...['chaos', 'lits'],
      ...['chaos', 'chaos', 'chaos'],
      ...['lits', 'lits', 'lits'],
    ]);
  });

  it('survives vectors that are all alike, and ones of length 0', () => {
    const alike = new Float32Array(input.teacher.length).fill(1);
    const same = contrastiveSnapshot({ ...input, teacher: alike, student: alike });
    assert.deepEqual(same.vectors.explained, [0, 0]);
    assert.deepEqual(same.intra.teacher.flat(), new Array(images * views).fill(1));
    const none = contrastiveSnapshot({ ...input, student: new Float32Array(input.student.length) });
    assert.deepEqual(none.intra.student.flat(), new Array(images * views).fill(0));
  });

  it('is written into the run folder under its stage and step', () =>
    withFolder(async (folder) => {
      const file = await writeSnapshot(folder, 'gkd', snapshot);
      assert.equal(file, 'graphs/gkd-000100.json');
      assert.deepEqual(JSON.parse(readFileSync(join(folder, file), 'utf8')), snapshot);
    }));
});

describe('pictures of what the graphs connect', () => {
  it('average the pixels that they cover, over the whole grey range', () => {
    const image = Float32Array.from([-1, -1, 3, 3, -1, -1, 3, 3, 1, 1, 0, 0, 1, 1, 2, 2]);
    const small = thumbnail(image, [1, 4, 4], 2);
    assert.deepEqual([small.rows, small.columns], [2, 2]);
    assert.deepEqual([...small.data], [0, 255, 128, 128]);
  });

  it('are named by image and view, the anchor being view 0', () =>
    withFolder(async (folder) => {
      const shape = [4, 1, 2, 2] as const;
      const order = Float32Array.from({ length: 16 }, (_, i) =>
        i % 4 === Math.floor(i / 4) ? 1 : 0,
      );
      await writeViews(folder, order, shape, 2);
      const brightest = (name: string) => {
        const path = join(folder, 'graphs/views', name);
        return [...readPng(path, readFileSync(path)).data].indexOf(255);
      };
      assert.deepEqual(
        ['b0-v0.png', 'b1-v0.png', 'b0-v1.png', 'b1-v1.png'].map(brightest),
        [0, 1, 2, 3],
      );
    }));
});

function closeTo(actual: number[], expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((x, i) =>
    assert.ok(Math.abs(x - expected[i]) <= tolerance, `${x} ${expected[i]}`),
  );
}
