import type { Batch } from '../batches/sampler';
import { elements, type TensorData, type TensorType } from '../graph/graph';
import { Random } from '../random';
import { randomPrefix } from './stage';

/**
 * What a batch feeds a stage's graph: images [n, c, h, w], one-hot labels [n, classes + 1, h, w] and, where a teacher has predicted the
 * cases, its probabilities of the same shape.
 */
export function feedsOf(batch: Batch, classes: number): Record<string, TensorData> {
  const [n, , rows, columns] = batch.shape;
  const pixels = rows * columns;
  const labels = new Float32Array(n * (classes + 1) * pixels);
  for (let i = 0; i < n; i++)
    for (let p = 0; p < pixels; p++)
      labels[(i * (classes + 1) + batch.labels[i * pixels + p]) * pixels + p] = 1;
  const { softLabels } = batch;
  return {
    images: batch.images,
    labels,
    ...(softLabels && { softLabels: withBackground(softLabels, n, classes, pixels) }),
  };
}

/** Probabilities of the classes, [n][classes][pixels], behind what they leave to the background: [n][classes + 1][pixels]. */
function withBackground(
  softLabels: Float32Array,
  n: number,
  classes: number,
  pixels: number,
): Float32Array {
  const all = new Float32Array(n * (classes + 1) * pixels);
  for (let i = 0; i < n; i++) {
    const own = softLabels.subarray(i * classes * pixels, (i + 1) * classes * pixels);
    const at = i * (classes + 1) * pixels;
    all.set(own, at + pixels);
    for (let p = 0; p < pixels; p++) {
      let background = 1;
      for (let c = p; c < own.length; c += pixels) background -= own[c];
      all[at + p] = Math.max(0, background);
    }
  }
  return all;
}

/**
 * What fills a stage's random inputs in a part of the batch of a step: uniform numbers in 0..1, a pure function of seed, stream, step, part and
 * the input's name.
 */
export const randomFeeds = (
  inputs: readonly (TensorType & { name: string })[],
  seed: number,
  stream: string,
  step: number,
  part = 0,
): Record<string, TensorData> =>
  Object.fromEntries(
    inputs
      .filter(({ name }) => name.startsWith(randomPrefix))
      .map(({ name, shape }) => {
        const random = new Random(seed, stream, name, step, part);
        return [name, Float32Array.from({ length: elements(shape) }, () => random.uniform())];
      }),
  );
