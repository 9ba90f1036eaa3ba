import type { Report } from '../contract/report';
import { UserError } from '../errors';
import { writeWhole } from '../files';
import { tablesLatex } from '../presentation/latex';
import { tableCsv } from '../presentation/table';
import { metricsTable } from '../presentation/tables';
import { isComparisonFolder } from '../runs/comparison-folder';
import { writeComparisonReport } from './comparison-report';
import { reportHtml } from './html';
import { reportMarkdown, summaryTables } from './markdown';
import { reportFormats } from './report-formats';
import { readRun, type ReportedRun } from './reported-run';

/**
 * Writes the report of a run, or of a comparison; the ending of `path` says as what.
 * @throws UserError for another ending, and for a run that is not finished where the format needs its numbers
 */
export async function writeReport(folder: string, path: string): Promise<void> {
  const format = /\.(\w+)$/.exec(path)?.[1].toLowerCase() ?? '';
  if (isComparisonFolder(folder)) return writeComparisonReport(folder, path);
  const run = readRun(folder);
  switch (format) {
    case 'html':
      return writeWhole(path, reportHtml(run));
    case 'md':
      return writeWhole(path, reportMarkdown(run));
    case 'csv':
      return writeWhole(path, tableCsv(metricsTable(finished(run))));
    case 'tex':
      return writeWhole(path, tablesLatex(summaryTables(finished(run))));
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
