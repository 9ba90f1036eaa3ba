import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { ContrastiveSnapshot } from '../contract/contrastive-snapshot';
import type { RunRecord } from '../contract/run-record';
import { History, packEvents } from '../presentation/history';
import type { ComparedRun } from '../presentation/run-comparison';
import { RunFolder } from '../runs/run-folder';

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
  const history = new History();
  for (const events of files.eventsInPieces()) history.add(packEvents(events));
  const last = history.graphs.at(-1);
  return {
    folder: path,
    name: basename(path),
    record,
    report: existsSync(files.file('report')) ? files.readReport() : null,
    config: files.readConfigText() ?? '',
    history,
    graphs: last && existsSync(join(path, last.file)) ? files.readSnapshot(last.file) : null,
  };
}
