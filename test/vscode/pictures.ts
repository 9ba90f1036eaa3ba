/** Not a test: drives the window through everything there is to see, for pictures of it. Run by pictures.mjs. */
import * as vscode from 'vscode';
import type { Api } from '../../extension/extension';
import { inFrame, notifications, press, screenshot, texts, until, workspaceFile } from './bridge';

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('pictures', function () {
  this.timeout(400_000);
  const theme = process.env['MEDDISTILL_THEME']!;
  const picture = (name: string) => screenshot(`${name}-${theme}`);
  const closeAll = () => vscode.commands.executeCommand('workbench.action.closeAllEditors');
  let api: Api;

  before(async () => {
    api = await vscode.extensions.getExtension<Api>('meddistill.meddistill')!.activate();
    await vscode.commands.executeCommand('meddistill.runs.focus');
  });
  afterEach(async () => {
    await vscode.commands.executeCommand('notifications.clearAll');
    await vscode.commands.executeCommand('notifications.hideList');
  });

  const finished = () =>
    until(() => api.services.runs.list().find((run) => run.state === 'finished'), 'a finished run');

  it('of the config, with the hover of a domain', async () => {
    const document = await vscode.workspace.openTextDocument(workspaceFile('demo.distill.jsonc'));
    const editor = await vscode.window.showTextDocument(document);
    await until(
      async () => (await texts('.pane-body .monaco-list-row')).join().includes('12 cases'),
      'the survey',
    );
    const at = document.positionAt(document.getText().indexOf('"ct"') + 2);
    editor.selection = new vscode.Selection(at, at);
    await vscode.commands.executeCommand('editor.action.showHover');
    await until(
      async () => (await texts('.monaco-hover')).join().includes('12 cases'),
      'the hover',
    );
    await pause(1500);
    await picture('config');
    await press('Escape');
  });

  it('of a distillation under way', async () => {
    const { folder } = await vscode.commands.executeCommand<{ folder: string }>(
      'meddistill.distill',
      workspaceFile('demo.distill.jsonc'),
    );
    const run = api.services.runs.get(folder)!;
    await until(() => run.progress.step > 20, 'some steps', 200_000);
    await notifications();
    await pause(1500);
    await picture('distill');
    await vscode.commands.executeCommand('meddistill.stop', folder);
    await until(() => !run.isRunning, 'its end');
    await pause(500);
  });

  it('of the dashboard', async () => {
    await closeAll();
    const run = await finished();
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    await vscode.commands.executeCommand('meddistill.openDashboard', run.folder);
    await inFrame('canvas', 'return true');
    await pause(4000);
    await picture('dashboard');
  });

  it('of predictions side by side', async () => {
    await closeAll();
    const run = await finished();
    await vscode.commands.executeCommand('meddistill.comparePredictions', run.folder);
    await inFrame('canvas', 'return true');
    await pause(5000);
    await picture('predictions');
  });
});
