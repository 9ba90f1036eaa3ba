import type {
  ComparedDifference,
  ComparedDomain,
  ComparedMean,
  ComparedMetric,
  ComparedStage,
  Comparison,
  Tested,
} from '../contract/comparison';
import type { NetworkInfo, StageInfo } from '../contract/plan';
import type { Report } from '../contract/report';
import { caseMean } from '../metrics/case';
import { metrics as known } from '../metrics/catalogue';
import { seedsAndCasesBootstrap } from '../metrics/hierarchical-bootstrap';
import { holm } from '../metrics/holm';
import { signedRankTest } from '../metrics/paired-comparison';
import { bootstrapInterval, mean } from '../metrics/statistics';
import { meanOverSeeds } from '../metrics/student-t';
import { Random } from '../random';
import { baselinesOf, studentsOf } from './networks';

/** A finished run, as one of several that differ in their seed. */
export interface SeedRun {
  seed: string;
  report: Report;
  /** The stages that it trained; none where they are not asked for. */
  stages?: readonly StageInfo[];
  /** The largest memory of its process in each stage, in bytes, as far as it is known. */
  memory?: Readonly<Record<string, number>>;
}

/** The metrics that are compared, where they are defined; by the first of them methods are judged. */
export const comparedMetrics: readonly ComparedMetric[] = [
  ...(['dice', 'cldice', 'hd95'] as const).map((name): ComparedMetric => {
    const { title, digits } = known.find((metric) => metric.name === name)!;
    return {
      name,
      title: title.replace(/, (\w+)$/, ' ($1)'),
      digits,
      better: name === 'hd95' ? 'lower' : 'higher',
    };
  }),
  { name: 'fsd', title: 'FSD from the source', digits: 4, better: 'lower' },
];

/** By this metric methods are judged. */
export const judgedBy = 'dice';

/** Resamples of each hierarchical bootstrap: p is told to two digits. */
const resamples = 10_000;

/**
 * Finished runs of one config put together over their seeds: each network's metrics, and each distilled student's difference to the control
 * (the student trained on; without one, the last undistilled student). A difference is over the seeds that have both networks, in each over
 * the cases for which both have a value; a case's value is the mean over the classes that it has, as in a run's own report.
 */
export function compareSeeds(
  runs: readonly SeedRun[],
  missing: Comparison['missing'] = [],
  metrics: readonly ComparedMetric[] = comparedMetrics,
): Comparison {
  const domains = new Map<string, ComparedDomain>();
  const networks = new Map<string, NetworkInfo>();
  for (const { report } of runs) {
    for (const [name, { role }] of Object.entries(report.domains))
      if (!domains.has(name)) domains.set(name, { name, role });
    for (const network of report.networks)
      if (!networks.has(network.name)) networks.set(network.name, network);
  }
  const all = [...networks.values()];
  const baselines = baselinesOf(all);
  const control = baselines.find(({ name }) => name === 'control') ?? baselines.at(-1) ?? null;
  const confidence = runs[0]?.report.confidence ?? 0.95;
  const found = { runs, domains: [...domains.values()], networks: all, confidence };
  const means = metrics.flatMap((metric) => meansOf(found, metric));
  const shown = metrics.filter(({ name }) => means.some((m) => m.metric === name));
  return {
    ...found,
    seeds: runs.map(({ seed }) => seed),
    missing,
    resamples,
    metrics: shown,
    control,
    partial: all.flatMap(({ name }) => {
      const seeds = runs.filter((run) => has(run, name)).map(({ seed }) => seed);
      return seeds.length < runs.length ? [{ network: name, seeds }] : [];
    }),
    means,
    differences: control ? shown.flatMap((metric) => differencesOf(found, metric, control)) : [],
    stages: stagesOf(runs, confidence),
  };
}

interface Found {
  runs: readonly SeedRun[];
  domains: readonly ComparedDomain[];
  networks: readonly NetworkInfo[];
  confidence: number;
}

const has = ({ report }: SeedRun, network: string): boolean =>
  report.networks.some(({ name }) => name === network);

/** A metric of a network on a domain in one seed, as its run reports it. */
function valueOf({ report }: SeedRun, domain: string, network: string, metric: string) {
  return metric === 'fsd'
    ? report.fsd.sourceToTarget[domain]?.[network]?.value
    : report.domains[domain]?.networks[network]?.[metric]?.mean;
}

const numbers = (values: readonly (number | null | undefined)[]): number[] =>
  values.flatMap((value) => (typeof value === 'number' ? [value] : []));

/** Of each network on each domain that has the metric. */
const meansOf = (
  { runs, domains, networks, confidence }: Found,
  { name: metric }: ComparedMetric,
) =>
  domains.flatMap(({ name: domain }) =>
    networks.flatMap(({ name: network }): ComparedMean[] => {
      const values = numbers(runs.map((run) => valueOf(run, domain, network, metric)));
      const over = meanOverSeeds(values, confidence);
      return over.n > 0 ? [{ domain, metric, network, over }] : [];
    }),
  );

/** Of each distilled student on each domain; a family of tests is a metric's on a domain, over the students. */
function differencesOf(
  found: Found,
  { name: metric }: ComparedMetric,
  control: NetworkInfo,
): ComparedDifference[] {
  return found.domains.flatMap(({ name: domain }) => {
    const family = studentsOf(found.networks).flatMap(({ name: student }) => {
      const difference =
        metric === 'fsd'
          ? distanceDifference(found, domain, student, control.name)
          : casesDifference(found, domain, student, control.name, metric);
      return difference.overSeeds.n > 0 ? [{ domain, metric, student, ...difference }] : [];
    });
    const adjusted = holm(family.map(({ p }) => p));
    return family.map((difference, i) => ({ ...difference, adjusted: adjusted[i] }));
  });
}

type Difference = Omit<ComparedDifference, 'domain' | 'metric' | 'student' | 'adjusted'>;

/** Of what a seed has one value of. */
function distanceDifference(
  { runs, confidence }: Found,
  domain: string,
  student: string,
  control: string,
): Difference {
  const values = runs.map((run) => {
    const [own, other] = [student, control].map((name) => valueOf(run, domain, name, 'fsd'));
    return typeof own === 'number' && typeof other === 'number' ? own - other : null;
  });
  const overSeeds = meanOverSeeds(numbers(values), confidence);
  return { overSeeds, overBoth: null, overCases: null, cases: null, p: overSeeds.p };
}

/** Of what each case of a seed has a value of. */
function casesDifference(
  { runs, confidence }: Found,
  domain: string,
  student: string,
  control: string,
  metric: string,
): Difference {
  const seeds = runs
    .map(({ report }) => {
      const [own, other] = [student, control].map((name) =>
        valuesByCase(report, domain, name, metric),
      );
      return new Map(
        [...own].flatMap(([id, value]) =>
          other.has(id) ? [[id, value - other.get(id)!] as const] : [],
        ),
      );
    })
    .filter(({ size }) => size > 0);
  const random = new Random('comparison', domain, metric, student);
  const options = { resamples, confidence, random };
  const overSeeds = meanOverSeeds(
    seeds.map((seed) => mean([...seed.values()])),
    confidence,
  );
  const overBoth = seedsAndCasesBootstrap(seeds, options);
  const overCases = seeds.length === 1 ? testOfCases([...seeds[0].values()], options) : null;
  return {
    overSeeds,
    overBoth,
    overCases,
    cases: new Set(seeds.flatMap((seed) => [...seed.keys()])).size,
    p:
      overCases?.p ??
      (overSeeds.p === null || overBoth === null ? null : Math.max(overSeeds.p, overBoth.p)),
  };
}

function testOfCases(
  values: readonly number[],
  { resamples: count, confidence, random }: Parameters<typeof seedsAndCasesBootstrap>[1],
): Tested | null {
  const ci = bootstrapInterval(values, count, confidence, random);
  return ci && { ci, p: signedRankTest(values).p };
}

/** A metric of each case of a network on a domain, where it is defined; where slices were evaluated, the mean over a case's slices. */
function valuesByCase(
  { domains }: Report,
  domain: string,
  network: string,
  metric: string,
): Map<string, number> {
  const { networks = {}, files = {} } = domains[domain] ?? {};
  const values = new Map<string, number[]>();
  for (const { id, classes } of networks[network]?.cases ?? []) {
    const value = caseMean(classes, metric);
    if (value === null) continue;
    const own = Object.hasOwn(files, id) ? id : id.replace(/#\d+$/, '');
    const known = values.get(own);
    if (known) known.push(value);
    else values.set(own, [value]);
  }
  return new Map([...values].map(([id, some]) => [id, mean(some)]));
}

/** In the order of the first seed; what was given as a file took no time. */
function stagesOf(runs: readonly SeedRun[], confidence: number): ComparedStage[] {
  const stages = new Map<string, StageInfo>();
  for (const run of runs)
    for (const stage of run.stages ?? [])
      if (!stages.has(stage.name)) stages.set(stage.name, stage);
  return [...stages.values()].map(({ name, title }) => {
    const memory = numbers(runs.map((run) => run.memory?.[name]));
    return {
      name,
      title,
      seconds: meanOverSeeds(
        numbers(runs.map(({ report }) => report.seconds[name] || null)),
        confidence,
      ),
      memory: memory.length > 0 ? memory.reduce((a, b) => Math.max(a, b)) : null,
    };
  });
}
