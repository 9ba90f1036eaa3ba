// A dashboard of a run that goes on comes back where it was when the window is reloaded, and goes on; that of
// a run that is gone says so.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { out, root } from './host.mjs';
import { installOrSkip } from './install.mjs';
import { command, reloadWindow, webviewAsked } from './window.mjs';
import { withWorkbench } from './workbench.mjs';

const tools = installOrSkip();
const pictures = join(out, 'pictures');
// Views of an extension under development are not restored, so this one is installed, as a link to its sources.
const extensions = mkdtempSync(join(tmpdir(), 'meddistill-extensions-'));
symlinkSync(root, join(extensions, 'meddistill.meddistill-0.0.0'));
const workspace = mkdtempSync(join(tmpdir(), 'meddistill-dashboard-'));
const run = join(workspace, 'runs', 'live');
// Stands for the engine: a process whose command line names it.
const engine = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'cli.js']);

try {
  const made = spawnSync(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'make-runs.ts'), run, String(engine.pid)],
    { cwd: root, stdio: 'inherit' },
  );
  assert.equal(made.status, 0);
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
  for (const folder of [workspace, extensions])
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
}
