import * as vscode from 'vscode';
import { formatDuration } from '../engine/presentation/duration';
import { stageTitle } from '../engine/presentation/networks';
import { describeProgress, secondsLeft, shareDone } from '../engine/presentation/run-progress';
import type { Services } from './services';

/** The status bar's item: stage, share and time left of the run that goes on, or how many do. */
export function registerStatus(context: vscode.ExtensionContext, { runs }: Services): void {
  const item = vscode.window.createStatusBarItem('meddistill.run', vscode.StatusBarAlignment.Left);
  item.name = 'MedDistill';
  item.command = 'meddistill.showRun';
  const update = () => {
    const running = runs.list().filter((run) => run.isRunning);
    if (running.length === 0) return item.hide();
    const [run] = running;
    const share = shareDone(run.progress);
    const left = secondsLeft(run.progress);
    const stage = run.progress.stage;
    const text =
      running.length > 1
        ? `${running.length} distillations`
        : [
            stage === null ? 'Reading the cohort' : stageTitle(run.progress.plan, stage),
            ...(share === null ? [] : [`${Math.floor(share * 100)}%`]),
            ...(left === null ? [] : [`${formatDuration(left)} left`]),
          ].join(' · ');
    item.text = `$(sync~spin) ${text}`;
    item.accessibilityInformation = { label: `MedDistill: ${text}`, role: 'button' };
    item.tooltip = new vscode.MarkdownString(
      running.map((r) => `**${r.name}**: ${describeProgress(r.progress)}`).join('\n\n'),
    );
    item.show();
  };
  context.subscriptions.push(
    item,
    runs.onDidChange(update),
    vscode.commands.registerCommand('meddistill.showRun', async () => {
      const running = runs.list().filter((run) => run.isRunning);
      const picked = await vscode.window.showQuickPick(
        [
          ...running.flatMap((run) => [
            { label: '$(graph-line) Open Dashboard', command: 'openDashboard', run },
            { label: '$(debug-stop) Stop', command: 'stop', run },
          ]),
          { label: '$(output) Show Log', command: 'showLog', run: undefined },
        ].map((choice) => ({ ...choice, description: choice.run?.name })),
        { placeHolder: running.map((run) => describeProgress(run.progress)).join(', ') },
      );
      if (picked)
        await vscode.commands.executeCommand(`meddistill.${picked.command}`, picked.run?.folder);
    }),
  );
  update();
}
