import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { loadConfig } from '../config/load';
import type { DistillConfig } from '../config/config';
import { UserError } from '../errors';
import { mean } from '../metrics/statistics';
import { networkNames, type CaseReport, type NetworkName, type Report } from '../training/report';
import { RunFolder } from '../training/run-folder';
import { networkTitles } from '../training/table';
import type { RunCase, RunCases } from './protocol';

/** @throws UserError where the run has no report yet, or a damaged one */
export function readReport(run: string): Report {
  const folder = new RunFolder(resolve(run));
  const { state } = folder.readRecord();
  let text: string;
  try {
    text = readFileSync(folder.reportFile, 'utf8');
  } catch {
    throw new UserError(
      `The run ${folder.path} has no report yet: it is ${state}; its predictions can be compared when it has finished.`,
    );
  }
  try {
    return JSON.parse(text) as Report;
  } catch (error) {
    throw new UserError(`${folder.reportFile} is damaged: ${(error as Error).message}.`);
  }
}

/** The config as the run was started with it; null where the run's copy is gone or cannot be read. */
export function readRunConfig(run: string): DistillConfig | null {
  const folder = new RunFolder(resolve(run));
  try {
    const record = folder.readRecord();
    const text = readFileSync(join(folder.path, 'config.distill.jsonc'), 'utf8');
    return loadConfig(record.config, { variables: record.variables, out: folder.path }, text);
  } catch {
    return null;
  }
}

/** Folder of a network's label maps of a domain. */
export const predictionFolder = (run: string, domain: string, network: NetworkName): string =>
  join(resolve(run), 'predictions', domain, network);

/** Folder of a network's probabilities, files of the label maps' names: 4D with a frame a class, or a grey picture of one class. */
export const probabilityFolder = (run: string, domain: string, network: NetworkName): string =>
  join(resolve(run), 'probabilities', domain, network);

/** The cases of a run with the Dice of every network. @throws UserError */
export function runCases(run: string): RunCases {
  const report = readReport(run);
  const present = networkNames.filter((name) =>
    Object.values(report.domains).some(({ networks }) => networks[name]),
  );
  return {
    run: resolve(run),
    title: basename(resolve(run)),
    classes: report.classes,
    networks: present.map((name) => ({ name, title: networkTitles[name] })),
    // Trained for as long as the distilled student: what is left is the gain of distillation.
    baseline: (['control', 'warmup'] as const).find((name) => present.includes(name)) ?? null,
    domains: Object.entries(report.domains).map(([name, { role, networks, files }]) => ({
      name,
      role,
      cases: Object.keys(files ?? {}).map((id): RunCase => {
        const result: RunCase = { id, dice: {}, classes: {} };
        for (const network of present) {
          const classes = diceByClass(networks[network]?.cases ?? [], id, report.classes);
          const values = Object.values(classes).filter((value) => value !== null);
          result.classes[network] = classes;
          result.dice[network] = values.length > 0 ? mean(values) : null;
        }
        return result;
      }),
    })),
  };
}

/** Dice of a case by class; where slices were evaluated one by one, their mean. */
function diceByClass(
  rows: readonly CaseReport[],
  id: string,
  classes: readonly string[],
): Record<string, number | null> {
  const own = rows.filter((row) => row.id === id || row.id.replace(/#\d+$/, '') === id);
  return Object.fromEntries(
    classes.map((name) => {
      const values = own.map((row) => row.classes[name]?.dice ?? null).filter((v) => v !== null);
      return [name, values.length > 0 ? mean(values) : null];
    }),
  );
}
