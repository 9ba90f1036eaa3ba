import { casesOf, scanCohort, type Cohort, type CohortCase } from '../cohort/cohort';
import type { DistillConfig } from '../config/config';
import type { EngineEvent } from '../contract/events';
import { ConfigError } from '../errors';
import { groupedWarnings } from '../preparation/grouped-warnings';
import { isPrepared, prepareCase, prepareDomain } from '../preparation/prepare';
import { mean } from '../metrics/statistics';
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
    const warn = (message: string) => emit({ type: 'log', level: 'warning', message });
    const prepared: Record<string, PreparedResult[]> = {};
    for (const [domain, cases] of Object.entries(cohort.domains)) {
      stopIfAsked();
      const read: PreparedResult[] = [];
      const results = await prepareDomain(config, domain, cases, (result) => {
        read.push(result);
        stopIfAsked();
      }).finally(() => {
        for (const message of groupedWarnings(read)) warn(message);
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
    const whole = new PreparedCohort(config, cohort, prepared);
    whole.requireLearnable(warn);
    return whole;
  }

  /** Every class must occur where it is learnt; where it does not occur in validation, that is said. @throws ConfigError */
  private requireLearnable(warn: (message: string) => void): void {
    const lacking = (split: 'train' | 'validation') => {
      const cases = this.sourceCases(split);
      const named = cases.map(({ prepared }) => prepared.case.id);
      const ids = `${named.slice(0, 5).join(', ')}${named.length > 5 ? ', ...' : ''}`;
      const classes = this.config.classes.filter(
        (_, n) => !cases.some(({ occurring }) => occurring.classes.has(n + 1)),
      );
      return { classes, ids };
    };
    const train = lacking('train');
    if (train.classes.length > 0)
      throw new ConfigError(
        `The class ${train.classes.join(', ')} occurs in no training case of the source (${train.ids}), so that it cannot be learnt; choose the cases by "split".`,
      );
    const { classes, ids } = lacking('validation');
    if (classes.length > 0)
      warn(
        `The class ${classes.join(', ')} occurs in no validation case of the source (${ids}), so that it has no part in choosing the best step.`,
      );
  }

  /**
   * Some of a config's cases, for an estimate: of each domain and split the first one, and how long the others will take to be prepared,
   * in seconds, by one that was not yet.
   */
  static async sample(
    config: DistillConfig,
    stopIfAsked: () => void,
  ): Promise<{ sample: PreparedCohort; secondsToPrepare: number }> {
    const cohort = await scanCohort(config);
    const prepared: Record<string, PreparedResult[]> = {};
    let secondsToPrepare = 0;
    for (const [domain, cases] of Object.entries(cohort.domains)) {
      const ahead: CohortCase[] = [];
      for (const item of cases) if (!(await isPrepared(config, item))) ahead.push(item);
      const firsts = (['train', 'validation', 'test'] as const).flatMap(
        (split) => cases.find((item) => item.split === split) ?? [],
      );
      prepared[domain] = [];
      const times: number[] = [];
      // Where those are prepared already, another one tells the time.
      const timed = firsts.some((item) => ahead.includes(item)) ? [] : ahead.slice(0, 1);
      for (const item of [...firsts, ...timed]) {
        stopIfAsked();
        const began = performance.now();
        const result = await prepareCase(config, item);
        if (ahead.includes(item)) times.push((performance.now() - began) / 1000);
        prepared[domain].push(result);
      }
      // Without a cache all are prepared once more.
      const rest = ahead.length - (config.cache.gigabytes > 0 ? times.length : 0);
      if (times.length) secondsToPrepare += rest * mean(times);
    }
    return { sample: new PreparedCohort(config, cohort, prepared), secondsToPrepare };
  }

  /** How many cases a split of a domain has, prepared or not. */
  countOf(domain: string, split: 'train' | 'validation' | 'test'): number {
    return casesOf(this.cohort, domain, split).length;
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
