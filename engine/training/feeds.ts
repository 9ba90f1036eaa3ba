import type { Batch } from '../batches/sampler';
import { elements, type TensorData, type TensorType } from '../graph/graph';
import { Random } from '../random';
import { randomPrefix } from './stage';

/** What a batch feeds a stage's graph: images [n, c, h, w] and one-hot labels [n, classes + 1, h, w]. */
export function feedsOf(batch: Batch, classes: number): Record<string, TensorData> {
  const [n, , rows, columns] = batch.shape;
  const pixels = rows * columns;
  const labels = new Float32Array(n * (classes + 1) * pixels);
  for (let i = 0; i < n; i++)
    for (let p = 0; p < pixels; p++)
      labels[(i * (classes + 1) + batch.labels[i * pixels + p]) * pixels + p] = 1;
  return { images: batch.images, labels };
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
