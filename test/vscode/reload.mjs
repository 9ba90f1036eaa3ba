// A run goes on while its window is reloaded, and is found again; the engine's server ends with the window.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { out, root } from './host.mjs';
import { installOrSkip } from './install.mjs';
import { makeWorkspace, removeFolders } from './workspace.mjs';
import { withWorkbench } from './workbench.mjs';

const tools = installOrSkip();
const workspace = makeWorkspace();
const pictures = join(out, 'pictures');

const until = async (probe, what, seconds = 60) => {
  for (const end = Date.now() + seconds * 1000; ; await delay(200)) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`Waited ${seconds} s for ${what}`);
  }
};
/** The record of the run in the workspace, once there is one. */
const record = () => {
  const runs = join(workspace, 'runs');
  const file = (existsSync(runs) ? readdirSync(runs) : [])
    .map((name) => join(runs, name, 'run.json'))
    .find((path) => existsSync(path));
  return file ? JSON.parse(readFileSync(file, 'utf8')) : null;
};
const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

let run;
try {
  await withWorkbench(tools, { pictures }, async ({ page, address }) => {
    const status = async () =>
      (await page.locator('.statusbar-item').allInnerTexts()).find((text) => /\d+%/.test(text));
    await page.goto(address(workspace, { extensionDevelopmentPath: root }));
    await page.getByRole('treeitem', { name: 'long.distill.jsonc' }).dblclick();
    const lens = page.locator('.codelens-decoration a', { hasText: 'Distill Student' });
    // A click is lost where the actions are drawn anew just then.
    for (let attempt = 1; !run; attempt++) {
      await lens.first().click({ timeout: 120_000 });
      run = await until(record, 'the run', 40).catch(async (error) => {
        await page.screenshot({ path: join(pictures, `reload-lost-${attempt}.png`) });
        if (attempt === 3) throw error;
      });
    }
    await until(status, 'the status bar', 120);

    await page.reload();
    await until(status, 'the status bar after the reload', 120);
    assert.ok(alive(run.pid), 'the run goes on');
    assert.equal(record().pid, run.pid, 'it is the same process');
    await page.screenshot({ path: join(pictures, 'reload.png') });
  });
  // Neither does the end of the editor end it.
  await delay(1000);
  assert.ok(alive(run.pid), 'the run outlives the editor');
  console.log('  ✔ a run outlives a reload and the editor, and is found again');
  console.log('\n  1 passing');
} finally {
  if (run && alive(run.pid)) process.kill(run.pid, 'SIGKILL');
  await delay(200);
  removeFolders(workspace);
}
