import type { Aggregate, MetricName } from '../contract/metrics';
import type { NetworkInfo } from '../contract/plan';
import type { Report } from '../contract/report';
import { metrics as known } from '../metrics/catalogue';
import type { History } from './history';
import type { Cell, Table } from '../contract/table';
import { markBest, numberCell, textCell } from './table';
import { baselinesOf, kindOf, studentsOf, withinSentence } from './networks';

const aggregateCell = (a: Aggregate | undefined, digits: number): Cell => {
  const cell = numberCell(a?.mean, digits);
  if (a?.ci && a.mean !== null)
    cell.text += ` [${a.ci[0].toFixed(digits)}, ${a.ci[1].toFixed(digits)}]`;
  return cell;
};

/** Dice by network and domain, FSD to each target and size; the best student of each column is marked. */
export function finalTable(report: Report): Table {
  const domains = Object.entries(report.domains);
  // Without alignment networks there are no vectors to measure.
  const measured = domains.flatMap(([name, d]) =>
    d.role === 'target' && report.fsd.sourceToTarget[name] ? [name] : [],
  );
  const { networks } = report;
  const rows = networks.map((network) => {
    const size = report.parameters?.[kindOf(network)];
    return [
      textCell(network.title),
      ...domains.map(([, d]) => aggregateCell(d.networks[network.name]?.dice, 3)),
      ...measured.map((name) =>
        numberCell(report.fsd.sourceToTarget[name][network.name]?.value, 4),
      ),
      size === undefined ? numberCell(null, 0) : { text: size.toLocaleString('en'), value: size },
    ];
  });
  // Students are compared with each other; the teacher is what they are held against.
  const ofStudents = (column: number) =>
    rows.flatMap((row, r) => (networks[r].role === 'teacher' ? [] : [row[column]]));
  domains.forEach((_, i) => markBest(ofStudents(1 + i), 'higher'));
  measured.forEach((_, i) => markBest(ofStudents(1 + domains.length + i), 'lower'));
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
      ...measured.map((name) => ({ title: `FSD to ${name}`, numeric: true })),
      { title: 'Parameters', numeric: true },
    ],
    rows,
    note: [
      'The best student of each column is marked.',
      ...(fsd ? [`FSD at n = ${fsd.n} vectors, ${fsd.dims} dimensions; lower is better.`] : []),
    ].join(' '),
  };
}

/** What distillation gains over the students that are not distilled, case by case, with interval and test. */
export function gainsTable(report: Report): Table | null {
  const students = studentsOf(report.networks);
  const several = students.length > 1;
  const rows = Object.entries(report.domains).flatMap(([domain, { role, gain }]) =>
    students.flatMap((student) =>
      baselinesOf(report.networks).flatMap((baseline): Cell[][] => {
        const g = gain?.[student.name]?.[baseline.name];
        if (!g) return [];
        const mean = numberCell(g.mean, 3);
        if (g.ci) mean.text += ` [${g.ci.map((v) => v.toFixed(3)).join(', ')}]`;
        return [
          [
            textCell(`${domain} (${role})`),
            ...(several ? [textCell(student.title)] : []),
            textCell(baseline.title),
            mean,
            numberCell(g.median, 3),
            numberCell(g.test?.p, 3),
            numberCell(g.n, 0),
            numberCell(g.leftOut, 0),
          ],
        ];
      }),
    ),
  );
  if (rows.length === 0) return null;
  const percent = `${Math.round(100 * (report.confidence ?? 0.95))}%`;
  return {
    title: `Gain in Dice of the distilled ${several ? 'students' : 'student'}`,
    columns: [
      { title: 'Domain' },
      ...(several ? [{ title: 'Student' }] : []),
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

/** How a metric is shown; of one that is not known here, by its name. */
const shownMetric = (name: MetricName): { title: string; digits: number } =>
  known.find((metric) => metric.name === name) ?? { title: name, digits: 2 };

/** Every metric by domain, class and network, with the cases that were left out, missed or false alarms. */
export function metricsTable(report: Report): Table {
  const metrics = metricsOf(report);
  const rows = Object.entries(report.domains).flatMap(([domain, { role, networks }]) =>
    report.classes.flatMap((name) =>
      report.networks.flatMap((network): Cell[][] => {
        const summary = networks[network.name]?.classes[name];
        if (!summary) return [];
        return [
          [
            textCell(`${domain} (${role})`),
            textCell(name),
            textCell(network.title),
            ...metrics.map((m) => numberCell(summary.metrics[m]?.mean, shownMetric(m).digits)),
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
      ...metrics.map((m) => ({ title: shownMetric(m).title, numeric: true })),
      { title: 'Both empty', numeric: true },
      { title: 'Missed', numeric: true },
      { title: 'False alarms', numeric: true },
    ],
    rows,
  };
}

/** The metrics that have a value somewhere in a report, in the catalogue's order. */
function metricsOf(report: Report): MetricName[] {
  const found = new Set(
    Object.values(report.domains).flatMap(({ networks }) =>
      Object.values(networks).flatMap((network) =>
        Object.values(network?.classes ?? {}).flatMap(({ metrics }) =>
          Object.keys(metrics).filter((m) => metrics[m].mean !== null),
        ),
      ),
    ),
  );
  const ordered = known.map(({ name }) => name).filter((name) => found.has(name));
  return [...ordered, ...[...found].filter((name) => !ordered.includes(name))];
}

/** Dice of each case by network, mean over classes, and what distillation gained over the warm-up student; the worst gain first. */
export function casesTable(report: Report): Table {
  const { networks: all } = report;
  const [baseline] = baselinesOf(all);
  const students = studentsOf(all);
  const rows = Object.entries(report.domains).flatMap(([domain, { networks }]) => {
    const dice = (network: NetworkInfo | undefined, id: string): number | null => {
      const found = network && networks[network.name]?.cases.find((c) => c.id === id);
      const values = Object.values(found?.classes ?? {}).flatMap((c) =>
        c.dice === null ? [] : [c.dice],
      );
      return values.length ? values.reduce((a, b) => a + b, 0) / values.length : null;
    };
    const ids = [
      ...new Set(
        Object.values(networks)
          .flatMap((network) => network?.cases ?? [])
          .map(({ id }) => id),
      ),
    ];
    return ids
      .map((id) => {
        const before = dice(baseline, id);
        const gains = students.map((student) => {
          const after = dice(student, id);
          return after === null || before === null ? null : after - before;
        });
        return { id, gains, dice: all.map((network) => dice(network, id)) };
      })
      .sort((a, b) => (a.gains[0] ?? Infinity) - (b.gains[0] ?? Infinity))
      .map(({ id, gains, dice: each }) => [
        textCell(domain),
        textCell(id),
        ...[...each, ...gains].map((v) => numberCell(v, 3)),
      ]);
  });
  const gainTitle = ({ title }: NetworkInfo) =>
    students.length > 1 ? `Gain over warm-up, ${title}` : 'Gain over warm-up';
  return {
    title: 'Dice by case',
    columns: [
      { title: 'Domain' },
      { title: 'Case' },
      ...all.map(({ title }) => ({ title, numeric: true })),
      ...students.map((student) => ({ title: gainTitle(student), numeric: true })),
    ],
    rows,
  };
}

/** Teacher and student compared on each domain. */
export function semanticDistanceTable(report: Report): Table | null {
  const rows = Object.entries(report.fsd.teacherToStudent).flatMap(([domain, byNetwork]) =>
    report.networks.flatMap((network): Cell[][] => {
      const fsd = byNetwork[network.name];
      if (!fsd) return [];
      return [
        [
          textCell(domain),
          textCell(network.title),
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
  const networks = history.plan.networks.filter(({ name }) =>
    history.evaluations.some((e) => e.network === name),
  );
  return {
    title: 'Latest Dice',
    columns: [
      { title: 'Network' },
      ...domains.map(([name, role]) => ({ title: `${name} (${role})`, numeric: true })),
    ],
    rows: networks.map((network) => [
      textCell(network.title),
      ...domains.map(([name]) =>
        numberCell(
          history.evaluations.findLast((e) => e.network === network.name && e.domain === name)
            ?.dice,
          3,
        ),
      ),
    ]),
    note: 'Sources are judged on validation cases, targets on a few of their cases, until the run is finished.',
  };
}

/** What the run found, in one or two sentences a target and distilled student: the student against those that are not distilled. */
export function verdict(report: Report): string[] {
  const students = studentsOf(report.networks);
  return Object.entries(report.domains)
    .filter(([, { role }]) => role === 'target')
    .flatMap(([domain]) => students.map((student) => verdictOn(report, domain, student)));
}

function verdictOn(report: Report, domain: string, student: NetworkInfo): string {
  const { networks, cases } = report.domains[domain];
  const [alone, ...others] = baselinesOf(report.networks);
  const dice = (network: NetworkInfo | undefined) =>
    (network && networks[network.name]?.dice.mean) ?? null;
  const [own, before] = [dice(student), dice(alone)];
  if (own === null || before === null)
    return `On ${domain} Dice is undefined, so nothing can be said.`;
  const against = (other: number) => {
    const d = own - other;
    return Math.abs(d) < 0.0005
      ? 'the same as'
      : `${Math.abs(d).toFixed(3)} ${d > 0 ? 'above' : 'below'}`;
  };
  const rest = others.flatMap((other) => {
    const value = dice(other);
    return value === null
      ? []
      : [` and ${against(value)} that of the ${lowerTitle(other)} (${value.toFixed(3)})`];
  });
  const whose =
    studentsOf(report.networks).length > 1
      ? `the Dice of "${student.title}"`
      : "the distilled student's Dice";
  return (
    `On ${domain} (target, ${cases} ${cases === 1 ? 'case' : 'cases'}) ${whose} is ${own.toFixed(3)}, ${against(before)} the warm-up student's ${before.toFixed(3)}` +
    rest.join('') +
    (own > before ? '.' : ': distillation did not help here.') +
    ' One seed alone does not show that a difference is real.'
  );
}

/** `Student, trained on` within a sentence: `student trained on`. */
const lowerTitle = ({ title }: NetworkInfo): string => withinSentence(title).replace(', ', ' ');
