import { existsSync } from 'node:fs';
import { encodePng } from '../images/png';
import { writeWhole } from '../files';
import type { ContrastiveSnapshot } from '../contract/contrastive-snapshot';
import { snapshotFile, thumbnail, viewFile } from '../method/gkd/contrastive-snapshot';
import { pathInside } from './inside';

/** Writes a snapshot into a run folder. Returns its path there, as the event `graphs` names it. */
export async function writeSnapshot(
  folder: string,
  stage: string,
  snapshot: ContrastiveSnapshot,
): Promise<string> {
  const file = snapshotFile(stage, snapshot.step);
  await writeWhole(pathInside(folder, file), `${JSON.stringify(snapshot)}\n`);
  return file;
}

/**
 * Writes small grey pictures of what the graphs' nodes are, from network input [B (1 + N), channels, rows, columns] in the order of the
 * vectors. Pictures that are there already stay.
 */
export async function writeViews(
  folder: string,
  input: Float32Array,
  shape: readonly [count: number, channels: number, rows: number, columns: number],
  images: number,
): Promise<void> {
  const [count, channels, rows, columns] = shape;
  const views = count / images - 1;
  for (let r = 0; r < count; r++) {
    const b = r < images ? r : Math.floor((r - images) / views);
    const path = pathInside(folder, viewFile(b, r < images ? 0 : ((r - images) % views) + 1));
    if (existsSync(path)) continue;
    const size = channels * rows * columns;
    const small = thumbnail(
      input.subarray(r * size, (r + 1) * size),
      [channels, rows, columns],
      largestThumbnail,
    );
    await writeWhole(path, encodePng(small.data, small.rows, small.columns));
  }
}

const largestThumbnail = 96;
