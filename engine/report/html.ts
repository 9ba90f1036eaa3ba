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
import { factsHtml, htmlPage, ink, tableHtml } from './html-page';
import { reportTables } from './markdown';
import type { ReportedRun } from './reported-run';
import { chartSvg, escapeXml } from '../presentation/svg';
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
  return htmlPage(
    name,
    `${
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
${factsHtml(runFacts(run))}
<details><summary>Config</summary>
<pre>${escapeXml(config)}</pre>
</details>`,
  );
}

const figure = (chart: Chart, width: number, height: number): string =>
  `<figure>${chartSvg(chart, { ink, width, height })}</figure>`;
