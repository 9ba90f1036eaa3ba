// The viewer comes back where it was when the window is reloaded: the panel of a run, and the editor of a file.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { out, root } from './host.mjs';
import { installOrSkip } from './install.mjs';
import { withWorkbench } from './workbench.mjs';

const tools = installOrSkip();
const pictures = join(out, 'pictures');
// Views of an extension under development are not restored, so this one is installed, as a link to its sources.
const extensions = mkdtempSync(join(tmpdir(), 'meddistill-extensions-'));
symlinkSync(root, join(extensions, 'meddistill.meddistill-0.0.0'));
const workspace = mkdtempSync(join(tmpdir(), 'meddistill-viewer-'));

try {
  const made = spawnSync(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'make-viewer-run.ts'), workspace],
    { cwd: root, stdio: 'inherit' },
  );
  assert.equal(made.status, 0);
  const options = { pictures, extensions, settings: { 'window.restoreWindows': 'all' } };
  await withWorkbench(tools, options, async ({ page, address }) => {
    /** What the page of a viewer says to `expression`, once it says something true. */
    const shown = async (expression, what) => {
      for (const end = Date.now() + 60_000; Date.now() < end; await delay(200))
        for (const frame of page.frames()) {
          const value = await frame
            .evaluate(`document.querySelector('.viewer canvas') && (${expression})`)
            .catch(() => null);
          if (value) return value;
        }
      await page.screenshot({ path: join(pictures, 'reload-viewer-failed.png') });
      throw new Error(`Waited 60 s for ${what}`);
    };
    const status = `document.querySelector('.status').innerText`;
    const command = async (title) => {
      // A window that is just starting loses keys.
      for (let attempt = 0; ; attempt++) {
        await page.keyboard.press('F1');
        await page.keyboard.type(title, { delay: 5 });
        const row = page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
        try {
          return await row.click({ timeout: 10_000 });
        } catch (error) {
          if (attempt === 3) throw error;
          await page.keyboard.press('Escape');
        }
      }
    };
    const reload = async () => {
      // What a page keeps is written a moment after it changed.
      await delay(500);
      await command('Developer: Reload Window');
      await page.waitForEvent('load');
    };

    await page.goto(address(workspace, {}));
    await page.getByRole('treeitem', { name: 'ct', exact: true }).waitFor({ timeout: 60_000 });
    await command('MedDistill: Compare Predictions');
    await shown(`${status}.includes('fundus / eye')`, 'a case');
    await command('MedDistill: Viewer: Next Case');
    await shown(
      `(document.querySelector('[data-pane=teacher] .stage').focus(), document.querySelector('vscode-toolbar-button[label="Show Teacher"]').shadowRoot.querySelector('button').click(), true)`,
      'a click',
    );
    await shown(`!document.querySelector('[data-pane=teacher]')`, 'the panes without the teacher');
    await reload();
    await shown(`${status}.includes('fundus / eye')`, 'the case again');
    assert.equal(await shown(`!document.querySelector('[data-pane=teacher]')`, 'the panes'), true);
    await command('View: Close All Editors');

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
    await command('MedDistill: Viewer: Coronal');
    const before = await shown(`${status}.includes('Coronal') && ${status}`, 'its coronal view');
    await reload();
    assert.equal(await shown(`${status}.includes('Coronal') && ${status}`, 'the view'), before);
    await shown(`document.querySelectorAll('.layer').length === 1`, 'its overlay');
    await page.screenshot({ path: join(pictures, 'reload-viewer.png') });
  });
  console.log('  ✔ the viewer comes back where it was after a reload, of a run and of a file');
  console.log('\n  1 passing');
} finally {
  for (const folder of [workspace, extensions])
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
}
