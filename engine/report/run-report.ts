import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../errors';
import type { ContrastiveSnapshot } from '../contract/contrastive-snapshot';
import type { Report } from '../contract/report';
import { RunFolder } from '../runs/run-folder';
import { type RunRecord } from '../contract/run-record';
import { writeWhole } from '../files';
import type { ComparedRun } from '../presentation/run-comparison';
import { History } from '../presentation/history';
import { reportHtml } from './html';
import { reportMarkdown } from './markdown';
import { tableCsv } from '../presentation/table';
import { metricsTable } from '../presentation/tables';

/** All that a report is made of, read from a run's folder. */
export interface ReportedRun extends ComparedRun {
  folder: string;
  record: RunRecord;
  history: History;
  /** The graphs at the last evaluation. */
  graphs: ContrastiveSnapshot | null;
}

/** @throws UserError where the folder holds no run, or a file of it is damaged */
export function readRun(folder: string): ReportedRun {
  const path = resolve(folder);
  const files = new RunFolder(path);
  const record = files.readRecord();
  const history = History.of(files.readEvents());
  const last = history.graphs.at(-1);
  return {
    folder: path,
    name: basename(path),
    record,
    report: existsSync(files.file('report')) ? files.readReport() : null,
    config: text(files.file('config')),
    history,
    graphs: last ? json<ContrastiveSnapshot>(join(path, last.file)) : null,
  };
}

/** What a report can be written as, by the ending of its name. */
export const reportFormats = {
  html: 'self-contained HTML',
  md: 'Markdown',
  csv: 'CSV of every metric',
  json: 'JSON',
} as const;

/**
 * Writes a run's report; the ending of `path` says as what.
 * @throws UserError for another ending, and for a run that is not finished where the format needs its numbers
 */
export async function writeReport(folder: string, path: string): Promise<void> {
  const run = readRun(folder);
  const format = /\.(\w+)$/.exec(path)?.[1].toLowerCase() ?? '';
  switch (format) {
    case 'html':
      return writeWhole(path, reportHtml(run));
    case 'md':
      return writeWhole(path, reportMarkdown(run));
    case 'csv':
      return writeWhole(path, tableCsv(metricsTable(finished(run))));
    case 'json':
      return writeWhole(path, `${JSON.stringify(finished(run), null, 1)}\n`);
    default:
      throw new UserError(
        `${path}: a report is written as ${Object.entries(reportFormats)
          .map(([ending, title]) => `.${ending} (${title})`)
          .join(', ')}.`,
      );
  }
}

function finished({ folder, report }: ReportedRun): Report {
  if (!report)
    throw new UserError(`The run ${folder} has no final numbers yet: it is not finished.`);
  return report;
}

const text = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

function json<T>(path: string): T | null {
  const content = text(path);
  if (content === '') return null;
  try {
    return JSON.parse(content) as T;
  } catch (error) {
    throw new UserError(`${path} is damaged: ${(error as Error).message}.`);
  }
}
