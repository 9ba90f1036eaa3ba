/** Prepares a cohort with a cache, draws from it, and sends a hash of all that it drew: one of several at work at once. */
import { createHash } from 'node:crypto';
import type { DistillConfig } from '../../../../engine/config/config';
import { scanCohort } from '../../../../engine/cohort/cohort';
import { prepareCohort } from '../prepare-cohort';
import { drawBatch } from '../../../../engine/batches/sampler';
import { Random } from '../../../../engine/random';

async function run(): Promise<void> {
  const config = JSON.parse(process.argv[2]) as DistillConfig;
  const { s } = await prepareCohort(config, await scanCohort(config));
  const hash = createHash('sha256');
  const cases = s.map(({ prepared }) => prepared);
  for (let n = 0; n < 20; n++) {
    const { size, fit } = config.input;
    const spec = { size, fit, batchSize: 4, augmentation: null };
    const { images, labels } = drawBatch(cases, spec, new Random('drawn', n));
    hash.update(new Uint8Array(images.buffer)).update(labels);
  }
  process.send!(hash.digest('hex'));
  // Held until the parent lets go, as a run that goes on.
  process.on('message', () => process.exit());
}

void run();
