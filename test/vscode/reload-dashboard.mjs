// A dashboard of a run that goes on comes back where it was when the window is reloaded, and goes on.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
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
    /** What the dashboard's page says to `expression`, once it says something true. */
    const shown = async (expression, what) => {
      for (const end = Date.now() + 60_000; Date.now() < end; await delay(200))
        for (const frame of page.frames()) {
          const value = await frame
            .evaluate(`document.querySelector('.overview') && (${expression})`)
            .catch(() => null);
          if (value) return value;
        }
      await page.screenshot({ path: join(pictures, 'reload-dashboard-failed.png') });
      throw new Error(`Waited 60 s for ${what}`);
    };
    const stage = () =>
      shown(`document.querySelector('[aria-current=step]').innerText`, 'its stage');

    const command = async (title) => {
      await page.keyboard.press('F1');
      await page.keyboard.type(title, { delay: 5 });
      const row = page.locator('.quick-input-list .monaco-list-row', { hasText: title });
      await row.first().click();
    };

    await page.goto(address(workspace, {}));
    await page.locator('.statusbar-item', { hasText: 'left' }).waitFor({ timeout: 60_000 });
    await command('MedDistill: Open Dashboard');
    await shown(`document.querySelector('.badge').innerText === 'Running'`, 'the run');
    await shown(`(document.querySelectorAll('vscode-tab-header')[2].click(), true)`, 'a click');
    await shown(
      `document.querySelector('.results').innerText.includes('Latest Dice')`,
      'its results',
    );
    const before = await stage();
    // What a page keeps is written a moment after it changed.
    await delay(500);

    // As a user does it: then the editor writes down what is open before it goes.
    await command('Developer: Reload Window');
    await page.waitForEvent('load');
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
  });
  console.log('  ✔ a dashboard comes back where it was after a reload, and goes on');
  console.log('\n  1 passing');
} finally {
  engine.kill();
  for (const folder of [workspace, extensions])
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
}
