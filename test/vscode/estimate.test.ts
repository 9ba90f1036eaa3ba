import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { MachineEstimate } from '../../engine/contract/estimate';
import type { RunRecord } from '../../engine/contract/run-record';
import { secondsOf } from '../../engine/presentation/estimate-table';
import type { Api } from '../../extension/extension';
import {
  click,
  notifications,
  palette,
  press,
  screenshot,
  texts,
  type,
  until,
  workspaceFile,
} from './bridge';

describe('Estimate Cost', function () {
  this.timeout(400_000);
  let api: Api;
  const costly = workspaceFile('costly.distill.jsonc');
  const clear = () => vscode.commands.executeCommand('notifications.clearAll');
  const lens = '.codelens-decoration a';
  const lenses = async () => (await texts(lens)).map((text) => text.replaceAll('\u00a0', ' '));
  const said = (pattern: RegExp, milliseconds?: number) =>
    until(
      async () => (await notifications()).find((text) => pattern.test(text)),
      `the message ${pattern}`,
      milliseconds,
    );
  const choices = async () => {
    await until(
      async () => (await texts('.quick-input-list .monaco-list-row')).length > 0,
      'the choices',
    );
    return texts('.quick-input-list .monaco-list-row');
  };

  afterEach(async () => {
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await clear();
  });

  before(async () => {
    // The workspace's config with so many steps that they take hours anywhere, and far less than 100.
    const text = readFileSync(workspaceFile('tiny.distill.jsonc').fsPath, 'utf8');
    const many = text.replaceAll('"steps": 10 ', '"steps": 100000 ');
    assert.notEqual(many, text);
    writeFileSync(costly.fsPath, many);
    api = await vscode.extensions.getExtension<Api>('meddistill.meddistill')!.activate();
  });

  after(async () => {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    rmSync(costly.fsPath);
  });

  it('tells time and memory above the config and stage by stage, until the config changes', async () => {
    const document = await vscode.workspace.openTextDocument(costly);
    await vscode.window.showTextDocument(document);
    await until(async () => (await lenses()).includes('Estimate Cost'), 'the way to an estimate');
    await palette('MedDistill: Estimate Cost');
    await said(/Estimating the cost of costly/);
    await screenshot('estimate-running');
    const message = await said(
      /costly takes about [\d hmin]+, [\d.]+ [MG]B on this machine/,
      300_000,
    );
    const [, cost] = /takes a(bout .* on this machine)/.exec(message)!;
    const shown = await until(
      async () => (await lenses()).find((text) => text === `A${cost}`),
      'the cost above the config',
    );
    await screenshot('estimate-lens');
    assert.equal(
      api.services.runs.list().filter((run) => run.name.startsWith('costly')).length,
      0,
      'no run was started',
    );

    await clear();
    await click(`${lens}:has-text("on this machine")`);
    await until(
      () => vscode.window.activeTextEditor?.document.languageId === 'markdown',
      'the table',
    );
    const table = vscode.window.activeTextEditor!.document.getText();
    for (const row of [/\| Teacher +\| +100000 \|/, /\| Distillation +\|/, /\| All +\|/])
      assert.match(table, row);
    await said(/costly takes about/);
    await screenshot('estimate-stages');
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');

    await vscode.window.showTextDocument(document);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 1), ' ');
    assert.ok(await vscode.workspace.applyEdit(edit));
    await until(async () => (await lenses()).includes('Estimate Cost'), 'that it is unknown');
    await vscode.commands.executeCommand('workbench.action.files.revert');
    await until(async () => (await lenses()).includes(shown), 'that it is known again');
  });

  it('lets choose how long a run may take before one starts that is known to be long', async () => {
    const known = await vscode.commands.executeCommand<MachineEstimate>(
      'meddistill.estimateCost',
      costly,
    );
    assert.ok(secondsOf(known) > 3600, `${secondsOf(known)} s`);
    await said(/costly takes about/);
    await click('.notifications-center .monaco-button:has-text("Make It Fit")');
    assert.match((await choices())[0], /As it is/);
    await press('Escape');
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await clear();
    await vscode.window.showTextDocument(costly);

    // Who makes no choice starts nothing.
    const given = vscode.commands.executeCommand('meddistill.distill', costly);
    const offered = await choices();
    await screenshot('estimate-make-it-fit');
    assert.match(offered[0], /As it is/);
    assert.equal(
      offered.some((text) => text.includes('A night')),
      secondsOf(known) > 8 * 3600,
    );
    await press('Escape');
    assert.equal(await given, undefined);
    const isOfCostly = (run: { name: string }) => run.name.startsWith('costly');
    assert.equal(api.services.runs.list().filter(isOfCostly).length, 0);

    const command = vscode.commands.executeCommand<{ folder: string }>(
      'meddistill.distill',
      costly,
    );
    await choices();
    await click('.quick-input-list .monaco-list-row:has-text("Another time")');
    await until(
      async () => (await texts('.quick-input-title')).some((text) => text.includes('Make It Fit')),
      'the question for another time',
    );
    await type('soon');
    await until(
      async () => (await texts('.quick-input-message')).some((text) => /as in 45s/.test(text)),
      'that it is no time',
    );
    await screenshot('estimate-no-time');
    await press('Control+A');
    await type('59m');
    await press('Enter');
    const { folder } = await command;
    const run = api.services.runs.get(folder)!;
    try {
      const record = join(folder, 'run.json');
      const read = () => JSON.parse(readFileSync(record, 'utf8')) as RunRecord;
      await until(() => existsSync(record) && read().estimate, 'what the run will take', 300_000);
      const { scale, estimate } = read();
      assert.ok(scale! < 1, `${scale}`);
      assert.ok(secondsOf(estimate!) < 59 * 60, `${secondsOf(estimate!)} s`);
    } finally {
      await vscode.commands.executeCommand('meddistill.stop', folder);
      await until(() => !run.isRunning, 'its end');
    }
  });

  it('is called off in the notification, and leaves no process', async () => {
    const command = vscode.commands.executeCommand(
      'meddistill.estimateCost',
      workspaceFile('long.distill.jsonc'),
    );
    await said(/Estimating the cost of long/);
    await until(() => processesOf('long').length > 0, 'its process');
    // Asked twice, it is made once.
    assert.equal(
      await vscode.commands.executeCommand(
        'meddistill.estimateCost',
        workspaceFile('long.distill.jsonc'),
      ),
      undefined,
    );
    await said(/being estimated already/);
    await click('.notifications-center .monaco-button:has-text("Cancel")');
    assert.equal(await command, undefined);
    assert.deepEqual(processesOf('long'), []);
    await vscode.window.showTextDocument(workspaceFile('long.distill.jsonc'));
    await until(async () => (await lenses()).includes('Estimate Cost'), 'that it is unknown');
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });

  it('says what is wrong with a config instead of estimating it, and what is no time', async () => {
    const broken = vscode.commands.executeCommand(
      'meddistill.estimateCost',
      workspaceFile('broken.distill.jsonc'),
    );
    await said(/broken cannot be run/);
    await clear();
    assert.equal(await broken, undefined);
    await vscode.commands.executeCommand('meddistill.estimateCost', costly, { time: 'soon' });
    await said(/"soon", and must be a time, as in 45s/);
  });
});

/** Processes that estimate a config of the workspace. */
const processesOf = (name: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      const config = workspaceFile(`${name}.distill.jsonc`).fsPath;
      return command.includes('estimate') && command.includes(config);
    } catch {
      // It has ended, or is no process.
      return false;
    }
  });
