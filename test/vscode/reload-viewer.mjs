// The viewer comes back where it was when the window is reloaded: the panel of a run, and the editor of a file.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { out } from './host.mjs';
import { installOrSkip } from './install.mjs';
import { command, reloadWindow, webviewAsked } from './window.mjs';
import { withWorkbench } from './workbench.mjs';
import { linkExtension, make, removeFolders } from './workspace.mjs';

const tools = installOrSkip();
const pictures = join(out, 'pictures');
const extensions = linkExtension();
const workspace = mkdtempSync(join(tmpdir(), 'meddistill-viewer-'));

try {
  make('make-viewer-run.ts', workspace);
  const options = { pictures, extensions, settings: { 'window.restoreWindows': 'all' } };
  await withWorkbench(tools, options, async ({ page, address }) => {
    const shown = webviewAsked(page, '.viewer canvas', pictures, 'reload-viewer');
    const status = `document.querySelector('.status').innerText`;
    await page.goto(address(workspace, {}));
    await page.getByRole('treeitem', { name: 'ct', exact: true }).waitFor({ timeout: 60_000 });
    await command(page, 'MedDistill: Compare Predictions');
    await shown(`${status}.includes('fundus / eye')`, 'a case');
    await command(page, 'MedDistill: Viewer: Next Case');
    await shown(
      `(document.querySelector('[data-pane=teacher] .stage').focus(), document.querySelector('vscode-toolbar-button[label="Show Teacher"]').shadowRoot.querySelector('button').click(), true)`,
      'a click',
    );
    await shown(`!document.querySelector('[data-pane=teacher]')`, 'the panes without the teacher');
    await reloadWindow(page);
    await shown(`${status}.includes('fundus / eye')`, 'the case again');
    assert.equal(await shown(`!document.querySelector('[data-pane=teacher]')`, 'the panes'), true);
    await command(page, 'View: Close All Editors');

    for (const name of ['ct', 'images'])
      await page.getByRole('treeitem', { name, exact: true }).first().click();
    await page.getByRole('treeitem', { name: 'ct1.nii.gz' }).click({ button: 'right' });
    // A menu that has just opened ignores clicks.
    await delay(500);
    await page.getByRole('menuitem', { name: 'Open in Viewer' }).click();
    await shown(`${status}.includes('Axial 5 / 10')`, 'the file');
    // Files of the Explorer are dropped on a page with Shift.
    await page.getByRole('treeitem', { name: 'run', exact: true }).click();
    await page.getByRole('treeitem', { name: 'ct1.nii.gz' }).last().hover();
    await page.mouse.down();
    await page.keyboard.down('Shift');
    await page.mouse.move(900, 400, { steps: 10 });
    await page.mouse.move(905, 405, { steps: 5 });
    await page.mouse.up();
    await page.keyboard.up('Shift');
    await shown(`document.querySelectorAll('.layer').length === 1`, 'the dropped overlay');
    await command(page, 'MedDistill: Viewer: Coronal');
    const before = await shown(`${status}.includes('Coronal') && ${status}`, 'its coronal view');
    await reloadWindow(page);
    assert.equal(await shown(`${status}.includes('Coronal') && ${status}`, 'the view'), before);
    await shown(`document.querySelectorAll('.layer').length === 1`, 'its overlay');
    await page.screenshot({ path: join(pictures, 'reload-viewer.png') });
  });
  console.log('  ✔ the viewer comes back where it was after a reload, of a run and of a file');
  console.log('\n  1 passing');
} finally {
  removeFolders(workspace, extensions);
}
