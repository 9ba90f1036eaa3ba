import type {
  ComparedDifference,
  ComparedMetric,
  Comparison,
  SeedsInterval,
  Tested,
} from '../contract/comparison';
import type { Cell, Column, Table } from '../contract/table';
import { fewestForInterval } from '../metrics/student-t';
import { judgedBy } from './comparison';
import { formatDuration } from './duration';
import { studentsOf } from './networks';
import { markBest, numberCell, textCell } from './table';

/** Every table of a comparison, the most telling first. */
export function comparisonTables(comparison: Comparison): Table[] {
  const { metrics } = comparison;
  return [
    ...metrics.slice(0, 1).map((metric) => meansTable(comparison, metric)),
    ...metrics.slice(0, 1).map((metric) => differencesTable(comparison, metric)),
    priceTable(comparison),
    ...metrics
      .slice(1)
      .flatMap((metric) => [meansTable(comparison, metric), differencesTable(comparison, metric)]),
    costsTable(comparison),
  ].filter((table) => table !== null);
}

/** `0.062 [0.021, 0.103]`, or the number alone where it has no interval. */
export const intervalText = (
  mean: number,
  ci: readonly [number, number] | null,
  digits: number,
): string =>
  `${mean.toFixed(digits)}${ci ? ` [${ci.map((v) => v.toFixed(digits)).join(', ')}]` : ''}`;

/** `of` so many seeds in all: what is over fewer says so. */
function seedsCell({ n, mean, ci }: SeedsInterval | Missing, digits: number, of: number): Cell {
  if (mean === null) return numberCell(null, digits);
  const few = n < of ? ` (n = ${n})` : '';
  return { text: intervalText(mean, ci, digits) + few, value: mean };
}

type Missing = Pick<SeedsInterval, 'n' | 'mean' | 'ci'>;
const missing: Missing = { n: 0, mean: null, ci: null };

export const percentOf = (confidence: number): string =>
  `${Number((100 * confidence).toFixed(1))}%`;

/** How numbers over seeds are to be read. */
function seedsNote({ seeds, confidence }: Comparison): string {
  if (seeds.length >= fewestForInterval)
    return `Mean over ${seeds.length} seeds of the mean over cases [${percentOf(confidence)} interval over seeds, Student's t].`;
  return seeds.length === 1
    ? 'One seed: there is no interval over seeds.'
    : `Mean over ${seeds.length} seeds, of which there is no interval: it takes ${fewestForInterval}.`;
}

/** A metric by network and domain; the best student of each domain is marked. */
export function meansTable(comparison: Comparison, metric: ComparedMetric): Table {
  const { networks, means, seeds } = comparison;
  const domains = comparison.domains.filter(({ name }) =>
    means.some((m) => m.metric === metric.name && m.domain === name),
  );
  const rows = networks.map(({ name: network, title }) => [
    textCell(title),
    ...domains.map(({ name: domain }) => {
      const found = means.find(
        (m) => m.metric === metric.name && m.domain === domain && m.network === network,
      );
      return seedsCell(found?.over ?? missing, metric.digits, seeds.length);
    }),
  ]);
  domains.forEach((_, i) =>
    markBest(
      rows.flatMap((row, r) => (networks[r].role === 'teacher' ? [] : [row[1 + i]])),
      metric.better,
    ),
  );
  return {
    title: `${metric.title} by network`,
    columns: [
      { title: 'Network' },
      ...domains.map(({ name, role }) => ({ title: `${name} (${role})`, numeric: true })),
    ],
    rows,
    note: `${seedsNote(comparison)} ${metric.better === 'higher' ? 'Higher' : 'Lower'} is better; the best student of each column is marked.`,
  };
}

/** What distillation changed against the control, by domain and student, with both intervals and p; null where there is no control. */
export function differencesTable(comparison: Comparison, metric: ComparedMetric): Table | null {
  const { control, seeds, confidence, resamples } = comparison;
  const own = comparison.differences.filter((d) => d.metric === metric.name);
  if (!control || own.length === 0) return null;
  const isSingle = seeds.length === 1;
  const hasCases = own.some(({ cases }) => cases !== null);
  const several = studentsOf(comparison.networks).length > 1;
  const { digits } = metric;
  const rows = own.map((d) => {
    const { overSeeds, overBoth, overCases, cases, p, adjusted } = d;
    return [
      textCell(domainTitle(comparison, d.domain)),
      textCell(titleOf(comparison, d.student)),
      isSingle
        ? {
            text: intervalText(overSeeds.mean!, overCases?.ci ?? null, digits),
            value: overSeeds.mean,
          }
        : seedsCell(overSeeds, digits, seeds.length),
      ...(isSingle || !hasCases ? [] : [testedCell(overBoth, digits)]),
      pCell(p),
      ...(several ? [pCell(adjusted)] : []),
      ...(hasCases ? [numberCell(cases, 0)] : []),
    ];
  });
  const percent = percentOf(confidence);
  const columns: Column[] = [
    { title: 'Domain' },
    { title: 'Student' },
    { title: `Difference [${percent}${isSingle ? ' over cases' : ' over seeds'}]`, numeric: true },
    ...(isSingle || !hasCases
      ? []
      : [{ title: `[${percent} over seeds and cases]`, numeric: true }]),
    { title: isSingle ? 'p over cases' : 'p', numeric: true },
    ...(several ? [{ title: 'p, Holm', numeric: true }] : []),
    ...(hasCases ? [{ title: 'Cases', numeric: true }] : []),
  ];
  const note = isSingle
    ? "Paired over the cases of one seed: bootstrap interval, p of Wilcoxon's signed-rank test. They do not contain the noise of training: another seed may give another sign."
    : [
        "Paired over the same cases of the same seed. Interval over seeds: Student's t of the seeds' means.",
        ...(hasCases
          ? [
              `Over seeds and cases: hierarchical bootstrap, ${resamples.toLocaleString('en')} resamples. p is the larger of both.`,
            ]
          : []),
      ].join(' ');
  const family = several
    ? " Holm's correction is over the students, for this metric on one domain."
    : '';
  return {
    title: `Difference in ${metric.title} to "${control.title}"`,
    columns,
    rows,
    note: note + family,
  };
}

const testedCell = (tested: Tested | null, digits: number): Cell =>
  textCell(tested ? `[${tested.ci.map((v) => v.toFixed(digits)).join(', ')}]` : '-');

const pCell = (p: number | null): Cell =>
  p === null ? numberCell(null, 3) : { text: p < 0.001 ? '< 0.001' : p.toFixed(3), value: p };

const titleOf = ({ networks }: Comparison, name: string): string =>
  networks.find((network) => network.name === name)?.title ?? name;

const domainTitle = ({ domains }: Comparison, name: string): string =>
  `${name} (${domains.find((domain) => domain.name === name)?.role ?? 'unknown'})`;

/** Each student's difference to the control at home and away, side by side: what a gain on the targets costs on the source. */
export function priceTable(comparison: Comparison): Table | null {
  const { control, differences, seeds } = comparison;
  const domains = [...comparison.domains].sort(
    (a, b) => Number(a.role === 'target') - Number(b.role === 'target'),
  );
  const metric = comparison.metrics.find(({ name }) => name === judgedBy);
  const of = (domain: string, student: string): ComparedDifference | undefined =>
    differences.find((d) => d.metric === judgedBy && d.domain === domain && d.student === student);
  if (!control || !metric || new Set(domains.map(({ role }) => role)).size < 2) return null;
  return {
    title: 'The price at home beside the gain away',
    columns: [
      { title: 'Student' },
      ...domains.map(({ name, role }) => ({
        title: `${role === 'source' ? 'At home' : 'Away'}, ${name}`,
        numeric: true,
      })),
    ],
    rows: studentsOf(comparison.networks).map(({ name, title }) => [
      textCell(title),
      ...domains.map((domain) =>
        seedsCell(of(domain.name, name)?.overSeeds ?? missing, metric.digits, seeds.length),
      ),
    ]),
    note: `Difference in ${metric.title} to "${control.title}" on the test cases of each domain. ${seedsNote(comparison)}`,
  };
}

/** Time and memory of each stage; null where no stages are known. */
export function costsTable({ stages, seeds }: Comparison): Table | null {
  if (stages.length === 0) return null;
  return {
    title: 'Time and memory',
    columns: [
      { title: 'Stage' },
      { title: 'Time, s', numeric: true },
      { title: 'Peak memory, GB', numeric: true },
    ],
    rows: stages.map(({ title, seconds, memory }) => [
      textCell(title),
      seedsCell({ ...seconds, ci: null }, 0, seeds.length),
      numberCell(memory === null ? null : memory / 1e9, 2),
    ]),
    note: 'A seed, in the mean; what several students need is trained once for all of them. Memory is that of the whole process at its largest while the stage was trained, where it was trained here.',
  };
}

/** What is compared: seeds, those that are missing and why, what is not in every seed. */
export function comparisonFacts(comparison: Comparison): [name: string, value: string][] {
  const { seeds, missing: lacking, partial, control, stages, confidence } = comparison;
  const total = stages.reduce((sum, { seconds }) => sum + (seconds.mean ?? 0), 0);
  return [
    ['Seeds', seeds.length > 0 ? seeds.join(', ') : 'none'],
    ...lacking.map(({ seed, reason }): [string, string] => [`Seed ${seed} is missing`, reason]),
    ...partial.map(({ network, seeds: own }): [string, string] => [
      titleOf(comparison, network),
      own.length > 0
        ? `is in seed ${own.join(', ')} alone; it is compared over the seeds that it shares`
        : 'is in no seed',
    ]),
    ['Held against', control ? control.title : 'nothing: there is no undistilled student'],
    ['Intervals', percentOf(confidence)],
    ...(total > 0 ? [['Training of a seed', formatDuration(total)] as [string, string]] : []),
  ];
}

/** Every number of a comparison as one table, a row for each domain, metric and network: for spreadsheets and programs. */
export function comparisonRows(comparison: Comparison): Table {
  const { domains, metrics, networks, means, differences } = comparison;
  const exact = (value: number | null | undefined): Cell => ({
    text: String(value ?? ''),
    value: value ?? null,
  });
  const ends = (ci: readonly [number, number] | null | undefined) => [
    exact(ci?.[0]),
    exact(ci?.[1]),
  ];
  const rows = domains.flatMap(({ name: domain, role }) =>
    metrics.flatMap(({ name: metric }) =>
      networks.flatMap(({ name: network, role: kind }): Cell[][] => {
        const m = means.find(
          (it) => it.domain === domain && it.metric === metric && it.network === network,
        );
        if (!m) return [];
        const d = differences.find(
          (it) => it.domain === domain && it.metric === metric && it.student === network,
        );
        return [
          [
            ...[domain, role, metric, network, kind].map(textCell),
            ...[m.over.n, m.over.mean, m.over.sd].map(exact),
            ...ends(m.over.ci),
            ...[d?.overSeeds.n, d?.cases, d?.overSeeds.mean].map(exact),
            ...ends(d?.overSeeds.ci),
            exact(d?.overSeeds.p),
            ...ends(d?.overBoth?.ci),
            exact(d?.overBoth?.p),
            ...ends(d?.overCases?.ci),
            exact(d?.overCases?.p),
            exact(d?.adjusted),
          ],
        ];
      }),
    ),
  );
  const titles = [
    ...['domain', 'domain role', 'metric', 'network', 'network role'],
    ...['seeds', 'mean', 'sd', 'low', 'high'],
    ...['difference seeds', 'difference cases', 'difference'],
    ...['over seeds low', 'over seeds high', 'over seeds p'],
    ...['over seeds and cases low', 'over seeds and cases high', 'over seeds and cases p'],
    ...['over cases of one seed low', 'over cases of one seed high', 'over cases of one seed p'],
    'p holm',
  ];
  return { title: 'Comparison', columns: titles.map((title) => ({ title })), rows };
}
