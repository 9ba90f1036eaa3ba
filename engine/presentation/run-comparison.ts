import type { NetworkInfo } from '../contract/plan';
import type { Report } from '../contract/report';
import type { RunRecord } from '../contract/run-record';
import type { Cell, Table } from '../contract/table';
import { valueIn } from '../jsonc';
import { markBest, numberCell, textCell } from './table';
import { baselinesOf, studentsOf, withinSentence } from './networks';

/** A run among several. */
export interface ComparedRun {
  name: string;
  report: Report | null;
  record: RunRecord | null;
  /** The run's own copy of its config. */
  config: string;
}

/** Final numbers, a column a run; the best run of each row is marked. */
export function comparisonTable(runs: readonly ComparedRun[]): Table {
  const rows: Cell[][] = [];
  const add = (
    title: string,
    value: (report: Report) => number | null | undefined,
    digits: number,
    better: 'higher' | 'lower' | null,
  ) => {
    const cells = runs.map(({ report }) => numberCell(report && value(report), digits));
    if (cells.every((c) => c.value === null)) return;
    if (better) markBest(cells, better);
    rows.push([textCell(title), ...cells]);
  };
  const domains = new Map(
    runs.flatMap(({ report }) =>
      Object.entries(report?.domains ?? {}).map(([name, d]) => [name, d.role] as const),
    ),
  );
  // Distilled students first, the teacher last; by name, the first run that has one says what it is called.
  const networks = new Map<string, NetworkInfo>();
  for (const { report } of runs)
    for (const network of report?.networks ?? [])
      if (!networks.has(network.name)) networks.set(network.name, network);
  const order = { student: 0, baseline: 1, teacher: 2 };
  const shown = [...networks.values()].reverse().sort((a, b) => order[a.role] - order[b.role]);
  const targets = [...domains].flatMap(([domain, role]) => (role === 'target' ? [domain] : []));
  for (const { name, title } of shown)
    for (const [domain, role] of domains)
      add(
        `Dice, ${withinSentence(title)}, ${domain} (${role})`,
        (r) => r.domains[domain]?.networks[name]?.dice.mean,
        3,
        'higher',
      );
  const students = studentsOf([...networks.values()]);
  for (const domain of targets)
    for (const student of students)
      add(
        `Gain of ${students.length > 1 ? withinSentence(student.title) : 'distillation'} over warm-up, ${domain}`,
        (r) => {
          const [alone] = baselinesOf(r.networks);
          const [after, before] = [student, alone].map(
            (network) => network && r.domains[domain]?.networks[network.name]?.dice.mean,
          );
          return typeof after === 'number' && typeof before === 'number' ? after - before : null;
        },
        3,
        'higher',
      );
  for (const domain of targets)
    for (const { name, title } of shown)
      add(
        `FSD to ${domain}, ${withinSentence(title)}`,
        (r) => r.fsd.sourceToTarget[domain]?.[name]?.value,
        4,
        'lower',
      );
  add('Parameters of the student', (r) => r.parameters.student, 0, 'lower');
  add(
    'Time of all stages, s',
    (r) => Object.values(r.seconds).reduce((a, b) => a + b, 0),
    0,
    'lower',
  );
  return {
    title: 'Final numbers',
    columns: [
      { title: 'Number' },
      ...runs.map(({ name, report }) => ({
        title: report ? name : `${name} (no report yet)`,
        numeric: true,
      })),
    ],
    rows,
    note: 'The best run of each row is marked. FSD is lower for the better one.',
  };
}

/** What differs between the runs' configs, seeds, devices and versions; a row for each setting. */
export function differencesTable(runs: readonly ComparedRun[]): Table {
  const settings = runs.map(({ config, record }) => ({
    ...flatten(valueIn(config)),
    ...(record
      ? {
          'run: seed': String(record.seed),
          'run: device': `${record.device.name}, ${record.device.threads} threads`,
          'run: MedDistill': record.meddistill,
          ...Object.fromEntries(
            Object.entries(record.variables).map(([k, v]) => [`run: variable ${k}`, v]),
          ),
        }
      : {}),
  }));
  const keys = [...new Set(settings.flatMap((s) => Object.keys(s)))];
  const rows = keys
    .map((key) => settings.map((s): string | undefined => (s as Record<string, string>)[key]))
    .flatMap((values, i) =>
      new Set(values).size > 1 ? [[keys[i], ...values.map((v) => v ?? '(default)')]] : [],
    );
  return {
    title: 'Differences of the configs',
    columns: [{ title: 'Setting' }, ...runs.map(({ name }) => ({ title: name }))],
    rows: rows.map((row) => row.map(textCell)),
    ...(rows.length === 0 ? { note: 'The configs are the same.' } : {}),
  };
}

/** Leaves of a JSON value by their path, `training.stages.teacher.steps`; lists are leaves. */
function flatten(value: unknown, path = ''): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return path === '' ? {} : { [path]: JSON.stringify(value) };
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, inner]) =>
      flatten(inner, path === '' ? key : `${path}.${key}`),
    ),
  ) as Record<string, string>;
}
