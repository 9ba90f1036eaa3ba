import {
  diceChart,
  fsdChart,
  contrastiveHeatmaps,
  lossChart,
  vectorScatter,
  type ContrastiveGraphKind,
} from '../presentation/charts';
import type { Chart } from '../presentation/chart';
import { runFacts } from './facts';
import { reportTables } from './markdown';
import { mix } from '../presentation/palette';
import type { ReportedRun } from './reported-run';
import { chartSvg, escapeXml, inkFor } from '../presentation/svg';
import type { Table } from '../contract/table';
import { latestTable, verdict } from '../presentation/tables';

/** A run's report as one HTML file that needs nothing else: no script, no style sheet, no picture from elsewhere. */
export function reportHtml(run: ReportedRun): string {
  const { name, report, history, graphs, config } = run;
  const trained = history.ordered.filter((s) => s.terms.length > 0);
  const charts: Chart[] = [
    diceChart(history, 'run'),
    fsdChart(history, 'run'),
    ...[...trained]
      .reverse()
      .map((stage) => lossChart(history, stage, { smoothing: 0.6, log: true })),
  ].filter(({ curves }) => curves.length > 0);
  const contrastiveCharts = (kind: ContrastiveGraphKind) =>
    graphs ? Object.values(contrastiveHeatmaps(graphs, kind)) : [];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeXml(name)} - MedDistill</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeXml(name)}</h1>
${
  report
    ? verdict(report)
        .map((sentence) => `<p>${escapeXml(sentence)}</p>`)
        .join('\n')
    : '<p>The run is not finished; these are its latest numbers.</p>'
}
${(report ? reportTables(report) : [latestTable(history)]).map(tableHtml).join('\n')}
<h2>Over time</h2>
<div class="charts">
${charts.map((chart) => figure(chart, 640, 360)).join('\n')}
</div>
${
  graphs
    ? `<h2>Contrastive graphs</h2>
<div class="charts">
${[...contrastiveCharts('intra'), ...contrastiveCharts('inter')].map((chart) => figure(chart, 380, 360)).join('\n')}
</div>
<h2>Domain-invariant vectors</h2>
${figure(vectorScatter(graphs), 640, 480)}`
    : ''
}
<h2>Run</h2>
<dl>
${runFacts(run)
  .map(([fact, value]) => `<dt>${escapeXml(fact)}</dt><dd>${escapeXml(value)}</dd>`)
  .join('\n')}
</dl>
<details><summary>Config</summary>
<pre>${escapeXml(config)}</pre>
</details>
</body>
</html>
`;
}

const ink = inkFor('light');

const figure = (chart: Chart, width: number, height: number): string =>
  `<figure>${chartSvg(chart, { ink, width, height })}</figure>`;

/** Tables with many rows are folded away. */
function tableHtml({ title, columns, rows, note }: Table): string {
  const cell = (tag: string, content: string, numeric?: boolean, best?: boolean) =>
    `<${tag}${numeric ? ' class="number"' : ''}>${best ? `<strong>${escapeXml(content)}</strong>` : escapeXml(content)}</${tag}>`;
  const table = `<table>
<thead><tr>${columns.map((c) => cell('th', c.title, c.numeric)).join('')}</tr></thead>
<tbody>
${rows.map((row) => `<tr>${row.map(({ text, best }, c) => cell('td', text, columns[c].numeric, best)).join('')}</tr>`).join('\n')}
</tbody>
</table>${note ? `\n<p class="note">${escapeXml(note)}</p>` : ''}`;
  return rows.length > 24
    ? `<details><summary>${escapeXml(title)}, ${rows.length} rows</summary>\n${table}\n</details>`
    : `<h2>${escapeXml(title)}</h2>\n${table}`;
}

const style = `
body { font: 15px/1.5 system-ui, 'Segoe UI', sans-serif; color: ${ink.text}; background: ${ink.background}; margin: 2rem auto; padding: 0 1.5rem; max-width: 84rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid ${ink.grid}; }
thead th { color: ${mix(ink.text, ink.background, 0.3)}; vertical-align: bottom; }
.number { text-align: right; } .note { color: ${mix(ink.text, ink.background, 0.3)}; }
.charts { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; border: 1px solid ${ink.grid}; padding: .5rem; } svg { max-width: 100%; height: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { color: ${mix(ink.text, ink.background, 0.3)}; } dd { margin: 0; overflow-wrap: anywhere; }
summary { cursor: pointer; font-weight: 600; margin: 1rem 0; } pre { overflow: auto; background: ${mix(ink.background, ink.text, 0.04)}; padding: 1rem; }
@media print { figure, tr { break-inside: avoid; } }
`;
