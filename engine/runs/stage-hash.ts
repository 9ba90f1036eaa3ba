import { createHash } from 'node:crypto';
import type { DistillConfig, StageName } from '../config/config';
import { casesOf, type Cohort } from '../cohort/cohort';
import { fingerprint } from '../cohort/fingerprint';
import type { Stage } from '../method/stages';

/** Raised when a stage would compute something else from the same config. */
const revision = 1;

/**
 * For each stage a hash of everything that its result depends on: the config's part that it reads, the source's files (path, size,
 * time of change) and their split, and the hashes of the stages whose weights it takes. Devices and thread counts are left out: they
 * change rounding only.
 */
export async function stageHashes(
  config: DistillConfig,
  cohort: Cohort,
  stages: readonly Stage[],
): Promise<Map<StageName, string>> {
  const { method, training } = config;
  const data = hashOf(await sourceFingerprint(config, cohort));
  const weightsFile = async (path: string | undefined) =>
    path === undefined ? null : await fingerprint(path);
  const networks = {
    teacher: { ...config.teacher, weights: await weightsFile(config.teacher.weights) },
    student: { ...config.student, weights: await weightsFile(config.student.weights) },
  };
  const parts: Record<StageName, unknown> = {
    teacher: networks.teacher,
    warmup: networks.student,
    psae: method.psae,
    act: [method.psae, method.act, method.augmentations],
    control: [networks.student, method.studentStart],
    distill: { ...method, fsd: null },
  };
  const hashes = new Map<StageName, string>();
  for (const { name, needs } of stages)
    hashes.set(
      name,
      hashOf([
        revision,
        name,
        data,
        config.classes,
        config.input,
        { ...training, stages: training.stages[name], checkpointEvery: 0 },
        parts[name],
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
