import type { Batch } from '../batches/sampler';
import type { TensorData } from '../graph/graph';

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
