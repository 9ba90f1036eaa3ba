import { basename, resolve } from 'node:path';
import { mean } from '../metrics/statistics';
import type { CaseReport } from '../contract/report';
import { RunFolder } from '../runs/run-folder';
import type { RunCase, RunCases } from '../contract/viewer';

/** The cases of a run with the Dice of every network. @throws UserError */
export function runCases(run: string): RunCases {
  const report = new RunFolder(resolve(run)).readReport();
  const baselines = report.networks.filter(({ role }) => role === 'baseline');
  return {
    run: resolve(run),
    title: basename(resolve(run)),
    classes: report.classes,
    networks: report.networks,
    // The last is the nearest to distillation: what is left is its gain.
    baseline: baselines.at(-1)?.name ?? null,
    domains: Object.entries(report.domains).map(([name, { role, networks, files }]) => ({
      name,
      role,
      cases: Object.keys(files ?? {}).map((id): RunCase => {
        const result: RunCase = { id, dice: {}, classes: {} };
        for (const { name: network } of report.networks) {
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
