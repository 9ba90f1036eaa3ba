import * as vscode from 'vscode';
import { devicesNote, devicesTable } from '../engine/presentation/devices-table';
import { tableMarkdown } from '../engine/presentation/table';
import { withProgress } from './messages';
import type { Services } from './services';

/** "Check Devices": which devices work, how fast each is, and whether it computes what the processor does. */
export function registerCheckDevices(
  context: vscode.ExtensionContext,
  { engine, showError }: Services,
): void {
  const check = async () => {
    const checks = await withProgress('Checking devices', { cancellable: false }, () =>
      engine.request('checkDevices', null),
    );
    const content = `# Devices\n\n${tableMarkdown(devicesTable(checks))}\n\n${devicesNote}`;
    const document = await vscode.workspace.openTextDocument({ language: 'markdown', content });
    await vscode.window.showTextDocument(document);
    return checks;
  };
  context.subscriptions.push(
    vscode.commands.registerCommand('meddistill.checkDevices', () =>
      check().then(undefined, showError),
    ),
  );
}
