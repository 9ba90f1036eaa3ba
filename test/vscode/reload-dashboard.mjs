// A dashboard of a run that goes on comes back where it was when the window is reloaded, and goes on; that of
// a run that is gone says so.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { out } from './host.mjs';
import { installOrSkip } from './install.mjs';
import { command, reloadWindow, webviewAsked } from './window.mjs';
import { withWorkbench } from './workbench.mjs';
import { linkExtension, make, removeFolders } from './workspace.mjs';

const tools = installOrSkip();
const pictures = join(out, 'pictures');
const extensions = linkExtension();
const workspace = mkdtempSync(join(tmpdir(), 'meddistill-dashboard-'));
const run = join(workspace, 'runs', 'live');
// Stands for the engine: a process whose command line names it.
const engine = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'cli.js']);

try {
  make('make-runs.ts', run, String(engine.pid));
  const options = { pictures, extensions, settings: { 'window.restoreWindows': 'all' } };
  await withWorkbench(tools, options, async ({ page, address }) => {
    const shown = webviewAsked(page, '.overview', pictures, 'reload-dashboard');
    const stage = () =>
      shown(`document.querySelector('[aria-current=step]').innerText`, 'its stage');

    await page.goto(address(workspace, {}));
    await page.locator('.statusbar-item', { hasText: 'left' }).waitFor({ timeout: 60_000 });
    await command(page, 'MedDistill: Open Dashboard');
    await shown(`document.querySelector('.badge').innerText === 'Running'`, 'the run');
    await shown(`(document.querySelectorAll('vscode-tab-header')[2].click(), true)`, 'a click');
    await shown(
      `document.querySelector('.results').innerText.includes('Latest Dice')`,
      'its results',
    );
    const before = await stage();
    await reloadWindow(page);
    await shown(
      `document.querySelector('vscode-tabs').selectedIndex === 2`,
      'the tab that was open',
    );
    assert.equal(await stage(), before);
    appendFileSync(join(run, 'metrics.jsonl'), readFileSync(join(run, 'later.jsonl')));
    await shown(
      `document.querySelector('[aria-current=step]').innerText !== ${JSON.stringify(before)}`,
      'further steps',
    );
    await page.screenshot({ path: join(pictures, 'reload-dashboard.png') });

    rmSync(run, { recursive: true });
    await reloadWindow(page);
    // Under test messages are in the window's notification centre alone.
    const said = page.locator('.notifications-center', {
      hasText: 'there is no run in that folder',
    });
    await command(page, 'Notifications: Show Notifications');
    await said.waitFor({ timeout: 60_000 });
  });
  console.log('  ✔ a dashboard comes back where it was after a reload, and goes on');
  console.log('  ✔ a dashboard whose run is gone says so');
  console.log('\n  2 passing');
} finally {
  engine.kill();
  removeFolders(workspace, extensions);
}
