import type { CohortCase } from '../cohort/cohort';
import type { DistillConfig } from '../config/config';
import { UserError } from '../errors';
import { groupedWarnings } from '../preparation/grouped-warnings';
import { prepareDomain } from '../preparation/prepare';
import type { PreparedResult } from '../preparation/prepared-case';

/** A config's domains, or the one that was asked for. @throws UserError where there is none of that name */
export function domainsNamed(
  { domains }: DistillConfig,
  name: string | undefined,
): DistillConfig['domains'] {
  if (name === undefined) return domains;
  if (!Object.hasOwn(domains, name))
    throw new UserError(
      `There is no domain "${name}"; there are ${Object.keys(domains).join(', ')}.`,
    );
  return { [name]: domains[name] };
}

/** Prepares cases domain by domain; `onWarning` is told what is unusual about a domain's files, in sentences. */
export async function prepareDomains(
  config: DistillConfig,
  names: readonly string[],
  casesOf: (name: string) => CohortCase[],
  onWarning: (sentence: string) => void = () => {},
): Promise<Record<string, PreparedResult[]>> {
  const prepared: Record<string, PreparedResult[]> = {};
  for (const name of names) {
    const read: PreparedResult[] = [];
    prepared[name] = await prepareDomain(config, name, casesOf(name), (result) =>
      read.push(result),
    ).finally(() => groupedWarnings(read).forEach(onWarning));
  }
  return prepared;
}
