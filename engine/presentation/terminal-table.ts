import { networkNames, type NetworkName, type Report } from '../contract/report';

/** What each network is called in tables. */
export const networkTitles: Record<NetworkName, string> = {
  teacher: 'Teacher',
  warmup: 'Student, warm-up',
  control: 'Student, trained on',
  student: 'Student, distilled',
};

const fixed = (value: number | null | undefined, digits: number): string =>
  value === null || value === undefined ? '-' : value.toFixed(digits);

const signed = (value: number): string => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(3)}`;

/** The report as Markdown: networks by domains, then time, size and device. Plain enough for a terminal. */
export function formatTable(report: Report): string {
  const domains = Object.entries(report.domains);
  const percent = (100 * report.confidence).toFixed(0);
  const header = [
    'Network',
    ...domains.map(
      ([name, d]) =>
        `Dice ${name} (${d.role}, n=${d.cases}${d.fov === 'none' ? '' : `, FOV ${d.fov}`}) [${percent}% CI]`,
    ),
    ...domains.filter(([, d]) => d.role === 'target').map(([name]) => `FSD to ${name}`),
    'Parameters',
  ];
  const rows = networkNames.map((network) => [
    networkTitles[network],
    ...domains.map(([, d]) => {
      const dice = d.networks[network]?.dice;
      if (!dice || dice.mean === null) return '-';
      return `${fixed(dice.mean, 3)}${dice.ci ? ` [${fixed(dice.ci[0], 3)}, ${fixed(dice.ci[1], 3)}]` : ''}`;
    }),
    ...domains
      .filter(([, d]) => d.role === 'target')
      .map(([name]) => fixed(report.fsd.sourceToTarget[name]?.[network]?.value, 4)),
    report.parameters[network === 'teacher' ? 'teacher' : 'student'].toLocaleString('en'),
  ]);
  const anyFsd = Object.values(report.fsd.sourceToTarget)[0]?.teacher;
  const seconds = Object.entries(report.seconds)
    .map(([stage, s]) => `${stage} ${s.toFixed(0)} s`)
    .join(', ');
  const gains = (['warmup', 'control'] as const).map((other) => {
    const parts = domains.flatMap(([name, { gain }]) => {
      const g = gain?.[other];
      if (!g || g.mean === null) return [];
      const ci = g.ci ? ` [${signed(g.ci[0])}, ${signed(g.ci[1])}]` : '';
      return [
        `${name} ${signed(g.mean)}${ci}${g.test ? `, p ${g.test.p < 0.001 ? '< 0.001' : `= ${fixed(g.test.p, 3)}`}` : ''}`,
      ];
    });
    return `Distilled minus ${networkTitles[other].toLowerCase()}: ${parts.join('; ')} (Dice; Wilcoxon signed-rank test).`;
  });
  return [
    alignColumns([header, header.map(() => ''), ...rows]),
    '',
    ...(anyFsd
      ? [`FSD at n = ${anyFsd.n} vectors, ${anyFsd.dims} dimensions; lower is better.`]
      : []),
    ...gains,
    `Time: ${seconds}. Device: ${report.device.name} (${report.device.description}, ${report.device.threads} threads). Seed ${report.seed}.`,
  ].join('\n');
}

/** Rows of cells as a Markdown table whose columns line up; an empty second row becomes the rule. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length), 3));
  return rows
    .map((row, r) =>
      r === 1
        ? `| ${widths.map((w) => '-'.repeat(w)).join(' | ')} |`
        : `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`,
    )
    .join('\n');
}
