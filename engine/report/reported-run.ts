import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { ContrastiveSnapshot } from '../contract/contrastive-snapshot';
import type { RunRecord } from '../contract/run-record';
import { History } from '../presentation/history';
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
  const history = History.of(files.readEvents());
  const last = history.graphs.at(-1);
  return {
    folder: path,
    name: basename(path),
    record,
    report: existsSync(files.file('report')) ? files.readReport() : null,
    config: existsSync(files.file('config')) ? readText(files.file('config'), largestConfig) : '',
    history,
    graphs: last && existsSync(join(path, last.file)) ? files.readSnapshot(last.file) : null,
  };
}

/** A config is written by a person. */
const largestConfig = 1e7;
