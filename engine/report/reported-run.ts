import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { ContrastiveSnapshot } from '../contract/contrastive-snapshot';
import type { RunRecord } from '../contract/run-record';
import { History, packEvents } from '../presentation/history';
import type { ComparedRun } from '../presentation/run-comparison';
import { readText } from '../runs/json-file';
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
    config: configText(files),
    history,
    graphs: last && existsSync(join(path, last.file)) ? files.readSnapshot(last.file) : null,
  };
}

/** A config is written by a person. */
const largestConfig = 1e7;

/** The run's own copy of its config; empty where it has none. @throws UserError */
export function configText(folder: RunFolder): string {
  const path = folder.file('config');
  return existsSync(path) ? readText(path, largestConfig) : '';
}
