import type { DistillConfig } from '../config/config';
import { drawBatch, type Batch } from '../batches/sampler';
import type { PreparedCase } from '../preparation/prepared-case';
import { Random } from '../random';
import type { Stage } from './stage';

/**
 * What a stage sees at a step (from 0): images of the cases, and its views of each. A pure function of the cases, the seed, the stage's
 * stream and the step.
 */
export function stageBatch(
  { stream, batchSize, views }: Pick<Stage, 'stream' | 'batchSize' | 'views'>,
  { input, training, method }: Pick<DistillConfig, 'input' | 'training' | 'method'>,
  cases: PreparedCase[],
  step: number,
): Batch {
  const random = (what: 'batch' | 'views') => new Random(training.seed, stream, what, step);
  const spec = { ...input, batchSize, augmentation: training.augmentation };
  if (views === 0) return drawBatch(cases, spec, random('batch'));
  return drawBatch(cases, spec, random('batch'), {
    count: views,
    augmentation: { ...training.augmentation, ...method.views },
    random: random('views'),
  });
}
