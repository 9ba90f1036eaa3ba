import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Api } from '../../extension/extension';
import { notifications, palette, press, screenshot, texts, until, workspaceFile } from './bridge';

describe('Compare Methods', function () {
  this.timeout(400_000);
  let api: Api;
  const folder = workspaceFile('runs/few-compare').fsPath;
  const seed = (n: number) => join(folder, `seed${n}`);

  afterEach(() => vscode.commands.executeCommand('notifications.clearAll'));

  before(async () => {
    // The workspace's config with a student of few nodes, so that three seeds take seconds.
    const text = readFileSync(workspaceFile('tiny.distill.jsonc').fsPath, 'utf8');
    const few = text.replace(
      /"student": \{[^}]*\}/,
      '"student": { "network": "unet", "width": 2, "depth": 2 }',
    );
    assert.notEqual(few, text);
    writeFileSync(workspaceFile('few.distill.jsonc').fsPath, few);
    api = await vscode.extensions.getExtension<Api>('meddistill.meddistill')!.activate();
  });

  after(() => rmSync(workspaceFile('few.distill.jsonc').fsPath));

  it('asks which methods and how many seeds, runs each seed as a run, and opens the report', async () => {
    await vscode.window.showTextDocument(workspaceFile('few.distill.jsonc'));
    await palette('MedDistill: Compare Methods');
    await until(
      async () => (await texts('.quick-input-list .monaco-list-row')).length >= 3,
      'the methods',
    );
    await screenshot('compare-methods');
    const rows = await texts('.quick-input-list .monaco-list-row');
    assert.match(rows[0], /GKD.*\d+ steps/s, 'with what they cost');
    await press('Enter');
    await until(
      async () => (await texts('.quick-input-title')).some((text) => text.includes('Seeds')),
      'the seeds',
    );
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');

    await vscode.commands.executeCommand(
      'meddistill.compareMethods',
      workspaceFile('few.distill.jsonc'),
      { methods: ['kd', 'dkd'], seeds: '0..2' },
    );
    const run = await until(() => api.services.runs.get(seed(0)), 'the run of the first seed');
    await until(() => run.isRunning, 'its process');
    await until(
      async () => (await notifications()).some((text) => /seed 0, 1 of 3: /.test(text)),
      'the notification that tells the seed',
    );
    await screenshot('compare-running');

    // Stop ends all of it, and Resume on a seed goes on with all of it.
    await until(() => run.record?.plan.networks.some(({ name }) => name === 'dkd'), 'its plan');
    await vscode.commands.executeCommand('meddistill.stop', run.folder);
    await until(
      async () => (await notifications()).some((text) => /was stopped; it can go on/.test(text)),
      'the message that it was stopped',
    );
    await vscode.commands.executeCommand('notifications.clearAll');
    await until(() => run.canResume, 'that it can go on');
    await vscode.commands.executeCommand('meddistill.resume', run.folder);
    await until(() => run.isRunning, 'that it goes on', 60_000);

    await until(
      () => api.services.runs.get(seed(2))?.state === 'finished',
      'the end of the last seed',
      300_000,
    );
    for (const ending of ['md', 'html', 'csv', 'tex'])
      await until(() => existsSync(join(folder, `comparison.${ending}`)), ending, 30_000);
    await until(
      () =>
        vscode.window.tabGroups.all.some(({ tabs }) =>
          tabs.some(({ label }) => label === 'few-compare'),
        ),
      'the report',
      30_000,
    );
    await vscode.commands.executeCommand('notifications.clearAll');
    await screenshot('compare-report');
    for (const n of [0, 1, 2]) assert.equal(api.services.runs.get(seed(n))?.record?.seed, n);
    assert.ok(
      !(await notifications()).some((text) => /seed\d is finished/.test(text)),
      'no message of each seed',
    );
  });

  it('exports the comparison as LaTeX, and opens it again from a seed', async () => {
    const target = workspaceFile('tables.tex');
    await vscode.commands.executeCommand('meddistill.exportReport', folder, target);
    assert.match(readFileSync(target.fsPath, 'utf8'), /\\toprule[^]*Student, DKD/);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand('meddistill.openComparison', seed(1));
    await until(
      () =>
        vscode.window.tabGroups.all.some(({ tabs }) =>
          tabs.some(({ label }) => label === 'few-compare'),
        ),
      'the report',
    );
  });

  it('says in a sentence why none could be run', async () => {
    await vscode.commands.executeCommand(
      'meddistill.compareMethods',
      workspaceFile('few.distill.jsonc'),
      { methods: ['nosuch'], seeds: '0' },
    );
    const said = await until(
      async () =>
        (await notifications()).find((text) => /methods to compare do not fit/.test(text)),
      'the message',
      60_000,
    );
    assert.match(said, /methods\.0: "nosuch"/);
  });
});
