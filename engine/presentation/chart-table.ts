import { formatNumber, type Chart, type LineChart } from './chart';
import { alignCurves } from './curves';
import type { Cell, Table } from '../contract/table';
import { numberCell, textCell } from './table';

/** What a chart shows, as a table: for spreadsheets, and for those who cannot see it. Of curves at most `rows` rows, evenly chosen. */
export function chartTable(chart: Chart, rows = Infinity): Table {
  if (chart.kind === 'lines') return curvesTable(chart, rows);
  if (chart.kind === 'heatmap')
    return {
      title: chart.title,
      columns: [{ title: '' }, ...chart.columns.map((title) => ({ title, numeric: true }))],
      rows: chart.values.map((row, r) => [
        textCell(chart.rows[r]),
        ...row.map((v) => numberCell(v, 3)),
      ]),
    };
  return {
    title: chart.title,
    columns: [
      { title: 'Vector' },
      { title: chart.xTitle, numeric: true },
      { title: chart.yTitle, numeric: true },
    ],
    rows: chart.points.map((p) => [textCell(p.title), numberCell(p.x, 3), numberCell(p.y, 3)]),
  };
}

function curvesTable({ title, xTitle, curves }: LineChart, most: number): Table {
  // As many buckets as there are points: none is left out.
  const points = curves.reduce((sum, { x }) => Math.max(sum, x.length), 1);
  const { x, y } = alignCurves(curves, null, points);
  const every = Math.max(1, Math.ceil(x.length / most));
  const chosen = x.map((_, i) => i).filter((i) => i % every === 0 || i === x.length - 1);
  const cell = (v: number | null | undefined): Cell =>
    typeof v === 'number' ? { text: formatNumber(v), value: v } : { text: '', value: null };
  return {
    title,
    columns: [
      { title: xTitle, numeric: true },
      ...curves.map(({ name }) => ({ title: name, numeric: true })),
    ],
    rows: chosen
      .map((i) => [cell(x[i]), ...y.map((values) => cell(values[i]))])
      .filter((row) => row.slice(1).some(({ value }) => value !== null)),
    ...(every > 1 ? { note: `Every ${every}th point; the CSV file has all.` } : {}),
  };
}
