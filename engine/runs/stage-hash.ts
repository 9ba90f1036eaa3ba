import { createHash } from 'node:crypto';
import type { DistillConfig } from '../config/config';
import { casesOf, type Cohort } from '../cohort/cohort';
import { fingerprint } from '../cohort/fingerprint';
import type { Stage } from '../training/stage';

/** Raised when a stage would compute something else from the same config. */
const revision = 2;

/**
 * For each stage a hash of everything that its result depends on: the config's part that it reads, the source's files (path, size,
 * time of change) and their split, and the hashes of the stages whose weights it takes. Devices and thread counts are left out: they
 * change rounding only. What it is called is left out too.
 */
export async function stageHashes(
  config: DistillConfig,
  cohort: Cohort,
  stages: readonly Stage[],
): Promise<Map<string, string>> {
  const { training } = config;
  const data = hashOf(await sourceFingerprint(config, cohort));
  const hashes = new Map<string, string>();
  for (const { name, needs, weights, views, stream, depends, accumulate, ...own } of stages)
    hashes.set(
      name,
      hashOf([
        revision,
        data,
        config.classes,
        config.input,
        {
          ...training,
          stages: [own.steps, own.batchSize, own.learningRate, ...(accumulate ? [accumulate] : [])],
          checkpointEvery: 0,
        },
        [stream, views, depends],
        weights === undefined ? null : await fingerprint(weights),
        needs.map((other) => hashes.get(other)),
      ]),
    );
  return hashes;
}

const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);

async function sourceFingerprint(config: DistillConfig, cohort: Cohort): Promise<unknown> {
  const domains = Object.entries(config.domains).filter(([, { role }]) => role === 'source');
  return Promise.all(
    domains.map(async ([name, domain]) => [
      name,
      domain,
      await Promise.all(
        (['train', 'validation'] as const).map((split) =>
          Promise.all(
            casesOf(cohort, name, split).map(async ({ id, images, labels, masks }) => [
              id,
              await Promise.all([...images, ...labels, ...masks].map(fingerprint)),
            ]),
          ),
        ),
      ),
    ]),
  );
}
