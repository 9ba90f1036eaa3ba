import * as vscode from 'vscode';
import { describeProgress } from '../engine/presentation/run-progress';
import { pick } from './messages';
import { progressTooltip, statusText } from './run-texts';
import type { Services } from './services';
import { tooltip } from './tooltip';

/** The status bar's item: stage, share and time left of the run that goes on, or how many do. */
export function registerStatus(context: vscode.ExtensionContext, { runs }: Services): void {
  const item = vscode.window.createStatusBarItem('meddistill.run', vscode.StatusBarAlignment.Left);
  item.name = 'MedDistill';
  item.command = 'meddistill.showRun';
  const update = () => {
    const running = runs.list().filter((run) => run.isRunning);
    if (running.length === 0) return item.hide();
    const text = statusText(running);
    item.text = `$(sync~spin) ${text}`;
    item.accessibilityInformation = { label: `MedDistill: ${text}`, role: 'button' };
    item.tooltip = tooltip(progressTooltip(running));
    item.show();
  };
  context.subscriptions.push(
    item,
    runs.onDidChange(update),
    vscode.commands.registerCommand('meddistill.showRun', async () => {
      const running = runs.list().filter((run) => run.isRunning);
      const picked = await pick(
        [
          ...running.flatMap((run) => [
            { icon: 'graph-line', label: 'Open Dashboard', command: 'openDashboard', run },
            { icon: 'debug-stop', label: 'Stop', command: 'stop', run },
          ]),
          { icon: 'output', label: 'Show Log', command: 'showLog', run: undefined },
        ].map((choice) => ({ ...choice, description: choice.run?.name })),
        { placeHolder: running.map((run) => describeProgress(run.progress)).join(', ') },
      );
      if (picked)
        await vscode.commands.executeCommand(`meddistill.${picked.command}`, picked.run?.folder);
    }),
  );
  update();
}
