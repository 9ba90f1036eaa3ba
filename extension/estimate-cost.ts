import { join } from 'node:path';
import * as vscode from 'vscode';
import type { MachineEstimate } from '../engine/contract/estimate';
import {
  deviceNote,
  estimateNote,
  estimateTable,
  estimateText,
} from '../engine/presentation/estimate-table';
import { escapeMarkdown } from '../engine/presentation/plain-text';
import { tableMarkdown } from '../engine/presentation/table';
import { chooseConfig } from './config-file';
import { configName } from './config-name';
import { faultless, plannedBase, requireTrust, saved, summarize } from './distill';
import { askTime, asTimeChoice, type TimeChoice } from './make-it-fit';
import { inform, withProgress } from './messages';
import { estimateArguments } from './run-process';
import { runProgram } from './run-program';
import type { Services } from './services';
import { readSettings } from './settings';

/** "Estimate Cost": what a run of a config takes on this machine, before it starts, and the ways to make it take less. */
export function registerEstimateCost(context: vscode.ExtensionContext, services: Services): void {
  const cli = join(context.extensionPath, 'dist', 'cli.js');
  const { estimates, showError } = services;
  /** Configs that are being estimated. */
  const going = new Set<string>();

  /** Of a config as it is now; shows the stages where it is known already. */
  const estimateCost = async (
    given: unknown,
    choice: TimeChoice | undefined,
  ): Promise<MachineEstimate | { folder: string } | undefined> => {
    if (!requireTrust()) return undefined;
    const config = await chooseConfig(given, 'Config whose cost to estimate');
    if (!config || !(await saved(config))) return undefined;
    const known = estimates.of(await vscode.workspace.openTextDocument(config));
    const estimate = known ?? (await estimateNow(config));
    if (!estimate) return undefined;
    if (choice) return await vscode.commands.executeCommand('meddistill.distill', config, choice);
    if (known) await showStages(config, known);
    void offer(config, estimate, known ? 'Estimate Again' : 'Show Stages').catch(showError);
    return estimate;
  };

  /** Undefined where the config cannot be run, or the estimate was called off. */
  const estimateNow = async (config: vscode.Uri): Promise<MachineEstimate | undefined> => {
    const name = configName(config.path);
    if (going.has(config.fsPath)) {
      void inform(`The cost of ${name} is being estimated already.`);
      return undefined;
    }
    going.add(config.fsPath);
    try {
      const summary = await summarize(services, config);
      if (!(await faultless(config, summary))) return undefined;
      const { device, threads, variables } = readSettings(config);
      const folder = join(plannedBase(config, summary.config!.folder), `${name}-estimate`);
      const args = estimateArguments({
        ...{ cli, config: config.fsPath, folder, device, threads, variables },
      });
      return await estimates.make(await vscode.workspace.openTextDocument(config), () =>
        Promise.resolve(
          withProgress(
            `Estimating the cost of ${name}`,
            { cancellable: true },
            async (progress, token) => {
              progress.report({ message: 'a few steps of each stage are timed' });
              const printed = await runProgram(args, token);
              return printed === null ? undefined : (JSON.parse(printed) as MachineEstimate);
            },
          ),
        ),
      );
    } finally {
      going.delete(config.fsPath);
    }
  };

  /** Says what it takes, with what can be done next. */
  const offer = async (
    config: vscode.Uri,
    estimate: MachineEstimate,
    other: 'Show Stages' | 'Estimate Again',
  ): Promise<void> => {
    const name = configName(config.path);
    const text = `${name} takes about ${estimateText(estimate)} on this machine.`;
    const next = await inform(text, 'Make It Fit', other);
    if (next === 'Show Stages') await showStages(config, estimate);
    if (next === 'Estimate Again') {
      const again = (await saved(config)) && (await estimateNow(config));
      if (again) await offer(config, again, 'Show Stages');
    }
    if (next !== 'Make It Fit') return;
    const choice = await askTime(name, estimate);
    if (choice) await vscode.commands.executeCommand('meddistill.distill', config, choice);
  };

  context.subscriptions.push(
    vscode.commands.registerCommand(
      'meddistill.estimateCost',
      async (given?: unknown, choice?: unknown) => {
        try {
          return await estimateCost(given, asTimeChoice(choice));
        } catch (error) {
          showError(error);
          return undefined;
        }
      },
    ),
  );
}

/** Every stage of an estimate, as a table. */
async function showStages(config: vscode.Uri, estimate: MachineEstimate): Promise<void> {
  const title = `# What ${escapeMarkdown(configName(config.path))} takes on this machine`;
  const table = tableMarkdown(estimateTable(estimate, estimate.plan));
  const note = escapeMarkdown(`${estimateNote(estimate)} ${deviceNote(estimate.device)}`);
  const document = await vscode.workspace.openTextDocument({
    language: 'markdown',
    content: `${title}\n\n${table}\n\n${note}\n`,
  });
  await vscode.window.showTextDocument(document, { preview: true });
}
