import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { ContrastiveSnapshot } from '../contract/contrastive-snapshot';
import type { RunRecord } from '../contract/run-record';
import { UserError } from '../errors';
import { History } from '../presentation/history';
import type { ComparedRun } from '../presentation/run-comparison';
import { readInside } from '../runs/inside';
import { largestBytes } from '../runs/run-files';
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
    config: existsSync(files.file('config')) ? files.text('config') : '',
    history,
    graphs: last ? readSnapshot(path, last.file) : null,
  };
}

/** The contrastive graphs in a file of a run's folder; null where there is none. @throws UserError */
export function readSnapshot(folder: string, file: string): ContrastiveSnapshot | null {
  const bytes = readInside(folder, file, largestBytes.snapshot);
  if (!bytes?.length) return null;
  try {
    return JSON.parse(bytes.toString('utf8')) as ContrastiveSnapshot;
  } catch (error) {
    throw new UserError(`${join(folder, file)} is damaged: ${(error as Error).message}.`);
  }
}
