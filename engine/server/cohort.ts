import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ResponseError } from 'vscode-jsonrpc';
import { parseConfig } from '../config/load';
import { salvageConfig } from '../config/salvage';
import { absolutePath } from '../config/variables';
import { examineDomain } from '../cohort/cohort';
import { matchPattern } from '../cohort/pattern';
import { valueIn } from '../jsonc';
import { naturalOrder } from '../lists';
import { SurveyCancelled, Surveyor } from '../survey/survey';
import { thumbnail } from '../survey/thumbnail';
import type { CohortCalls } from '../contract/cohort';
import type { ConfigFault } from '../contract/config';
import { UserError } from '../errors';
import type { Handlers } from './handlers';

const surveyor = new Surveyor();
const budget = 15_000;
/** As in the Language Server Protocol. */
const requestCancelled = -32800;

export const cohortHandlers: Handlers<CohortCalls> = {
  survey: async ({ file, text, variables }, token) => {
    const parsed = parseConfig(text, file, { variables });
    const config = parsed.config ?? salvageConfig(text, file, { variables });
    if (!config) return null;
    // Where the text does not fit the schema, the editor itself says so.
    const faults = parsed.config ? parsed.faults : [];
    try {
      const survey = await surveyor.survey(config, {
        budget,
        cancelled: () => token.isCancellationRequested,
      });
      const textFaults = distinct(faults).map(({ message, line, column, fixes }) => ({
        message,
        severity: 'error' as const,
        line,
        column,
        fixes,
      }));
      // What the text already says need not be said again of the files.
      const told = new Set(faults.map(({ path }) => path.join('.')));
      return {
        ...survey,
        faults: survey.faults.filter(({ path }) => !told.has(path.join('.'))),
        textFaults,
      };
    } catch (error) {
      if (error instanceof SurveyCancelled)
        throw new ResponseError(requestCancelled, 'The survey was called off.');
      throw error;
    }
  },

  thumbnail: async ({ file, text, variables, domain, side }) => {
    const config =
      parseConfig(text, file, { variables }).config ?? salvageConfig(text, file, { variables });
    if (!config?.domains[domain]) return null;
    const { cases } = await examineDomain(domain, config.domains[domain], config.training.seed);
    // One from the middle shows more than the first.
    const item = cases[Math.floor(cases.length / 2)];
    if (item === undefined) return null;
    const png = await thumbnail(config, item, side);
    return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
  },

  listFolder: async ({ file, text, variables, prefix }) => {
    const folder = resolvePath(file, text, variables, prefix.slice(0, prefix.lastIndexOf('/') + 1));
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    return entries
      .filter(({ name }) => !name.startsWith('.'))
      .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
      .sort((a, b) => Number(b.isFolder) - Number(a.isFolder) || naturalOrder(a.name, b.name))
      .slice(0, 500);
  },

  match: async ({ file, text, variables, pattern }) => {
    const path = resolvePath(file, text, variables, pattern);
    const base = dirname(path.split(/[*?{]/)[0] + 'x');
    try {
      const matches = await matchPattern(path);
      return {
        base,
        count: matches.length,
        first: matches.slice(0, 3).map((match) => match.path),
      };
    } catch (error) {
      if (error instanceof UserError) return { base, count: 0, first: [] };
      throw error;
    }
  },
};

/** Rows and columns of one size have one fault. */
const distinct = (faults: ConfigFault[]): ConfigFault[] =>
  faults.filter((fault, n) => faults.findIndex((other) => other.message === fault.message) === n);

/** A path as the config means it, also from a text that is not whole yet: with variables, relative to the file. */
function resolvePath(
  file: string,
  text: string,
  variables: Record<string, string>,
  path: string,
): string {
  const own = (valueIn(text) as { variables?: Record<string, string> } | undefined)?.variables;
  return absolutePath(path, file, { given: variables, own });
}
