import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { ContrastiveSnapshot } from '../contract/contrastive-snapshot';
import type { RunRecord } from '../contract/run-record';
import { UserError } from '../errors';
import { History } from '../presentation/history';
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
