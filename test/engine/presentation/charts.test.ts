import assert from 'node:assert/strict';
import { chartTable } from '../../../engine/presentation/chart-table';
import { formatNumber } from '../../../engine/presentation/chart';
import {
  comparableCurves,
  comparisonChart,
  diceChart,
  fsdChart,
  contrastiveEdge,
  contrastiveHeatmaps,
  lossChart,
  measureChart,
  nodeTitle,
  vectorScatter,
} from '../../../engine/presentation/charts';
import { linearTicks, logTicks } from '../../../engine/presentation/drawing';
import { History } from '../../../engine/presentation/history';
import { chartSvg, inkFor } from '../../../engine/presentation/svg';
import { madeRun } from './run-events';

const { events, graphs } = madeRun({ steps: 40, every: 10 });
const history = History.of(events);
const snapshot = graphs['graphs/gkd-000040.json'];

describe('charts of a run', () => {
  it('tell source and target apart by dash and by shade', () => {
    const { curves } = diceChart(history, 'run');
    assert.equal(curves.length, 8);
    const [source, target] = curves.filter(({ name }) => name.startsWith('Student, distilled'));
    assert.deepEqual(source.dash, []);
    assert.ok(target.dash.length > 0);
    const ink = inkFor('light');
    assert.notEqual(ink.color(source.color), ink.color(target.color));
    assert.notDeepEqual(source.marker, curves[0].marker);
  });

  it('put Dice on the axis of the run or of the stage; the final evaluation stands apart', () => {
    const ofRun = diceChart(history, 'run').curves.find(
      ({ name }) => name === 'Student, distilled, ct (source)',
    )!;
    assert.deepEqual([...ofRun.x.subarray(0, 4)], [210, 220, 230, 240]);
    assert.ok(Number.isNaN(ofRun.y[4]));
    assert.equal(ofRun.x.length, 6);
    const ofStage = diceChart(history, 'stage').curves.find(({ name }) => name === ofRun.name)!;
    assert.deepEqual([...ofStage.x], [10, 20, 30, 40]);
  });

  it('have every term of a loss, smoothed with the raw curve behind', () => {
    const stage = history.stages.get('act')!;
    const chart = lossChart(history, stage, { smoothing: 0.5, log: true });
    assert.deepEqual(chart.curves.map(({ name }) => name).slice(0, 2), [
      'TAN feature reconstruction',
      'SAN feature reconstruction',
    ]);
    assert.deepEqual(chart.curves[0].color, chart.curves[1].color);
    assert.notDeepEqual(chart.curves[0].dash, chart.curves[1].dash);
    assert.deepEqual(chart.curves[0].raw, stage.losses('tan.features'));
    assert.equal(chart.curves[0].y[0], stage.losses('tan.features')[0]);
  });

  it('keep resumed stages in their place, and forget an evaluation that was broken off', () => {
    const again = History.of([
      ...events,
      ...events
        .filter((e) => e.type === 'stage' && e.state === 'finished' && e.stage !== 'evaluate')
        .map((e) => ({ ...e, state: 'skipped' }) as (typeof events)[number]),
      ...events.filter((e) => 'stage' in e && e.stage === 'evaluate'),
    ]);
    assert.equal(again.offset('gkd'), history.offset('gkd'));
    assert.equal(again.evaluations.length, history.evaluations.length);
    assert.equal(again.stages.get('teacher')!.state, 'finished');
  });

  it('are drawn as SVG without anything that is no number', () => {
    const charts = [
      diceChart(history, 'run'),
      fsdChart(history, 'run'),
      lossChart(history, history.stages.get('gkd')!, { smoothing: 0.6, log: true }),
      measureChart(history, 'memory'),
      ...Object.values(contrastiveHeatmaps(snapshot, 'intra')),
      ...Object.values(contrastiveHeatmaps(snapshot, 'inter')),
      vectorScatter(snapshot),
      { ...diceChart(new History(), 'run'), title: 'A < B & "C"' },
    ];
    for (const chart of charts) {
      const svg = chartSvg(chart, { ink: inkFor('dark'), width: 600, height: 400 });
      assert.match(svg, /^<svg [^]+<\/svg>$/);
      assert.doesNotMatch(svg.replace(/<title>.*?<\/title>/g, ''), /NaN|Infinity|undefined/);
    }
    assert.ok(
      chartSvg(charts.at(-1)!, { ink: inkFor('dark'), width: 600, height: 400 }).includes(
        'A &#60; B &#38; &#34;C&#34;',
      ),
    );
  });

  it('draw a curve through its own points', () => {
    const chart = {
      ...fsdChart(history, 'stage'),
      curves: [
        {
          name: 'c',
          x: Float64Array.of(0, 10),
          y: Float64Array.of(0, 1),
          color: { kind: 'text' } as const,
          dash: [],
          marker: 'circle' as const,
        },
      ],
    };
    const svg = chartSvg(chart, { ink: inkFor('light'), width: 600, height: 400 });
    const [first, second] = [
      ...svg.matchAll(/<path transform="translate\(([\d.]+) ([\d.]+)\)"/g),
    ].map((m) => [Number(m[1]), Number(m[2])]);
    assert.ok(first[0] < second[0] && first[1] > second[1]);
    assert.ok(svg.includes(`d="M${first[0]},${first[1]}L${second[0]},${second[1]}"`));
  });

  it('become tables, thinned where they are long', () => {
    const loss = lossChart(history, history.stages.get('gkd')!, { smoothing: 0, log: false });
    assert.equal(chartTable(loss).rows.length, 40);
    const thin = chartTable(loss, 10);
    assert.equal(thin.rows.length, 11);
    assert.equal(thin.rows.at(-1)![0].value, 40);
    assert.match(thin.note!, /Every 4th point/);
    const map = chartTable(contrastiveHeatmaps(snapshot, 'intra').teacher);
    assert.equal(map.rows[1][1].value, snapshot.intra.teacher[1][0]);
    assert.equal(chartTable(vectorScatter(snapshot)).rows.length, 40);
  });
});

describe('graphs', () => {
  it('have their difference, and no edge from a node to itself', () => {
    const { teacher, student, difference } = contrastiveHeatmaps(snapshot, 'inter');
    assert.ok(Number.isNaN(teacher.values[3][3]));
    assert.equal(difference.values[1][6], student.values[1][6] - teacher.values[1][6]);
    assert.deepEqual(teacher.range, student.range);
    assert.equal(difference.range[0], -difference.range[1]);
    const least = Math.min(...[...snapshot.inter.teacher, ...snapshot.inter.student].flat());
    assert.ok(teacher.range[0] <= least);
  });

  it('of scope image have edges within an image alone', () => {
    const within = contrastiveHeatmaps(
      { ...snapshot, inter: { ...snapshot.inter, scope: 'image' } },
      'inter',
    );
    assert.ok(!Number.isNaN(within.teacher.values[4][5]));
    assert.ok(Number.isNaN(within.teacher.values[3][4]));
  });

  it('name the pictures behind a cell', () => {
    assert.deepEqual(contrastiveEdge(snapshot, 'intra', 2, 1), {
      row: { image: 2, view: 0 },
      column: { image: 2, view: 2 },
    });
    const { row, column } = contrastiveEdge(snapshot, 'inter', 0, 15);
    assert.equal(nodeTitle(snapshot, row), 'image 1 (ct), view 1');
    assert.equal(nodeTitle(snapshot, column), 'image 4 (mr), view 4');
  });
});

describe('overlaid runs', () => {
  const other = History.of(madeRun({ steps: 60, every: 10, seed: 2 }).events);
  const runs = [
    { name: 'a', history },
    { name: 'b', history: other },
  ];

  it('have a curve each, over the steps of the stage', () => {
    const found = comparableCurves(runs);
    const { key } = found.find(({ title }) => title === 'Dice, Student, distilled, mr (target)')!;
    const chart = comparisonChart(runs, key, { smoothing: 0.5, log: true });
    assert.deepEqual(
      chart.curves.map(({ name, x }) => [name, x.length]),
      [
        ['a', 4],
        ['b', 6],
      ],
    );
    assert.equal(chart.log, false);
    assert.notDeepEqual(chart.curves[0].color, chart.curves[1].color);
  });

  it('offer the terms of every stage', () => {
    const { key } = comparableCurves(runs).find(
      ({ title }) => title === 'Loss, distillation: DCGD inter-coupling',
    )!;
    const chart = comparisonChart([...runs, { name: 'empty', history: new History() }], key, {
      smoothing: 0,
      log: true,
    });
    assert.deepEqual(
      chart.curves.map(({ x }) => x.length),
      [40, 60, 0],
    );
  });
});

describe('ticks and numbers', () => {
  it('are round', () => {
    assert.deepEqual(linearTicks(0.13, 0.87, 4), [0.2, 0.4, 0.6, 0.8]);
    assert.deepEqual(linearTicks(-5, 1005, 5), [0, 500, 1000]);
    assert.deepEqual(linearTicks(3, 3, 5), [3]);
    assert.deepEqual(logTicks(0.02, 30), [0.1, 1, 10]);
    assert.deepEqual(logTicks(1.5, 8), [2, 5]);
    assert.deepEqual([0, 0.5, 1234567, 0.00012, NaN, 99.999].map(formatNumber), [
      '0',
      '0.5',
      '1.23e6',
      '1.2e-4',
      '-',
      '100',
    ]);
  });
});
