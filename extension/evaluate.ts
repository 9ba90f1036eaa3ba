import { join } from 'node:path';
import * as vscode from 'vscode';
import { requireTrust } from './distill';
import { pickRun } from './pick-run';
import { showPrinted } from './run-program';
import type { Services } from './services';
import { readSettings } from './settings';

/** "Evaluate": judges a finished run's networks again on its cohort, and shows the table. */
export function registerEvaluate(context: vscode.ExtensionContext, services: Services): void {
  const cli = join(context.extensionPath, 'dist', 'cli.js');
  context.subscriptions.push(
    vscode.commands.registerCommand('meddistill.evaluate', async (given?: unknown) => {
      if (!requireTrust()) return;
      const run = await pickRun(
        services.runs,
        given,
        'Run to evaluate',
        (r) => r.state === 'finished',
      );
      if (!run) return;
      const { device } = readSettings();
      const args = [cli, 'evaluate', run.folder, ...(device ? ['--device', device] : [])];
      try {
        await showPrinted(args, { progress: `Evaluating ${run.name}`, heading: run.name });
      } catch (error) {
        services.showError(error);
      }
    }),
  );
}
