import assert from 'node:assert/strict';
import { compareSeeds } from '../../../engine/presentation/comparison';
import {
  comparisonFacts,
  comparisonRows,
  comparisonTables,
  costsTable,
  differencesTable,
  meansTable,
  priceTable,
} from '../../../engine/presentation/comparison-tables';
import { verdictsOf, type Finding } from '../../../engine/presentation/comparison-verdict';
import { escapeLatex, tablesLatex } from '../../../engine/presentation/latex';
import { tableCsv } from '../../../engine/presentation/table';
import { formatSeeds } from '../../../engine/presentation/terminal';
import { mean } from '../../../engine/metrics/statistics';
import { meanOverSeeds } from '../../../engine/metrics/student-t';
import { seedReport, seedRuns } from './made-seeds';

const near = (found: number, value: number) =>
  assert.ok(Math.abs(found - value) < 1e-12, `${found} is not ${value}`);

const source = (gain: Record<string, number>, cases?: number) =>
  ({ role: 'source', gain, cases }) as const;
const target = (gain: Record<string, number>, cases?: number) =>
  ({ role: 'target', gain, cases }) as const;

describe('a comparison over seeds', () => {
  const runs = seedRuns(4, {
    ct: source({ gkd: -0.05, kd: 0 }),
    mr: target({ gkd: 0.1, kd: 0 }),
  });
  const comparison = compareSeeds(runs);

  it('has the mean over seeds of the mean over cases, with the interval over seeds', () => {
    for (const metric of ['dice', 'hd95']) {
      const found = comparison.means.find(
        (m) => m.domain === 'mr' && m.network === 'gkd' && m.metric === metric,
      )!;
      const own = runs.map(({ report }) => report.domains['mr'].networks['gkd']![metric].mean!);
      assert.deepEqual(found.over, meanOverSeeds(own, 0.95));
    }
    assert.deepEqual(
      comparison.metrics.map(({ name }) => name),
      ['dice', 'hd95', 'fsd'],
      'a metric that is nowhere defined is left out',
    );
  });

  it('has differences to the control in the same cases of the same seed', () => {
    const found = comparison.differences.find(
      (d) => d.domain === 'mr' && d.student === 'gkd' && d.metric === 'dice',
    )!;
    const own = runs.map(({ report }) => {
      const { networks } = report.domains['mr'];
      return mean(
        networks['gkd']!.cases.map(
          ({ classes }, i) =>
            classes['liver'].dice! - networks['control']!.cases[i].classes['liver'].dice!,
        ),
      );
    });
    near(found.overSeeds.mean!, mean(own));
    assert.deepEqual([found.overSeeds.n, found.cases], [4, 6]);
    assert.equal(found.p, Math.max(found.overSeeds.p!, found.overBoth!.p));
    assert.equal(found.adjusted, Math.min(1, 2 * found.p), 'the smaller of two p, by Holm');
    assert.equal(found.overCases, null);
  });

  it('has FSD without cases, over seeds alone', () => {
    const found = comparison.differences.find((d) => d.metric === 'fsd' && d.student === 'gkd')!;
    assert.equal(found.domain, 'mr');
    assert.deepEqual([found.cases, found.overBoth], [null, null]);
    assert.equal(found.p, found.overSeeds.p);
    assert.ok(found.overSeeds.mean! < 0);
  });

  it('leaves out pairs of which one is undefined, and a domain where all are', () => {
    const dice = (gkd: (number | null)[]) => ({
      mr: { role: 'target' as const, dice: { control: [0.5, 0.6, 0.7], gkd } },
    });
    const some = [0, 1, 2].map((seed) => ({
      seed: String(seed),
      report: seedReport(seed, dice([0.6, null, 0.9 + 0.01 * seed])),
    }));
    const [difference] = compareSeeds(some).differences;
    assert.equal(difference.cases, 2);
    near(difference.overSeeds.mean!, mean([0, 1, 2].map((seed) => (0.1 + 0.2 + 0.01 * seed) / 2)));
    const none = [0, 1, 2].map((seed) => ({
      seed: String(seed),
      report: seedReport(seed, dice([null, null, null])),
    }));
    assert.deepEqual(compareSeeds(none).differences, []);
  });

  it('takes slices of a case together', () => {
    const runsOf = (ids: readonly string[], dice: number[]) =>
      [0, 1, 2].map((seed) => {
        const report = seedReport(seed, {
          mr: {
            role: 'target',
            dice: { control: dice.map(() => 0.5), gkd: dice.map((v) => v + 0.01 * seed) },
          },
        });
        for (const network of Object.values(report.domains['mr'].networks))
          network!.cases.forEach((item, i) => (item.id = ids[i]));
        return { seed: String(seed), report };
      });
    const slices = compareSeeds(runsOf(['a#0', 'a#1', 'b#0', 'b#1'], [0.6, 0.8, 0.5, 0.7]));
    const cases = compareSeeds(runsOf(['a', 'b'], [0.7, 0.6]));
    const [[own], [other]] = [slices.differences, cases.differences];
    assert.equal(own.cases, 2);
    near(own.overSeeds.mean!, other.overSeeds.mean!);
    own.overBoth!.ci.forEach((end, i) => near(end, other.overBoth!.ci[i]));
  });

  it('compares a network over the seeds that have it, and says which', () => {
    const some = seedRuns(4, { mr: target({ gkd: 0.1, kd: 0 }) });
    for (const { report } of some.slice(0, 1)) {
      report.networks = report.networks.filter(({ name }) => name !== 'kd');
      delete report.domains['mr'].networks['kd'];
    }
    const found = compareSeeds(some);
    assert.deepEqual(found.partial, [{ network: 'kd', seeds: ['1', '2', '3'] }]);
    const of = (student: string) => found.differences.find((d) => d.student === student)!;
    assert.deepEqual([of('gkd').overSeeds.n, of('kd').overSeeds.n], [4, 3]);
    const said = comparisonFacts(found).find(([name]) => name === 'Student, KD')!;
    assert.match(said[1], /is in seed 1, 2, 3 alone/);
    assert.match(
      differencesTable(found, found.metrics[0])!
        .rows[1].map(({ text }) => text)
        .join(),
      /\(n = 3\)/,
    );
  });

  it('says why seeds are missing', () => {
    const found = compareSeeds(runs, [{ seed: '9', reason: 'Its disk is full.' }]);
    assert.ok(
      comparisonFacts(found).some(
        ([name, value]) => name === 'Seed 9 is missing' && value === 'Its disk is full.',
      ),
    );
  });
});

describe('the tables of a comparison', () => {
  const gains = { ct: source({ gkd: -0.05, kd: 0 }), mr: target({ gkd: 0.1, kd: 0 }) };
  const comparison = compareSeeds(
    seedRuns(3, gains).map((run) => ({
      ...run,
      stages: ['teacher', 'control', 'gkd'].map((name) => ({ name, title: name, steps: 5 })),
      memory: { gkd: 2.5e9 + Number(run.seed) },
    })),
  );

  it('have an interval from three seeds on, and say where there is none', () => {
    const table = meansTable(comparison, comparison.metrics[0]);
    assert.match(table.rows[3][2].text, /^0\.\d{3} \[0\.\d{3}, 0\.\d{3}\]$/);
    assert.match(table.note!, /Mean over 3 seeds .*95% interval over seeds, Student's t/);
    assert.ok(table.rows[3][2].best && !table.rows[0][2].best, 'of students alone');
    for (const [seeds, note] of [
      [2, /2 seeds, of which there is no interval: it takes 3/],
      [1, /One seed: there is no interval over seeds/],
    ] as const) {
      const few = compareSeeds(seedRuns(seeds, gains));
      const { rows, note: said } = meansTable(few, few.metrics[0]);
      assert.match(rows[3][2].text, /^0\.\d{3}$/);
      assert.match(said!, note);
    }
  });

  it('have both intervals and both p of a difference; of one seed those over its cases, without the noise of training', () => {
    const metric = comparison.metrics[0];
    const { columns, rows } = differencesTable(comparison, metric)!;
    assert.deepEqual(
      columns.map(({ title }) => title),
      [
        'Domain',
        'Student',
        'Difference [95% over seeds]',
        '[95% over seeds and cases]',
        'p',
        'p, Holm',
        'Cases',
      ],
    );
    assert.equal(rows.length, 4);
    const one = compareSeeds(seedRuns(1, gains));
    const table = differencesTable(one, metric)!;
    assert.ok(table.columns.some(({ title }) => title === 'p over cases'));
    assert.match(table.note!, /do not contain the noise of training/);
    assert.match(table.rows[2][2].text, /\[.*, .*\]/);
  });

  it('set the price at home beside the gain away', () => {
    const { columns, rows } = priceTable(comparison)!;
    assert.deepEqual(
      columns.map(({ title }) => title),
      ['Student', 'At home, ct', 'Away, mr'],
    );
    assert.match(rows[0][1].text, /^-0\.0\d{2} /);
    assert.match(rows[0][2].text, /^0\.[01]\d{2} /);
    assert.equal(priceTable(compareSeeds(seedRuns(3, { mr: gains.mr }))), null);
  });

  it('have the time of each stage in the mean, and the largest memory where it is known', () => {
    const { rows } = costsTable(comparison)!;
    assert.deepEqual(
      rows.map((row) => row.map(({ text }) => text)),
      [
        ['teacher', '11', '-'],
        ['control', '31', '-'],
        ['gkd', '41', '2.50'],
      ],
    );
    assert.equal(costsTable(compareSeeds(seedRuns(3, gains))), null);
  });

  it('are one CSV with every number at full precision', () => {
    const lines = tableCsv(comparisonRows(comparison)).trim().split('\r\n');
    const domains = 2;
    const [networks, metrics] = [comparison.networks.length, 2];
    assert.equal(lines.length, 1 + domains * networks * metrics + networks);
    const found = comparison.differences.find((d) => d.domain === 'mr' && d.student === 'gkd')!;
    assert.ok(lines.some((line) => line.includes(`,${found.overSeeds.mean},`)));
    for (const line of lines) assert.equal(line.split(',').length, 23);
  });

  it('are LaTeX in which names are text', () => {
    const tables = comparisonTables(comparison);
    tables[0].rows[0][0].text = '50% _of_ {A} & \\input{x} #1 $y$ ~^ <|>';
    const latex = tablesLatex(tables);
    assert.ok(
      latex.includes(
        '50\\% \\_of\\_ \\{A\\} \\& \\textbackslash{}input\\{x\\} \\#1 \\$y\\$ \\textasciitilde{}\\textasciicircum{} \\textless{}\\textbar{}\\textgreater{}',
      ),
    );
    assert.equal(latex.match(/\\toprule/g)!.length, tables.length);
    assert.match(latex, /\$-\$0\.0\d\d \[\$-\$0\.0\d\d, \$-\$0\.0\d\d\]/, 'with minus signs');
    tables.forEach(({ columns }, n) => {
      const body = latex.split('\\begin{tabular}')[n + 1].split('\\end{tabular}')[0];
      for (const line of body.split('\n').filter((it) => it.endsWith('\\\\')))
        assert.equal(line.match(/(?<!\\)&/g)!.length, columns.length - 1, line);
    });
    assert.equal(escapeLatex('a\nb'), 'a b');
  });
});

describe('the verdict on a method', () => {
  const cases: [
    name: string,
    gains: Parameters<typeof seedRuns>[1],
    finding: Finding,
    said: RegExp,
  ][] = [
    [
      'above the control on every target',
      { ct: source({ gkd: 0 }), mr: target({ gkd: 0.1 }), us: target({ gkd: 0.05 }) },
      'everywhere',
      /5 seeds: Dice is higher on every target \(mr \+0\.\d{3} \[\+0\.\d{3}, \+0\.\d{3}\], p < 0\.001; us .*\)\. At home no difference is shown: ct/,
    ],
    [
      'above it on the target, below it at home',
      { ct: source({ gkd: -0.05 }), mr: target({ gkd: 0.1 }) },
      'everywhere',
      /Dice is higher on the target .*\. The price at home: lower on ct -0\.0/,
    ],
    [
      'above it at home too',
      { ct: source({ gkd: 0.05 }), mr: target({ gkd: 0.1 }) },
      'everywhere',
      /At home it is higher too: ct \+0\.0/,
    ],
    [
      'above it on some targets',
      { mr: target({ gkd: 0.1 }), us: target({ gkd: 0 }) },
      'somewhere',
      /higher on 1 of 2 targets \(mr [^)]*\), is not shown to differ on the rest \(us /,
    ],
    [
      'above it on one target and below it on another',
      { mr: target({ gkd: 0.1 }), us: target({ gkd: -0.1 }) },
      'somewhere',
      /higher on 1 of 2 targets \(mr [^)]*\), is lower on 1 of 2 targets \(us /,
    ],
    [
      'nowhere shown',
      { mr: target({ gkd: 0 }), us: target({ gkd: 0.001 }) },
      'nowhere',
      /Dice is not shown to differ on any target \(mr /,
    ],
    [
      'below it',
      { mr: target({ gkd: -0.1 }), us: target({ gkd: 0 }) },
      'harm',
      /lower on 1 of 2 targets \(mr -0\.\d+ .*is not shown to differ on the rest/,
    ],
    [
      'of a target with one case',
      { mr: target({ gkd: 0.1 }, 1) },
      'nowhere',
      /Of a single case \(mr\) nothing is shown for others/,
    ],
    ['without targets', { ct: source({ gkd: 0.1 }) }, 'everywhere', /higher on the domain \(ct /],
  ];
  for (const [name, gains, finding, said] of cases)
    it(name, () => {
      const [verdict, ...others] = verdictsOf(compareSeeds(seedRuns(5, gains)));
      assert.deepEqual(others, []);
      assert.equal(verdict.finding, finding, verdict.sentence);
      assert.match(verdict.sentence, said);
      assert.match(verdict.sentence, /^"Student, GKD" against "Student, trained on", 5 seeds: /);
    });

  it('shows nothing of one seed and of two, however large the difference', () => {
    const gains = { mr: target({ gkd: 0.3 }) };
    for (const [seeds, said] of [
      [
        1,
        /one seed: .*p = 0\.031\. p is over the cases of one training and does not contain the noise of training/,
      ],
      [2, /2 seeds: .*mr \+0\.\d{3}\. Of two seeds there is no interval.*it takes 3/],
    ] as const) {
      const [{ finding, sentence }] = verdictsOf(compareSeeds(seedRuns(seeds, gains)));
      assert.equal(finding, 'few seeds');
      assert.match(sentence, said);
    }
  });

  it('takes several methods for what they are: more chances of a false finding', () => {
    // Alone it would be shown; beside nine that do nothing it is not.
    const gain = 0.013;
    const alone = verdictsOf(compareSeeds(seedRuns(5, { mr: target({ a: gain }) })));
    const others = Object.fromEntries([...'bcdefghij'].map((name) => [name, 0]));
    const among = verdictsOf(compareSeeds(seedRuns(5, { mr: target({ a: gain, ...others }) })));
    assert.equal(alone[0].finding, 'everywhere', alone[0].sentence);
    assert.equal(among[0].finding, 'nowhere', among[0].sentence);
    assert.match(among[0].sentence, /adjusted p = /);
    assert.equal(among.length, 10);
  });

  it('says so where there is nothing to compare with, and where Dice is undefined', () => {
    const without = seedRuns(3, { mr: target({ gkd: 0.1 }) });
    for (const { report } of without)
      report.networks = report.networks.filter(({ role }) => role !== 'baseline');
    const [none] = verdictsOf(compareSeeds(without));
    assert.equal(none.finding, 'undefined');
    assert.match(none.sentence, /no undistilled student/);
    const undefinedDice = [0, 1, 2].map((seed) => ({
      seed: String(seed),
      report: seedReport(seed, {
        mr: { role: 'target', dice: { control: [null], gkd: [null] } },
      }),
    }));
    const [nothing] = verdictsOf(compareSeeds(undefinedDice));
    assert.equal(nothing.finding, 'undefined');
    assert.match(nothing.sentence, /Dice is undefined/);
  });

  it('holds a method against the warm-up student where that is all there is', () => {
    const runs = seedRuns(3, { mr: target({ gkd: 0.1 }) });
    for (const { report } of runs)
      report.networks = report.networks.filter(({ name }) => name !== 'control');
    const [{ sentence }] = verdictsOf(compareSeeds(runs));
    assert.match(sentence, /against "Student, warm-up"/);
  });
});

describe('the table of several runs', () => {
  it('ends with the same verdicts, and says where a seed is there twice', () => {
    const runs = seedRuns(3, { ct: source({ gkd: 0, kd: 0 }), mr: target({ gkd: 0.1, kd: 0 }) });
    const text = formatSeeds(runs.map(({ report }) => report));
    for (const { sentence } of verdictsOf(compareSeeds(runs))) assert.ok(text.includes(sentence));
    assert.match(text, /^\| Network .*\n/);
    assert.doesNotMatch(text, /more than once/);
    const [{ report }] = runs;
    assert.match(formatSeeds([report, report, report]), /A seed is there more than once/);
  });
});
