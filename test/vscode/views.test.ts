import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import type { Api } from '../../extension/extension';
import manifest from '../../package.json';
import { screenshot, texts, until, workspaceFile } from './bridge';

describe('around the editor', function () {
  this.timeout(120_000);

  before(async () => {
    await vscode.extensions.getExtension<Api>('meddistill.meddistill')!.activate();
  });
  afterEach(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  const rows = () => texts('.pane-body .monaco-list-row');

  it('every command of the manifest does something, and every one that does is in it', async () => {
    const registered = (await vscode.commands.getCommands(true)).filter(
      (command) =>
        command.startsWith('meddistill.') &&
        // Those that the editor itself makes for views.
        !/^meddistill\.(runs|domains)\./.test(command),
    );
    assert.deepEqual(
      registered.sort(),
      manifest.contributes.commands.map(({ command }) => command).sort(),
    );
  });

  it('makes a sample project, and shows its domains', async () => {
    const config = await vscode.commands.executeCommand<string>(
      'meddistill.createSample',
      workspaceFile('').fsPath,
    );
    assert.ok(existsSync(config));
    assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, config);
    await vscode.commands.executeCommand('meddistill.domains.focus');
    await until(async () => (await rows()).join().includes('source, 12 cases'), 'the domains');
    await screenshot('view-domains');
  });

  it('shows runs with their state by config', async () => {
    await vscode.commands.executeCommand('meddistill.runs.focus');
    await screenshot('view-runs');
  });

  it('has tasks for the configs', async () => {
    const tasks = await vscode.tasks.fetchTasks({ type: 'meddistill' });
    assert.ok(
      tasks.some(({ definition }) => definition['config'] === 'tiny.distill.jsonc'),
      tasks.map(({ name }) => name).join(),
    );
  });

  it('copies diagnostics that name versions, device and settings', async () => {
    await vscode.window.showTextDocument(workspaceFile('tiny.distill.jsonc'));
    const report = await vscode.commands.executeCommand<string>('meddistill.copyDiagnostics');
    assert.equal(await vscode.env.clipboard.readText(), report);
    for (const part of [
      /VS Code: \d/,
      /MedDistill: \d/,
      /ONNX Runtime: 1\./,
      /Device: \w+ \(.+\), \d+ threads/,
      /"classes": \["liver"\]/,
      /Last lines of the extension\n\n```\n.*\[info\]/,
    ])
      assert.match(report, part);
  });

  it('opens its walkthrough', async () => {
    await vscode.commands.executeCommand(
      'workbench.action.openWalkthrough',
      'meddistill.meddistill#start',
    );
    await until(
      async () => (await texts('.getting-started-step')).join().includes('Make a sample project'),
      'the steps',
    );
    await screenshot('walkthrough');
  });
});
