import type { DistillConfig } from '../../../engine/config/config';
import type { Cohort } from '../../../engine/cohort/cohort';
import { prepareDomain } from '../../../engine/preparation/prepare';
import type { PreparedResult } from '../../../engine/preparation/prepared-case';

/** `prepareDomain` for every domain of a cohort. */
export async function prepareCohort(
  config: DistillConfig,
  cohort: Cohort,
): Promise<Record<string, PreparedResult[]>> {
  const result: Record<string, PreparedResult[]> = {};
  for (const [name, cases] of Object.entries(cohort.domains))
    result[name] = await prepareDomain(config, name, cases);
  return result;
}
