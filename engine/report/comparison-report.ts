import { basename, join, resolve } from 'node:path';
import type { Comparison } from '../contract/comparison';
import type { ComparisonRecord } from '../contract/comparison-record';
import type { Table } from '../contract/table';
import { UserError } from '../errors';
import { writeWhole } from '../files';
import { compareSeeds, type SeedRun } from '../presentation/comparison';
import {
  comparisonFacts,
  comparisonRows,
  comparisonTables,
} from '../presentation/comparison-tables';
import { verdictsOf } from '../presentation/comparison-verdict';
import { tablesLatex } from '../presentation/latex';
import { escapeMarkdown } from '../presentation/plain-text';
import { escapeXml } from '../presentation/svg';
import { tableCsv, tableMarkdown } from '../presentation/table';
import { comparisonReport, readComparisonRecord, seedFolder } from '../runs/comparison-folder';
import { RunFolder } from '../runs/run-folder';
import { factsHtml, htmlPage, tableHtml } from './html-page';
import { reportFormats } from './report-formats';

/** A comparison as its folder tells it. */
export interface ReportedComparison {
  name: string;
  record: ComparisonRecord;
  comparison: Comparison;
}

/**
 * `failures`: why seeds are not finished, where that is known better than their runs tell it.
 * @throws UserError where the folder holds no comparison, or none of its seeds is finished
 */
export function readComparison(
  folder: string,
  failures: ReadonlyMap<number, string> = new Map(),
): ReportedComparison {
  const path = resolve(folder);
  const record = readComparisonRecord(path);
  const runs: SeedRun[] = [];
  const missing: Comparison['missing'] = [];
  for (const seed of record.seeds) {
    const found = failures.get(seed) ?? readSeed(path, seed);
    if (typeof found === 'string') missing.push({ seed: String(seed), reason: found });
    else runs.push(found);
  }
  if (runs.length === 0)
    throw new UserError(
      `No seed of the comparison ${path} is finished: ${missing.map(({ seed, reason }) => `${seed}: ${reason}`).join('; ')}`,
    );
  return { name: basename(path), record, comparison: compareSeeds(runs, missing) };
}

/** A seed's finished run, or why there is none. */
function readSeed(comparison: string, seed: number): SeedRun | string {
  try {
    const folder = new RunFolder(seedFolder(comparison, seed));
    if (!folder.exists()) return 'It has not begun.';
    const { state, error, plan } = folder.readRecord();
    if (state !== 'finished')
      return error ?? `Its run is ${state}; the same command goes on with it.`;
    const report = folder.readReport();
    return { seed: String(seed), report, stages: plan.stages, memory: memoryOf(folder) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }
}

/** The largest memory of the process in each stage, in bytes, as far as its steps told it. */
function memoryOf(folder: RunFolder): Record<string, number> {
  const largest = new Map<string, number>();
  for (const events of folder.eventsInPieces())
    for (const event of events)
      if (event.type === 'step' && event.memory !== undefined)
        largest.set(event.stage, Math.max(event.memory, largest.get(event.stage) ?? 0));
  return Object.fromEntries(largest);
}

/** Writes a comparison's report; the ending of `path` says as what. @throws UserError for another ending */
export function writeComparisonReport(folder: string, path: string): Promise<void> {
  return writeAs(readComparison(folder), path);
}

/** Writes a comparison's report into its folder, as each of what people read. Returns the files. @throws UserError */
export async function writeComparisonReports(
  folder: string,
  reported: ReportedComparison,
): Promise<string[]> {
  const files = ['md', 'html', 'csv', 'tex'].map((ending) =>
    join(folder, comparisonReport(ending)),
  );
  for (const file of files) await writeAs(reported, file);
  return files;
}

function writeAs(reported: ReportedComparison, path: string): Promise<void> {
  const { comparison } = reported;
  switch (/\.(\w+)$/.exec(path)?.[1].toLowerCase()) {
    case 'html':
      return writeWhole(path, comparisonHtml(reported));
    case 'md':
      return writeWhole(path, comparisonMarkdown(reported));
    case 'csv':
      return writeWhole(path, tableCsv(comparisonRows(comparison)));
    case 'tex':
      return writeWhole(path, tablesLatex(comparisonTables(comparison), sentencesOf(comparison)));
    case 'json':
      return writeWhole(path, `${JSON.stringify(comparison, null, 1)}\n`);
    default:
      throw new UserError(
        `${path}: a report is written as ${Object.entries(reportFormats)
          .map(([ending, title]) => `.${ending} (${title})`)
          .join(', ')}.`,
      );
  }
}

const sentencesOf = (comparison: Comparison): string[] =>
  verdictsOf(comparison).map(({ sentence }) => sentence);

const facts = ({ comparison, record }: ReportedComparison): [name: string, value: string][] => [
  ...comparisonFacts(comparison),
  ['Config', record.config],
  ['Version', `MedDistill ${record.meddistill}`],
];

export function comparisonMarkdown(reported: ReportedComparison): string {
  const { name, comparison } = reported;
  const section = (table: Table) => [
    '',
    `## ${escapeMarkdown(table.title)}`,
    '',
    tableMarkdown(table),
  ];
  return `${[
    `# ${escapeMarkdown(name)}`,
    ...sentencesOf(comparison).flatMap((sentence) => [
      '',
      escapeMarkdown(sentence, longestSentence),
    ]),
    ...comparisonTables(comparison).flatMap(section),
    '',
    '## Comparison',
    '',
    ...facts(reported).map(
      ([fact, value]) => `- ${escapeMarkdown(fact)}: ${escapeMarkdown(value, longestSentence)}`,
    ),
  ].join('\n')}\n`;
}

const longestSentence = 4000;

/** One file that needs nothing else. */
export const comparisonHtml = (reported: ReportedComparison): string =>
  htmlPage(
    reported.name,
    [
      ...sentencesOf(reported.comparison).map((sentence) => `<p>${escapeXml(sentence)}</p>`),
      ...comparisonTables(reported.comparison).map(tableHtml),
      '<h2>Comparison</h2>',
      factsHtml(facts(reported)),
    ].join('\n'),
  );
