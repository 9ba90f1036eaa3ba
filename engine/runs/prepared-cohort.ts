import { casesOf, scanCohort, type Cohort } from '../cohort/cohort';
import type { DistillConfig } from '../config/config';
import type { EngineEvent } from '../contract/events';
import { prepareDomain } from '../preparation/prepare';
import type { PreparedResult } from '../preparation/prepared-case';

/** A config's cases, prepared, by domain and split. */
export class PreparedCohort {
  private constructor(
    private readonly config: DistillConfig,
    readonly cohort: Cohort,
    private readonly prepared: Record<string, PreparedResult[]>,
  ) {}

  /** Finds and prepares every case. `stopIfAsked` is called between two, and throws to stop. @throws ConfigError */
  static async prepare(
    config: DistillConfig,
    emit: (event: EngineEvent) => void,
    stopIfAsked: () => void,
  ): Promise<PreparedCohort> {
    const cohort = await scanCohort(config);
    const prepared: Record<string, PreparedResult[]> = {};
    for (const [domain, cases] of Object.entries(cohort.domains)) {
      stopIfAsked();
      const results = await prepareDomain(config, domain, cases, ({ warnings }) => {
        for (const message of warnings) emit({ type: 'log', level: 'warning', message });
        stopIfAsked();
      });
      prepared[domain] = results;
      emit({
        type: 'cohort',
        domain,
        role: config.domains[domain].role,
        cases: results.length,
        slices: results.reduce((sum, { prepared: { slices } }) => sum + slices, 0),
      });
    }
    return new PreparedCohort(config, cohort, prepared);
  }

  casesOf(domain: string, split: 'train' | 'validation' | 'test'): PreparedResult[] {
    const chosen = new Set(casesOf(this.cohort, domain, split).map((item) => item.id));
    return this.prepared[domain].filter(({ prepared }) => chosen.has(prepared.case.id));
  }

  domainsOf(role: 'source' | 'target'): string[] {
    const { domains } = this.config;
    return Object.keys(domains).filter((name) => domains[name].role === role);
  }

  /** Cases of one split of all sources. */
  sourceCases(split: 'train' | 'validation'): PreparedResult[] {
    return this.domainsOf('source').flatMap((domain) => this.casesOf(domain, split));
  }
}
