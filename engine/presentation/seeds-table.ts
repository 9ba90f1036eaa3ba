import { mean, standardDeviation } from '../metrics/statistics';
import { networkNames, type NetworkName, type Report } from '../contract/report';
import { alignColumns, networkTitles } from './terminal-table';

/**
 * Runs of one config with different seeds as one Markdown table: mean and sample standard deviation over the runs of each domain's
 * Dice and of FSD to each target, then of the distilled student's gain.
 */
export function formatSeeds(reports: readonly Report[]): string {
  const [first] = reports;
  const domains = Object.entries(first.domains);
  const targets = domains.filter(([, d]) => d.role === 'target').map(([name]) => name);
  const spread = (values: (number | null | undefined)[], digits: number): string => {
    const defined = values.filter((v) => typeof v === 'number');
    if (!defined.length) return '-';
    const sd = standardDeviation(defined);
    return `${mean(defined).toFixed(digits)}${sd === null ? '' : ` ± ${sd.toFixed(digits)}`}`;
  };
  const header = [
    'Network',
    ...domains.map(([name, d]) => `Dice ${name} (${d.role}, n=${d.cases})`),
    ...targets.map((name) => `FSD to ${name}`),
    'Parameters',
  ];
  const row = (network: NetworkName) => [
    networkTitles[network],
    ...domains.map(([name]) =>
      spread(
        reports.map((r) => r.domains[name]?.networks[network]?.dice.mean),
        3,
      ),
    ),
    ...targets.map((name) =>
      spread(
        reports.map((r) => r.fsd.sourceToTarget[name]?.[network]?.value),
        4,
      ),
    ),
    first.parameters[network === 'teacher' ? 'teacher' : 'student'].toLocaleString('en'),
  ];
  const gains = (['warmup', 'control'] as const).map(
    (other) =>
      `Distilled minus ${networkTitles[other].toLowerCase()}, Dice: ${domains
        .map(([name]) => {
          const values = reports.map((r) => r.domains[name]?.gain[other]?.mean);
          return `${name} ${spread(values, 3)}`;
        })
        .join('; ')}.`,
  );
  return [
    alignColumns([header, header.map(() => ''), ...networkNames.map(row)]),
    '',
    `Mean ± standard deviation over ${reports.length} runs, seeds ${reports.map((r) => r.seed).join(', ')}.`,
    ...gains,
  ].join('\n');
}
