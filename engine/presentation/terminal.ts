import type { Report } from '../contract/report';
import { meanOverSeeds } from '../metrics/student-t';
import { compareSeeds, comparedMetrics, judgedBy } from './comparison';
import { differencesTable, meansTable, priceTable } from './comparison-tables';
import { verdictsOf } from './comparison-verdict';
import type { Comparison } from '../contract/comparison';
import { baselinesOf, kindOf, studentsOf, withinSentence } from './networks';
import type { Table } from '../contract/table';
import { tableText, textCell } from './table';
import { oneLine } from './plain-text';
import { finalTable } from './tables';

const signed = (value: number): string => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(3)}`;

/** A report for a terminal, also good as Markdown: networks by domains, gains, time, size and device. */
export function formatReport(report: Report): string {
  const { device, seed } = report;
  const domains = Object.entries(report.domains);
  const fsd = Object.values(report.fsd.sourceToTarget).flatMap((found) => Object.values(found))[0];
  const seconds = Object.entries(report.seconds)
    .map(([stage, s]) => `${stage} ${s.toFixed(0)} s`)
    .join(', ');
  const gains = pairs(report).map(({ student, baseline, title }) => {
    const parts = domains.flatMap(([name, { gain }]) => {
      const g = gain?.[student]?.[baseline];
      if (!g || g.mean === null) return [];
      const ci = g.ci ? ` [${signed(g.ci[0])}, ${signed(g.ci[1])}]` : '';
      const p = g.test ? `, p ${g.test.p < 0.001 ? '< 0.001' : `= ${g.test.p.toFixed(3)}`}` : '';
      return [`${name} ${signed(g.mean)}${ci}${p}`];
    });
    return `${title}: ${parts.join('; ')} (Dice; Wilcoxon signed-rank test).`;
  });
  return [
    tableText(finalTable(report)),
    '',
    ...(fsd ? [`FSD at n = ${fsd.n} vectors, ${fsd.dims} dimensions; lower is better.`] : []),
    ...[
      ...gains,
      `Time: ${seconds}. Device: ${device ? `${device.name} (${device.description}, ${device.threads} threads)` : 'unknown'}. Seed ${seed ?? 'unknown'}.`,
    ].map((line) => oneLine(line, longestLine)),
  ].join('\n');
}

const longestLine = 4000;

/** Each distilled student with each that is not: `Distilled minus student, warm-up`. */
function pairs({ networks }: Report): { student: string; baseline: string; title: string }[] {
  const students = studentsOf(networks);
  return students.flatMap(({ name: student, title }) =>
    baselinesOf(networks).map(({ name: baseline, title: other }) => ({
      student,
      baseline,
      title: `${students.length > 1 ? title : 'Distilled'} minus ${withinSentence(other)}`,
    })),
  );
}

/**
 * Runs of one config with different seeds: mean and sample standard deviation over the runs of each domain's Dice and of FSD to each
 * target, then of each distilled student's gains, with intervals from three runs on, and what is shown of each.
 */
export function formatSeeds(reports: readonly Report[]): string {
  const [first] = reports;
  const seeds = reports.map((r) => String(r.seed ?? 'unknown'));
  const gains = pairs(first).map(({ student, baseline, title }) => {
    const parts = Object.keys(first.domains).map(
      (name) =>
        `${name} ${spread(
          reports.map((r) => r.domains[name]?.gain[student]?.[baseline]?.mean),
          3,
          first.confidence,
        )}`,
    );
    return `${title}, Dice: ${parts.join('; ')}.`;
  });
  const runs = reports.map((report, i) => ({ seed: seeds[i], report }));
  const judging = comparedMetrics.filter(({ name }) => name === judgedBy);
  const verdicts = verdictsOf(compareSeeds(runs, [], judging));
  return [
    tableText(seedsTable(reports)),
    '',
    `Mean ± standard deviation over ${reports.length} runs, seeds ${seeds.join(', ')}.`,
    ...(new Set(seeds).size < seeds.length
      ? ['A seed is there more than once; intervals and p take runs for independent.']
      : []),
    ...gains.map((line) => oneLine(line, longestLine)),
    '',
    ...verdicts.map(({ sentence }) => oneLine(sentence, longestLine)),
  ].join('\n');
}

/** A comparison for a terminal, also good as Markdown: what is shown, the tables of the metric that methods are judged by, who is missing. */
export function formatComparison(comparison: Comparison): string {
  const [first] = comparison.metrics;
  const tables = [
    ...(first ? [meansTable(comparison, first), differencesTable(comparison, first)] : []),
    priceTable(comparison),
  ].filter((table) => table !== null);
  return [
    ...tables.flatMap((table) => [
      `${table.title}:`,
      '',
      tableText(table),
      '',
      ...(table.note ? [table.note, ''] : []),
    ]),
    ...verdictsOf(comparison).map(({ sentence }) => sentence),
    ...comparison.missing.map(({ seed, reason }) => `Seed ${seed} is missing: ${reason}`),
  ]
    .map((text) => (text.includes('\n') ? text : oneLine(text, longestLine)))
    .join('\n');
}

function seedsTable(reports: readonly Report[]): Table {
  const [first] = reports;
  const domains = Object.entries(first.domains);
  const measured = domains.flatMap(([name]) => (first.fsd.sourceToTarget[name] ? [name] : []));
  return {
    title: 'Networks by domain, over seeds',
    columns: [
      { title: 'Network' },
      ...domains.map(([name, d]) => ({ title: `Dice ${name} (${d.role}, n=${d.cases})` })),
      ...measured.map((name) => ({ title: `FSD to ${name}` })),
      { title: 'Parameters' },
    ],
    rows: first.networks.map((network) =>
      [
        network.title,
        ...domains.map(([name]) =>
          spread(
            reports.map((r) => r.domains[name]?.networks[network.name]?.dice.mean),
            3,
          ),
        ),
        ...measured.map((name) =>
          spread(
            reports.map((r) => r.fsd.sourceToTarget[name]?.[network.name]?.value),
            4,
          ),
        ),
        first.parameters?.[kindOf(network)].toLocaleString('en') ?? '-',
      ].map(textCell),
    ),
  };
}

/**
 * `0.597 ± 0.009`: mean and sample standard deviation of what is defined; with `confidence` and from three values on also the mean's interval
 * by Student's t.
 */
function spread(
  values: readonly (number | null | undefined)[],
  digits: number,
  confidence?: number,
): string {
  const defined = values.filter((v) => typeof v === 'number');
  const { mean, sd, ci } = meanOverSeeds(defined, confidence ?? 0.95);
  if (mean === null) return '-';
  const shown = mean.toFixed(digits) + (sd === null ? '' : ` ± ${sd.toFixed(digits)}`);
  return confidence !== undefined && ci
    ? `${shown} [${ci.map((v) => v.toFixed(digits)).join(', ')}]`
    : shown;
}
