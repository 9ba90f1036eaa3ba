import { runFacts } from './facts';
import type { ReportedRun } from './reported-run';
import type { Table } from '../contract/table';
import { tableMarkdown } from '../presentation/table';
import {
  casesTable,
  finalTable,
  gainsTable,
  latestTable,
  metricsTable,
  semanticDistanceTable,
  verdict,
} from '../presentation/tables';

/** A run's report as Markdown: what was found, every table, where it comes from, the config. */
export function reportMarkdown(run: ReportedRun): string {
  const { name, report, history, config } = run;
  const section = (table: Table) => ['', `## ${table.title}`, '', tableMarkdown(table)];
  return `${[
    `# ${name}`,
    ...(report
      ? [
          ...verdict(report).flatMap((sentence) => ['', sentence]),
          ...reportTables(report).flatMap(section),
        ]
      : [
          '',
          'The run is not finished; these are its latest numbers.',
          ...section(latestTable(history)),
        ]),
    '',
    '## Run',
    '',
    ...runFacts(run).map(([fact, value]) => `- ${fact}: ${value}`),
    '',
    '## Config',
    '',
    '```jsonc',
    config.trimEnd(),
    '```',
  ].join('\n')}\n`;
}

/** Every table of a finished run's report. */
export function reportTables(report: NonNullable<ReportedRun['report']>): Table[] {
  return [
    finalTable(report),
    gainsTable(report),
    metricsTable(report),
    semanticDistanceTable(report),
    casesTable(report),
  ].filter((table) => table !== null);
}
