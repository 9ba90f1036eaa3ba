import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ComparisonRecord } from '../contract/comparison-record';
import { UserError } from '../errors';
import { pathInside } from './inside';
import { readJson } from './json-file';
import {
  byName,
  count,
  date,
  list,
  nullable,
  object,
  optional,
  text,
  type Shape,
} from './json-shape';

/** Names of the files in a comparison's folder; each seed is a run's folder within it. */
export const comparisonFiles = {
  record: 'comparison.json',
  /** What its process prints, where a window started it. */
  log: 'engine.log',
} as const;

/** The files of its report, by the ending. */
export const comparisonReport = (ending: string): string => `comparison.${ending}`;

const mostSeeds = 1000;
const largestRecord = 1e6;

const entry: Shape<unknown> = (value) => value;

const shape: Shape<ComparisonRecord> = object<ComparisonRecord>({
  meddistill: optional(text, 'unknown'),
  config: text,
  variables: optional(byName(text), {}),
  methods: optional(nullable(list(entry, { longest: mostSeeds })), null),
  seeds: list(count, { longest: mostSeeds }),
  started: date,
});

export const isComparisonFolder = (folder: string): boolean =>
  existsSync(join(folder, comparisonFiles.record));

/** @throws UserError where the folder holds no comparison, or a damaged one */
export function readComparisonRecord(folder: string): ComparisonRecord {
  if (!isComparisonFolder(folder))
    throw new UserError(`${folder} is no comparison: it has no ${comparisonFiles.record}.`);
  return readJson(folder, comparisonFiles.record, shape, {
    largest: largestRecord,
    remedy: 'meddistill compare with the config writes it anew',
  });
}

/** The run of a seed. */
export const seedFolder = (folder: string, seed: number): string =>
  pathInside(folder, `seed${seed}`);

/** The comparison that a run's folder is a seed of; null where it is none's. */
export function comparisonOf(run: string): string | null {
  const folder = dirname(run);
  return /^seed\d+$/.test(basename(run)) && isComparisonFolder(folder) ? folder : null;
}
