import { runFacts } from './facts';
import type { ReportedRun } from './reported-run';
import type { Report } from '../contract/report';
import type { Table } from '../contract/table';
import { escapeMarkdown, fenceOf, withoutControls } from '../presentation/plain-text';
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
import { gapSentence, signalTable } from '../presentation/signal';

/** A run's report as Markdown: what was found, every table, where it comes from, the config. */
export function reportMarkdown(run: ReportedRun): string {
  const { name, report, history, config } = run;
  const fence = fenceOf(config);
  const section = (table: Table) => [
    '',
    `## ${escapeMarkdown(table.title)}`,
    '',
    tableMarkdown(table),
  ];
  return `${[
    `# ${escapeMarkdown(name)}`,
    ...(report
      ? [
          ...verdict(report).flatMap((sentence) => ['', escapeMarkdown(sentence, longestSentence)]),
          ...(report.gap ? ['', gapSentence(report.gap)] : []),
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
    ...runFacts(run).map(
      ([fact, value]) => `- ${escapeMarkdown(fact)}: ${escapeMarkdown(value, longestSentence)}`,
    ),
    '',
    '## Config',
    '',
    `${fence}jsonc`,
    withoutControls(config.trimEnd()),
    fence,
  ].join('\n')}\n`;
}

const longestSentence = 2000;

/** Every table of a finished run's report. */
export const reportTables = (report: Report): Table[] => [
  ...summaryTables(report),
  casesTable(report),
];

/** The same but for that of every case. */
export const summaryTables = (report: Report): Table[] =>
  [
    finalTable(report),
    gainsTable(report),
    metricsTable(report),
    semanticDistanceTable(report),
    signalTable(report.networks, new Map(Object.entries(report.signal ?? {}))),
  ].filter((table) => table !== null);
