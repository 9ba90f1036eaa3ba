import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { EventsPlace, RunCalls, RunEvents } from '../contract/runs';
import { UserError } from '../errors';
import { packEvents } from '../presentation/history';
import { summarizeReport } from '../presentation/report-summary';
import {
  comparisonTable,
  differencesTable,
  type ComparedRun,
} from '../presentation/run-comparison';
import { advance, noProgress } from '../presentation/run-progress';
import { verdict } from '../presentation/tables';
import { reportTables } from '../report/markdown';
import { writeReport } from '../report/run-report';
import { readLines } from '../runs/lines';
import { RunFolder } from '../runs/run-folder';
import { eventsOf } from '../runs/run-shapes';
import type { Handlers } from './handlers';

/** What is read of a run's events at once, in bytes: more than a line can have, little enough that others need not wait. */
const pieceBytes = 1 << 23;

export const runHandlers: Handlers<RunCalls> = {
  runEvents: ({ run, from }) => later(() => runEvents(run, from)),
  runSummaries: async ({ runs }, token) => {
    const summaries: (ReturnType<typeof summarizeReport> | null)[] = [];
    for (const run of runs) {
      // Others may ask in between.
      const summary = await later(() => (token.isCancellationRequested ? null : summaryOf(run)));
      summaries.push(summary);
    }
    return summaries;
  },
  runResults: ({ run }) =>
    later(() => {
      const report = new RunFolder(resolve(run)).readReport();
      return { verdict: verdict(report), tables: reportTables(report) };
    }),
  compareRuns: ({ runs }) =>
    later(() => {
      const compared = runs.map(comparedRun);
      return [comparisonTable(compared), differencesTable(compared)];
    }),
  runSnapshot: ({ run, file }) => later(() => new RunFolder(resolve(run)).readSnapshot(file)),
  writeRunReport: async ({ run, path }) => {
    await writeReport(run, path);
    return null;
  },
};

/** After what waits already. */
async function later<T>(work: () => T): Promise<T> {
  await new Promise((done) => setImmediate(done));
  return work();
}

/** @throws UserError where the file is a symbolic link */
export function runEvents(run: string, from: EventsPlace | null): RunEvents {
  const file = new RunFolder(resolve(run)).file('metrics');
  const { lines, reset, more, next } = readLines(file, from?.line ?? null, pieceBytes);
  const events = eventsOf(lines);
  const progress = events.reduce(advance, from && !reset ? from.progress : noProgress);
  return { packet: packEvents(events), progress, reset, more, next: { line: next, progress } };
}

function summaryOf(run: string): ReturnType<typeof summarizeReport> | null {
  try {
    return summarizeReport(new RunFolder(resolve(run)).readReport());
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** A run that lacks a part, or where one is damaged, is compared in the rest. */
function comparedRun(run: string): ComparedRun {
  const folder = new RunFolder(resolve(run));
  const orNull = <T>(read: () => T): T | null => {
    try {
      return read();
    } catch (error) {
      if (error instanceof UserError) return null;
      throw error;
    }
  };
  return {
    name: basename(folder.path),
    report: orNull(() => (existsSync(folder.file('report')) ? folder.readReport() : null)),
    record: orNull(() => folder.readRecord()),
    config: orNull(() => folder.readConfigText()) ?? '',
  };
}
