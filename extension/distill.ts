import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import * as vscode from 'vscode';
import type { ConfigSummary } from '../engine/contract/config';
import { secondsOf } from '../engine/presentation/estimate-table';
import { comparisonOf } from '../engine/runs/comparison-folder';
import { chooseConfig } from './config-file';
import { configName, configSuffix } from './config-name';
import { askTime, asTimeChoice, type TimeChoice } from './make-it-fit';
import { complain, confirm, warn } from './messages';
import { isProcessOf } from './own-process';
import { pickRun } from './pick-run';
import { originalConfig } from './run-config-file';
import type { RunModel } from './run-model';
import { startRun, stopProcess } from './run-process';
import { showProgress } from './run-watch';
import type { Services } from './services';
import { engineEnvironment, readSettings } from './settings';

/** Comparisons of methods, each seed of which is a run. */
export interface Comparisons {
  /** Goes on with the comparison that a run is a seed of. */
  resume(run: RunModel): Promise<void>;
  /** Stops the comparison that the run of a folder is a seed of, where this window has started it; tells whether it did. */
  stop(folder: string): Promise<boolean>;
}

/** The commands that start, resume and stop runs. */
export function registerDistill(
  context: vscode.ExtensionContext,
  services: Services,
  comparisons: Comparisons,
): void {
  const cli = join(context.extensionPath, 'dist', 'cli.js');
  const { runs, estimates, showError } = services;

  /** Starts or resumes the process of a run, and shows how far it is. Resolves once the process is there. */
  const launch = async (
    config: string,
    folder: string,
    resume: boolean,
    time?: string,
  ): Promise<RunModel> => {
    const { device, threads, variables } = readSettings(vscode.Uri.file(config));
    const run = runs.add(folder);
    const environment = engineEnvironment();
    const child = await startRun({
      ...{ cli, config, folder, resume, time, device, threads, variables },
      environment,
    });
    run.attach(child.pid);
    runs.touch(run);
    void child.exited.then((exit) => {
      run.detach(exit);
      runs.touch(run);
    });
    void showProgress(services, run);
    return run;
  };

  const distill = async (given?: unknown, choice?: TimeChoice): Promise<RunModel | undefined> => {
    if (!requireTrust()) return undefined;
    const config = await chooseConfig(given, 'Config to distill a student from');
    if (!config || !(await saved(config))) return undefined;
    const summary = await summarize(services, config);
    if (!(await faultless(config, summary))) return undefined;
    const going = runs.list().find((run) => run.isRunning && run.record?.config === config.fsPath);
    if (going) {
      const choice = await warn(
        `A run of ${configName(config.path)} is going on already: ${going.name}.`,
        'Open It',
        'Start Another',
      );
      if (choice === 'Open It')
        await vscode.commands.executeCommand('meddistill.openDashboard', going.folder);
      if (choice !== 'Start Another') return undefined;
    }
    const chosen = choice ?? (await timeOf(config));
    if (!chosen) return undefined;
    const folder = await runFolder(config, summary.config!.folder);
    if (folder === undefined) return undefined;
    return await launch(config.fsPath, folder, false, chosen.time ?? undefined);
  };

  /** How long a run of a config may take: asked where it is known to take long. Undefined where it is not to start. */
  const timeOf = async (config: vscode.Uri): Promise<TimeChoice | undefined> => {
    const known = estimates.of(await vscode.workspace.openTextDocument(config));
    return known && secondsOf(known) > longSeconds
      ? await askTime(configName(config.path), known)
      : { time: null };
  };

  const resume = async (given?: unknown): Promise<RunModel | undefined> => {
    if (!requireTrust()) return undefined;
    const run = await pickRun(runs, given, 'Run to resume', (r) => r.canResume);
    if (!run) return undefined;
    if (comparisonOf(run.folder)) {
      await comparisons.resume(run);
      return run;
    }
    if (!run.record)
      throw new Error(`${run.folder} was stopped before its config was read: start it anew.`);
    const config = originalConfig(run);
    if (config === null)
      throw new Error(
        `The config of ${run.folder} is not where its record says (${JSON.stringify(run.record.config)}), or is no *${configSuffix} file.`,
      );
    return await launch(config, run.folder, true);
  };

  const stop = async (given?: unknown): Promise<void> => {
    const run = await pickRun(runs, given, 'Run to stop', (r) => r.isRunning);
    if (!run?.pid) return;
    const { pid, folder, record } = run;
    if (comparisonOf(folder) && (await comparisons.stop(folder))) {
      runs.touch(run);
      return;
    }
    const isOurs = run.isOfThisWindow
      ? () => run.isOfThisWindow && run.pid === pid
      : () => isProcessOf({ pid, folder, since: record?.since ?? record?.started ?? '' });
    const asked = run.stopAsked;
    run.stopAsked = true;
    if (!(await stopProcess(pid, isOurs))) {
      run.stopAsked = asked;
      throw new Error(
        `Process ${pid}, which the record of ${run.name} names, is not known to be its own and was not ended; end the run where it was started.`,
      );
    }
    runs.touch(run);
  };

  const command = (name: string, action: (...args: unknown[]) => Promise<unknown>) =>
    vscode.commands.registerCommand(`meddistill.${name}`, async (...args: unknown[]) => {
      try {
        const result = await action(...args);
        return result && { folder: (result as RunModel).folder };
      } catch (error) {
        showError(error);
        return undefined;
      }
    });
  context.subscriptions.push(
    command('distill', (given, choice) => distill(given, asTimeChoice(choice))),
    command('resume', resume),
    command('stop', stop),
  );
}

/** What is known to take longer is not started before it was asked how long it may take. */
const longSeconds = 3600;

/** True in a trusted workspace; else says why not, with the way to trust it. */
export function requireTrust(): boolean {
  if (vscode.workspace.isTrusted) return true;
  void warn(
    'In a workspace that is not trusted, MedDistill shows configs, images and results, and runs nothing.',
    'Manage Trust',
  ).then((choice) => {
    if (choice) void vscode.commands.executeCommand('workbench.trust.manage');
  });
  return false;
}

/** Faults and outline of a config as the editor has it. */
export async function summarize(services: Services, config: vscode.Uri): Promise<ConfigSummary> {
  const open = vscode.workspace.textDocuments.find((d) => d.uri.toString() === config.toString());
  return await services.engine.request('summarize', {
    file: config.fsPath,
    text: open?.getText() ?? readFileSync(config.fsPath, 'utf8'),
    variables: readSettings(config).variables,
  });
}

/** Whether a config is saved, by now. */
export async function saved(config: vscode.Uri): Promise<boolean> {
  const open = vscode.workspace.textDocuments.find((d) => d.uri.toString() === config.toString());
  return !open?.isDirty || (await open.save());
}

/** Whether a config can be run; else says why not. */
export async function faultless(config: vscode.Uri, { faults }: ConfigSummary): Promise<boolean> {
  if (faults.length === 0) return true;
  const [{ message, line, column }] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  const choice = await complain(
    `${configName(config.path)} cannot be run: ${message}${more}`,
    'Go There',
    'Copy Diagnostics',
  );
  if (choice === 'Go There') {
    const at = new vscode.Position(line - 1, column - 1);
    await vscode.window.showTextDocument(config, { selection: new vscode.Range(at, at) });
  }
  if (choice === 'Copy Diagnostics')
    await vscode.commands.executeCommand('meddistill.copyDiagnostics');
  return false;
}

/**
 * A new folder for a run, named after the config and the time. Runs of one config thus lie beside each other and share the stages that they
 * have in common.
 */
async function runFolder(config: vscode.Uri, output: string): Promise<string | undefined> {
  const base = await runsBase(config, output);
  return base && join(base, `${configName(config.path)}-${timestamp(new Date())}`);
}

/** Where the runs of a config go: where the settings, the config or else `runs/` beside it say. Undefined where the user does not want that. */
export async function runsBase(config: vscode.Uri, output: string): Promise<string | undefined> {
  const base = plannedBase(config, output);
  const root = vscode.workspace.getWorkspaceFolder(config)?.uri.fsPath ?? dirname(config.fsPath);
  if (readSettings(config).runsFolder === undefined && relative(root, base).startsWith('..')) {
    const question = `The config writes its runs to ${base}, outside of the workspace.`;
    if (!(await confirm(question, 'Write There'))) return undefined;
  }
  return base;
}

/** The same, without asking. */
export function plannedBase(config: vscode.Uri, output: string): string {
  const byDefault = join(dirname(config.fsPath), 'runs');
  const isDefault = output === join(byDefault, configName(config.path));
  return readSettings(config).runsFolder ?? (isDefault ? byDefault : output);
}

/** `20261124-231545`, in local time. */
const timestamp = (time: Date): string => {
  const two = (n: number) => String(n).padStart(2, '0');
  const date = `${time.getFullYear()}${two(time.getMonth() + 1)}${two(time.getDate())}`;
  return `${date}-${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`;
};
