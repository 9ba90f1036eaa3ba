import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { isOnOtherMachine, readInside, regularInside } from '../engine/runs/inside';
import { largestBytes, runFiles } from '../engine/runs/run-files';
import { configSuffix } from './config-name';
import type { RunModel } from './run-model';

/** The config that a run was started from, where its record names one: a regular file of that kind. Null for any other. */
export function originalConfig({ folder, record }: RunModel): string | null {
  const path = record?.config;
  if (typeof path !== 'string' || !isAbsolute(path) || !path.endsWith(configSuffix)) return null;
  // To look whether it is there would be to log in there.
  if (isOnOtherMachine(path) && !isOnOtherMachine(folder)) return null;
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() && found.size <= largestBytes.config ? path : null;
}

/** The config that a run was started from, or else the run's copy. @throws UserError where that is no file to be read */
export const configOf = (run: RunModel): string =>
  originalConfig(run) ?? regularInside(run.folder, runFiles.config, largestBytes.config);

/** The text of a run's copy of its config; null where there is none that can be read. */
export function readConfigCopy(folder: string): string | null {
  try {
    return readInside(folder, runFiles.config, largestBytes.config)?.toString('utf8') ?? null;
  } catch {
    return null;
  }
}
