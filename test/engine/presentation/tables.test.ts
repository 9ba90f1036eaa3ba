import assert from 'node:assert/strict';
import { comparisonTable, differencesTable } from '../../../engine/presentation/run-comparison';
import { History } from '../../../engine/presentation/history';
import {
  markBest,
  numberCell,
  tableCsv,
  tableMarkdown,
  textCell,
} from '../../../engine/presentation/table';
import {
  casesTable,
  finalTable,
  gainsTable,
  latestTable,
  metricsTable,
  verdict,
} from '../../../engine/presentation/tables';
import { madeReport, meanOf } from './made-report';
import { madeRun } from './run-events';

const report = madeReport({
  ct: {
    role: 'source',
    teacher: [2, 4],
    warmup: [10, 12],
    control: [9, 11],
    gkd: [10, 14],
  },
  mr: {
    role: 'target',
    teacher: [20, 24, 28],
    warmup: [60, 50, 55],
    control: [58, 50, 54],
    gkd: [40, 45, 30],
  },
});

describe('tables of a report', () => {
  it('give each network its Dice with interval, and mark the best student', () => {
    const table = finalTable(report);
    assert.deepEqual(
      table.columns.map(({ title }) => title),
      [
        'Network',
        'Dice ct (source, n=2) [95% CI]',
        'Dice mr (target, n=3) [95% CI]',
        'FSD to mr',
        'Parameters',
      ],
    );
    const [teacher, , control, student] = table.rows;
    assert.match(student[2].text, /^0\.\d{3} \[0\.\d{3}, 0\.\d{3}\]$/);
    assert.equal(student[2].value, meanOf(report, 'mr', 'gkd', 'dice'));
    // The teacher is better everywhere, but is not what is compared.
    assert.ok(teacher[1].value! > control[1].value!);
    assert.deepEqual(
      table.rows.map((row) => row.map(({ best }) => best ?? false)),
      [
        [false, false, false, false, false],
        [false, false, false, false, false],
        [false, true, false, false, false],
        [false, false, true, true, false],
      ],
    );
  });

  it('say honestly whether distillation helped', () => {
    const [sentence] = verdict(report);
    const gain = meanOf(report, 'mr', 'gkd', 'dice') - meanOf(report, 'mr', 'warmup', 'dice');
    assert.ok(sentence.includes(`${gain.toFixed(3)} above the warm-up student's`), sentence);
    assert.ok(!sentence.includes('did not help'));
    const worse = structuredClone(report);
    worse.domains['mr'].networks.gkd = report.domains['mr'].networks.warmup;
    worse.domains['mr'].networks.warmup = report.domains['mr'].networks.gkd;
    assert.match(verdict(worse)[0], /below the warm-up student's.*distillation did not help here/);
  });

  it('give the paired gain with its test', () => {
    const table = gainsTable(report)!;
    assert.equal(table.rows.length, 4);
    const mr = table.rows[2];
    assert.match(mr[2].text, /^0\.\d+ \[0\.\d+, 0\.\d+\]$/);
    // Three differences of one sign: 2 / 2^3.
    assert.equal(mr[4].value, 0.25);
    assert.equal(gainsTable({ ...report, domains: {} }), null);
  });

  it('leave out metrics that were not taken', () => {
    const titles = metricsTable(report).columns.map(({ title }) => title);
    assert.ok(titles.includes('Sensitivity') && titles.includes('Missed'));
    assert.ok(!titles.includes('clDice') && !titles.includes('ASSD, mm'));
  });

  it('list cases by what distillation gained, the worst first', () => {
    const rows = casesTable(report).rows.filter(([domain]) => domain.text === 'mr');
    const gains = rows.map((row) => row.at(-1)!.value!);
    assert.deepEqual(
      gains,
      [...gains].sort((a, b) => a - b),
    );
    assert.equal(rows.at(-1)![1].text, 'mr3');
  });

  it('show the latest Dice of a run that goes on', () => {
    const { events } = madeRun({ steps: 40, every: 10 });
    const cut = events.findIndex((e) => e.type === 'stage' && e.stage === 'control');
    const table = latestTable(History.of(events.slice(0, cut)));
    assert.deepEqual(
      table.rows.map(([name]) => name.text),
      ['Teacher', 'Student, warm-up'],
    );
    const last = events.slice(0, cut).findLast((e) => e.type === 'evaluation')!;
    assert.equal(table.rows[1][2].value, last.dice);
  });
});

describe('a table', () => {
  const table = {
    title: 'T',
    columns: [{ title: 'Name, with comma' }, { title: 'x', numeric: true }],
    rows: [
      [textCell('a "quoted" | piped'), numberCell(0.123456789, 3)],
      [textCell('=HYPERLINK("evil")'), numberCell(null, 3)],
      [textCell('-1.5'), numberCell(-1e-7, 3)],
    ],
  };

  it('is CSV at full precision, quoted, and with no formula in it', () => {
    assert.equal(
      tableCsv(table),
      '"Name, with comma",x\r\n"a ""quoted"" | piped",0.123456789\r\n"\'=HYPERLINK(""evil"")",\r\n-1.5,-1e-7\r\n',
    );
  });

  it('is Markdown whose columns line up', () => {
    const lines = tableMarkdown(table).split('\n');
    assert.equal(new Set(lines.map((line) => line.length)).size, 1);
    assert.ok(lines[2].includes('\\|'));
    assert.match(lines[1], /-: \|$/);
  });

  it('marks the best only where there is one', () => {
    const cells = [1, 3, null, 3].map((v) => numberCell(v, 0));
    markBest(cells, 'higher');
    assert.deepEqual(
      cells.map(({ best }) => best ?? false),
      [false, true, false, true],
    );
    const same = [2, 2].map((v) => numberCell(v, 0));
    markBest(same, 'lower');
    assert.ok(same.every(({ best }) => !best));
  });
});

describe('compared runs', () => {
  const worse = madeReport({
    mr: { role: 'target', teacher: [20], warmup: [60], control: [60], gkd: [70] },
  });
  const run = (name: string, r: typeof report | null, config: string) => ({
    name,
    report: r,
    record: null,
    config,
  });
  const runs = [
    run('a', report, '{ "training": { "seed": 1, "stages": { "distill": { "steps": 100 } } } }'),
    run(
      'b',
      worse,
      '{ // comment\n "training": { "seed": 1, "stages": { "distill": { "steps": 200 } }, "clipNorm": 1 }, }',
    ),
    run('c', null, '{ "training": { "seed": 1 } }'),
  ];

  it('stand side by side, the best marked, one without a report too', () => {
    const table = comparisonTable(runs);
    assert.deepEqual(
      table.columns.map(({ title }) => title),
      ['Number', 'a', 'b', 'c (no report yet)'],
    );
    const row = table.rows.find(([name]) => name.text === 'Dice, student, distilled, mr (target)')!;
    assert.equal(row[1].best, true);
    assert.equal(row[3].text, '-');
    const gain = table.rows.find(([name]) => name.text.startsWith('Gain'))!;
    assert.ok(gain[2].value! < 0);
  });

  it('show the settings that differ, and nothing else', () => {
    const table = differencesTable(runs);
    assert.deepEqual(
      table.rows.map((row) => row.map(({ text }) => text)),
      [
        ['training.stages.distill.steps', '100', '200', '(default)'],
        ['training.clipNorm', '(default)', '1', '(default)'],
      ],
    );
    assert.equal(differencesTable([runs[0], runs[0]]).note, 'The configs are the same.');
  });
});
