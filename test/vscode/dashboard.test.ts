import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Api } from '../../extension/extension';
import { encodePng } from '../../engine/images/png';
import { makeRun } from '../engine/report/made-folder';
import { click, inFrame, screenshot, until, workspaceFile } from './bridge';

describe('the dashboard in the editor', function () {
  this.timeout(240_000);
  let api: Api;
  const folder = workspaceFile('runs/made').fsPath;
  const other = workspaceFile('runs/other').fsPath;

  before(async () => {
    makeRun(folder, true);
    makeRun(other, true, 2);
    const pictures = join(folder, 'graphs', 'views');
    await vscode.workspace.fs.createDirectory(vscode.Uri.file(pictures));
    for (let image = 0; image < 4; image++)
      for (let view = 0; view < 5; view++)
        writeFileSync(
          join(pictures, `b${image}-v${view}.png`),
          encodePng(
            Uint8Array.from({ length: 256 }, (_, i) => (i * (image + 1) * (view + 2)) % 256),
            16,
            16,
          ),
        );
    api = await vscode.extensions.getExtension<Api>('meddistill.meddistill')!.activate();
  });
  afterEach(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  const page = <T>(expression: string) =>
    inFrame('.overview', `return ${expression};`) as Promise<T>;
  const shows = (expression: string, what: string) =>
    until(() => page<boolean>(expression).catch(() => false), what, 60_000);
  const text = (selector: string) =>
    page<string>(`document.querySelector('${selector}').innerText`);
  const openTab = async (index: number) => {
    await page(`document.querySelectorAll('vscode-tab-header')[${index}].click()`);
  };

  it('shows a finished run: charts, graphs with their pictures, results', async () => {
    await vscode.commands.executeCommand('meddistill.openDashboard', folder);
    await shows(`!!document.querySelector('.legend button')`, 'the charts');
    assert.match(await text('.overview'), /made[^]*Finished/);
    assert.ok((await page<number>(`document.querySelectorAll('.u-wrap canvas').length`)) > 0);
    await screenshot('dashboard-training');

    await openTab(1);
    await shows(`!!document.querySelector('canvas.heatmap').width`, 'the graphs');
    await page(`document.querySelector('canvas.heatmap').focus()`);
    await page(
      `document.querySelector('canvas.heatmap').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }))`,
    );
    await shows(
      `[...document.querySelectorAll('.pair img')].filter((i) => i.naturalWidth === 16).length === 2`,
      'the pictures behind a cell',
    );
    await screenshot('dashboard-graphs');

    await openTab(2);
    await shows(
      `document.querySelector('.results').innerText.includes('Networks by domain')`,
      'the results',
    );
    assert.match(await text('.verdict'), /On mr \(target, 2 cases\) the distilled student's Dice/);
    await screenshot('dashboard-results');
  });

  it('is found again as it was left when it is hidden and shown', async () => {
    await vscode.commands.executeCommand('meddistill.openDashboard', folder);
    await shows(`!!document.querySelector('.legend button')`, 'the charts');
    await openTab(2);
    await shows(
      `document.querySelector('.results').innerText.includes('Dice by case')`,
      'the results',
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    await vscode.window.showTextDocument(workspaceFile('tiny.distill.jsonc'), {
      viewColumn: vscode.window.tabGroups.activeTabGroup.viewColumn,
    });
    await vscode.commands.executeCommand('meddistill.openDashboard', folder);
    await shows(
      `document.querySelector('vscode-tabs').selectedIndex === 2 && document.querySelector('.results').innerText.includes('Dice by case')`,
      'the tab that was looked at',
    );
  });

  it('overlays runs, with their numbers and what differs in their configs', async () => {
    await vscode.commands.executeCommand('meddistill.compareRuns', folder, [folder, other]);
    await shows(
      `document.querySelectorAll('.comparison .legend button').length === 2`,
      'two curves',
    );
    await shows(
      `document.querySelector('.comparison').innerText.includes('Differences of the configs')`,
      'the tables',
    );
    assert.match(await text('.comparison'), /run: seed\s+1\s+2/);
    await screenshot('dashboard-compare');
  });

  it('exports the report', async () => {
    for (const format of ['html', 'md', 'csv']) {
      const target = workspaceFile(`report.${format}`);
      await vscode.commands.executeCommand('meddistill.exportReport', folder, target);
      assert.ok(readFileSync(target.fsPath, 'utf8').includes('Student, distilled'), format);
    }
  });

  it('saves a chart where the user says', async () => {
    await vscode.commands.executeCommand('meddistill.openDashboard', folder);
    await shows(`!!document.querySelector('.legend button')`, 'the charts');
    const target = workspaceFile('runs/loss-distillation.png').fsPath;
    await page(
      `[...document.querySelectorAll('vscode-toolbar-button')].find((b) => b.getAttribute('label') === 'Save as PNG').shadowRoot.querySelector('button').click()`,
    );
    // The editor's own dialog, with the name filled in.
    await click('.quick-input-widget .monaco-button:has-text("OK")');
    await until(() => existsSync(target), 'the file');
    assert.deepEqual([...readFileSync(target).subarray(1, 4)], [...Buffer.from('PNG')]);
  });

  it('watches a tiny distillation to its end', async () => {
    const { folder: live } = await vscode.commands.executeCommand<{ folder: string }>(
      'meddistill.distill',
      workspaceFile('tiny.distill.jsonc'),
    );
    await vscode.commands.executeCommand('meddistill.openDashboard', live);
    await shows(`document.querySelector('.badge').innerText === 'Running'`, 'the run');
    await shows(`!!document.querySelector('.plot canvas')`, 'its first steps');
    await screenshot('dashboard-live');
    const run = api.services.runs.get(live)!;
    await until(() => run.state === 'finished', 'the end of the run', 200_000);
    await shows(`document.querySelector('.badge').innerText === 'Finished'`, 'the end on the page');
    assert.equal(
      await page<number>(
        `[...document.querySelectorAll('.stages progress')].filter((p) => p.value === 1).length`,
      ),
      7,
    );
    await openTab(2);
    await shows(
      `document.querySelector('.results').innerText.includes('Networks by domain')`,
      'the results',
    );
    await openTab(1);
    await shows(`!!document.querySelector('canvas.heatmap').width`, 'the graphs');
    await shows(`document.querySelector('.pair').innerText.length > 0`, 'the pair');
    await screenshot('dashboard-live-graphs');
  });
});
