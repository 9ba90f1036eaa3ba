import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Api } from '../../extension/extension';
import manifest from '../../package.json';
import { press, screenshot, texts, type, until, workspaceFile } from './bridge';

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
    const record = {
      state: 'running',
      // No process has this id.
      pid: 2 ** 22 + 1,
      config: workspaceFile('tiny.distill.jsonc').fsPath,
      variables: {},
      seed: 7,
      started: new Date().toISOString(),
      device: { name: 'cpu', description: 'a processor', threads: 2 },
    };
    const folder = workspaceFile('runs/tiny-left').fsPath;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'run.json'), JSON.stringify(record));
    await vscode.commands.executeCommand('meddistill.refreshRuns');
    await vscode.commands.executeCommand('meddistill.runs.focus');
    await until(async () => (await rows()).join().includes('interrupted'), 'the run');
    assert.ok(
      (await rows()).some((row) => row.includes('tiny')),
      'under its config',
    );
    await screenshot('view-runs');
    rmSync(folder, { recursive: true });
    await vscode.commands.executeCommand('meddistill.refreshRuns');
    await until(async () => !(await rows()).join().includes('interrupted'), 'its end');
  });

  it('has tasks for the configs', async () => {
    const tasks = await vscode.tasks.fetchTasks({ type: 'meddistill' });
    assert.ok(
      tasks.some(({ definition }) => definition['config'] === 'tiny.distill.jsonc'),
      tasks.map(({ name }) => name).join(),
    );
  });

  it('shows what a task finds wrong with a config at its place', async () => {
    const tasks = await vscode.tasks.fetchTasks({ type: 'meddistill' });
    const task = tasks.find(({ definition }) => definition['config'] === 'broken.distill.jsonc');
    const ended = new Promise<number | undefined>((resolve) => {
      const subscription = vscode.tasks.onDidEndTaskProcess(({ exitCode }) => {
        subscription.dispose();
        resolve(exitCode);
      });
    });
    await vscode.tasks.executeTask(task!);
    assert.equal(await ended, 2);
    const [problem] = await until(() => {
      const found = vscode.languages
        .getDiagnostics(workspaceFile('broken.distill.jsonc'))
        .filter(({ message }) => message.includes('is unknown; allowed are'));
      return found.length > 0 && found;
    }, 'the problem');
    assert.equal(problem.range.start.line, 11);
    await vscode.commands.executeCommand('workbench.action.closePanel');
  });

  it('proposes a config for a folder of images and labels', async () => {
    const command = vscode.commands.executeCommand<string>(
      'meddistill.newConfig',
      workspaceFile(''),
    );
    await until(
      async () => (await texts('.quick-input-widget')).join().includes('What do the labels show'),
      'the question',
    );
    await type('Liver');
    await press('Enter');
    const config = await command;
    assert.ok(config.endsWith('/liver.distill.jsonc'), config);
    const text = vscode.window.activeTextEditor!.document.getText();
    assert.match(text, /"images": "ct\/images\/\{case\}.nii.gz"/);
    assert.match(text, /"classes": \[\s*"Liver"\s*\]/);
    await until(
      async () => (await rows()).join().includes('source, 12 cases'),
      'the domains of the new config',
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
