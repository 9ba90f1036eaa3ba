import { readFileSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { ConfigFault } from '../contract/config';
import { ConfigError, onOneLine } from '../errors';
import type { DistillConfig } from './config';
import { fill } from './defaults';
import type { Fault } from './fault';
import { distillation } from './file';
import { parseText } from './parse';
import { resolveConfig, type LoadOptions } from './resolve';
import { ruleFaults } from './rules';
import { schemaFaults } from './schema-errors';

export type { LoadOptions } from './resolve';

/** What a config file is called. */
export const configSuffix = '.distill.jsonc';

/** Larger ones are none, in bytes: lists of ten thousands of cases are a tenth of it. */
const largestConfig = 1e7;

/** The text of a config file. @throws ConfigError where it cannot be read, is no regular file or too large to be one */
export function readConfigText(file: string): string {
  const path = resolve(file);
  try {
    const found = statSync(path);
    if (!found.isFile()) throw new Error('it is no regular file');
    if (found.size > largestConfig)
      throw new Error(`it has ${found.size} bytes; a config has at most ${largestConfig}`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? `There is no config file ${path}.`
        : `The config file ${path} cannot be read: ${(error as Error).message}.`,
    );
  }
}

/**
 * Reads a config file and fills in every default of the schema. `text` is taken for its content where it is given.
 * @throws ConfigError for the first thing that is wrong, with its place and the number of further ones
 */
export function loadConfig(
  file: string,
  options: LoadOptions = {},
  text: string = readConfigText(file),
): DistillConfig {
  const absolute = resolve(file);
  const { config, faults } = parseConfig(text, absolute, options);
  if (config && faults.length === 0) return config;
  const [{ message, line, column, path }] = faults;
  const more = faults.length - 1;
  throw new ConfigError(
    message + (more > 0 ? ` (and ${more} more ${more === 1 ? 'fault' : 'faults'})` : ''),
    { file: absolute, line, column, path: path.join('.') },
  );
}

/**
 * A config from its text, and everything that is wrong with it, as far as can be said without looking at its files. Where the text
 * fits the schema there is a config, also with faults: editors go on with what is right in it.
 */
export function parseConfig(
  text: string,
  file: string,
  options: LoadOptions = {},
): { config: DistillConfig | null; faults: ConfigFault[] } {
  const parsed = parseText(text);
  if ('fault' in parsed) {
    const message = `${basename(file)} is not JSON with comments: ${parsed.fault}.`;
    return { config: null, faults: [{ message, ...parsed.place, path: [], fixes: [] }] };
  }
  const placed = ({ path, message, fixes }: Fault): ConfigFault => ({
    message: onOneLine(path.length ? `${path.join('.')}: ${message}` : message),
    ...parsed.placeOf(path),
    path,
    fixes,
  });
  const unfit = schemaFaults(parsed.value, distillation);
  if (unfit.length > 0) return { config: null, faults: unfit.map(placed) };
  const given = fill(parsed.value, distillation);
  const { config, faults } = resolveConfig(given, file, options);
  return {
    config,
    faults: [...faults, ...ruleFaults(config, given, options.onlyDomains)].map(placed),
  };
}
