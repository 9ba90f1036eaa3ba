import type { Aggregate, MetricName } from '../metrics/case';
import { networkNames, type NetworkName, type Report } from '../contract/report';
import type { History } from './history';
import { markBest, numberCell, textCell, type Cell, type Table } from './table';
import { networkTitles } from './titles';

/** Students are compared with each other; the teacher is what they are held against. */
const students: readonly NetworkName[] = ['warmup', 'control', 'student'];

const aggregateCell = (a: Aggregate | undefined, digits: number): Cell => {
  const cell = numberCell(a?.mean, digits);
  if (a?.ci && a.mean !== null)
    cell.text += ` [${a.ci[0].toFixed(digits)}, ${a.ci[1].toFixed(digits)}]`;
  return cell;
};

/** Dice by network and domain, FSD to each target and size; the best student of each column is marked. */
export function finalTable(report: Report): Table {
  const domains = Object.entries(report.domains);
  const targets = domains.filter(([, d]) => d.role === 'target').map(([name]) => name);
  const networks = networkNames.filter((n) => domains.some(([, d]) => d.networks[n]));
  const rows = networks.map((network) => [
    textCell(networkTitles[network]),
    ...domains.map(([, d]) => aggregateCell(d.networks[network]?.dice, 3)),
    ...targets.map((name) => numberCell(report.fsd.sourceToTarget[name]?.[network]?.value, 4)),
    {
      text: report.parameters[network === 'teacher' ? 'teacher' : 'student'].toLocaleString('en'),
      value: report.parameters[network === 'teacher' ? 'teacher' : 'student'],
    },
  ]);
  const ofStudents = (column: number) =>
    rows.flatMap((row, r) => (students.includes(networks[r]) ? [row[column]] : []));
  domains.forEach((_, i) => markBest(ofStudents(1 + i), 'higher'));
  targets.forEach((_, i) => markBest(ofStudents(1 + domains.length + i), 'lower'));
  const first = Object.values(report.fsd.sourceToTarget)[0];
  const fsd = first && Object.values(first)[0];
  return {
    title: 'Networks by domain',
    columns: [
      { title: 'Network' },
      ...domains.map(([name, d]) => ({
        title: `Dice ${name} (${d.role}, n=${d.cases}${d.fov === 'none' ? '' : `, FOV ${d.fov}`}) [${Math.round(100 * (report.confidence ?? 0.95))}% CI]`,
        numeric: true,
      })),
      ...targets.map((name) => ({ title: `FSD to ${name}`, numeric: true })),
      { title: 'Parameters', numeric: true },
    ],
    rows,
    note: [
      'The best student of each column is marked.',
      ...(fsd ? [`FSD at n = ${fsd.n} vectors, ${fsd.dims} dimensions; lower is better.`] : []),
    ].join(' '),
  };
}

/** What distillation gains over the other students, case by case, with interval and test. */
export function gainsTable(report: Report): Table | null {
  const rows = Object.entries(report.domains).flatMap(([domain, { role, gain }]) =>
    (['warmup', 'control'] as const).flatMap((other): Cell[][] => {
      const g = gain?.[other];
      if (!g) return [];
      const mean = numberCell(g.mean, 3);
      if (g.ci) mean.text += ` [${g.ci.map((v) => v.toFixed(3)).join(', ')}]`;
      return [
        [
          textCell(`${domain} (${role})`),
          textCell(networkTitles[other]),
          mean,
          numberCell(g.median, 3),
          numberCell(g.test?.p, 3),
          numberCell(g.n, 0),
          numberCell(g.leftOut, 0),
        ],
      ];
    }),
  );
  if (rows.length === 0) return null;
  const percent = `${Math.round(100 * (report.confidence ?? 0.95))}%`;
  return {
    title: 'Gain in Dice of the distilled student',
    columns: [
      { title: 'Domain' },
      { title: 'Over' },
      { title: `Mean difference [${percent} CI]`, numeric: true },
      { title: 'Median', numeric: true },
      { title: 'p', numeric: true },
      { title: 'Cases', numeric: true },
      { title: 'Left out', numeric: true },
    ],
    rows,
    note: "Paired over cases; bootstrap intervals of the mean, p of Wilcoxon's signed-rank test.",
  };
}

const metricTitles: Partial<Record<MetricName, readonly [title: string, digits: number]>> = {
  dice: ['Dice', 3],
  iou: ['IoU', 3],
  sensitivity: ['Sensitivity', 3],
  specificity: ['Specificity', 3],
  precision: ['Precision', 3],
  ravd: ['RAVD, %', 1],
  auc: ['AUC', 3],
  cldice: ['clDice', 3],
  assd: ['ASSD, mm', 2],
  hd95: ['HD95, mm', 2],
  hd: ['HD, mm', 2],
};

/** Every metric by domain, class and network, with the cases that were left out, missed or false alarms. */
export function metricsTable(report: Report): Table {
  const metrics = metricsOf(report);
  const rows = Object.entries(report.domains).flatMap(([domain, { role, networks }]) =>
    report.classes.flatMap((name) =>
      networkNames.flatMap((network): Cell[][] => {
        const summary = networks[network]?.classes[name];
        if (!summary) return [];
        return [
          [
            textCell(`${domain} (${role})`),
            textCell(name),
            textCell(networkTitles[network]),
            ...metrics.map((m) => numberCell(summary.metrics[m]?.mean, metricTitles[m]?.[1] ?? 2)),
            ...[summary.nBothEmpty, summary.nMissed, summary.nFalseAlarm].map((n) =>
              numberCell(n, 0),
            ),
          ],
        ];
      }),
    ),
  );
  return {
    title: 'Every metric by class',
    columns: [
      { title: 'Domain' },
      { title: 'Class' },
      { title: 'Network' },
      ...metrics.map((m) => ({ title: metricTitles[m]?.[0] ?? m, numeric: true })),
      { title: 'Both empty', numeric: true },
      { title: 'Missed', numeric: true },
      { title: 'False alarms', numeric: true },
    ],
    rows,
  };
}

/** The metrics that have a value somewhere in a report, those of `metricTitles` first. */
function metricsOf(report: Report): MetricName[] {
  const found = new Set(
    Object.values(report.domains).flatMap(({ networks }) =>
      Object.values(networks).flatMap(({ classes }) =>
        Object.values(classes).flatMap(({ metrics }) =>
          (Object.keys(metrics) as MetricName[]).filter((m) => metrics[m].mean !== null),
        ),
      ),
    ),
  );
  const known = (Object.keys(metricTitles) as MetricName[]).filter((m) => found.has(m));
  return [...known, ...[...found].filter((m) => !known.includes(m))];
}

/** Dice of each case by network, mean over classes, and what distillation gained over the warm-up student; the worst gain first. */
export function casesTable(report: Report): Table {
  const rows = Object.entries(report.domains).flatMap(([domain, { networks }]) => {
    const dice = (network: NetworkName, id: string): number | null => {
      const found = networks[network]?.cases.find((c) => c.id === id);
      const values = Object.values(found?.classes ?? {}).flatMap((c) =>
        c.dice === null ? [] : [c.dice],
      );
      return values.length ? values.reduce((a, b) => a + b, 0) / values.length : null;
    };
    const ids = [
      ...new Set(Object.values(networks).flatMap(({ cases }) => cases.map(({ id }) => id))),
    ];
    return ids
      .map((id) => {
        const [student, warmup] = [dice('student', id), dice('warmup', id)];
        const gain = student === null || warmup === null ? null : student - warmup;
        return { id, gain, all: networkNames.map((n) => dice(n, id)) };
      })
      .sort((a, b) => (a.gain ?? Infinity) - (b.gain ?? Infinity))
      .map(({ id, gain, all }) => [
        textCell(domain),
        textCell(id),
        ...all.map((v) => numberCell(v, 3)),
        numberCell(gain, 3),
      ]);
  });
  return {
    title: 'Dice by case',
    columns: [
      { title: 'Domain' },
      { title: 'Case' },
      ...networkNames.map((n) => ({ title: networkTitles[n], numeric: true })),
      { title: 'Gain over warm-up', numeric: true },
    ],
    rows,
  };
}

/** Teacher and student compared on each domain. */
export function semanticDistanceTable(report: Report): Table | null {
  const rows = Object.entries(report.fsd.teacherToStudent).flatMap(([domain, byNetwork]) =>
    networkNames.flatMap((network): Cell[][] => {
      const fsd = byNetwork[network];
      if (!fsd) return [];
      return [
        [
          textCell(domain),
          textCell(networkTitles[network]),
          numberCell(fsd.value, 4),
          numberCell(fsd.n, 0),
          numberCell(fsd.dims, 0),
        ],
      ];
    }),
  );
  if (rows.length === 0) return null;
  return {
    title: 'FSD between teacher and student on each domain',
    columns: [
      { title: 'Domain' },
      { title: 'Network' },
      { title: 'FSD', numeric: true },
      { title: 'Vectors', numeric: true },
      { title: 'Dimensions', numeric: true },
    ],
    rows,
    note: 'Lower is better.',
  };
}

/** The latest Dice of each network, for a run that has no report yet. */
export function latestTable(history: History): Table {
  const domains = [...history.domains];
  const networks = networkNames.filter((n) => history.evaluations.some((e) => e.network === n));
  return {
    title: 'Latest Dice',
    columns: [
      { title: 'Network' },
      ...domains.map(([name, role]) => ({ title: `${name} (${role})`, numeric: true })),
    ],
    rows: networks.map((network) => [
      textCell(networkTitles[network]),
      ...domains.map(([name]) =>
        numberCell(
          history.evaluations.findLast((e) => e.network === network && e.domain === name)?.dice,
          3,
        ),
      ),
    ]),
    note: 'Sources are judged on validation cases, targets on a few of their cases, until the run is finished.',
  };
}

/** What the run found, in one or two sentences a target: the distilled student against the warm-up student and the control. */
export function verdict(report: Report): string[] {
  return Object.entries(report.domains)
    .filter(([, d]) => d.role === 'target')
    .map(([name, { networks, cases }]) => {
      const [student, warmup, control] = (['student', 'warmup', 'control'] as const).map(
        (n) => networks[n]?.dice.mean ?? null,
      );
      if (student === null || warmup === null)
        return `On ${name} Dice is undefined, so nothing can be said.`;
      const gain = student - warmup;
      const against = (other: number) => {
        const d = student - other;
        return Math.abs(d) < 0.0005
          ? 'the same as'
          : `${Math.abs(d).toFixed(3)} ${d > 0 ? 'above' : 'below'}`;
      };
      return (
        `On ${name} (target, ${cases} ${cases === 1 ? 'case' : 'cases'}) the distilled student's Dice is ${student.toFixed(3)}, ${against(warmup)} the warm-up student's ${warmup.toFixed(3)}` +
        (control === null
          ? ''
          : ` and ${against(control)} that of the student trained on for as long (${control.toFixed(3)})`) +
        (gain > 0 ? '.' : ': distillation did not help here.') +
        ' One seed alone does not show that a difference is real.'
      );
    });
}
