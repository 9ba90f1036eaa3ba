// Runs mocha tests in the extension host of a VS Code in a headless browser.
import { build } from 'esbuild';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { withWorkbench } from './workbench.mjs';
import { removeFolders } from './workspace.mjs';

export const root = resolve(import.meta.dirname, '../..');
/** What tests leave: pictures, and what they were made of. */
export const out = join(root, '.vscode-test');

/**
 * Bundles index.ts and the named test files, runs them beside the extension in `developed`, and resolves with the exit code.
 * `options` go to the workbench; `grep` chooses tests by name.
 */
export async function runTests(
  tools,
  { files, workspace, developed = root, grep = '', minutes, ...options },
) {
  mkdirSync(out, { recursive: true });
  const folder = mkdtempSync(join(out, 'tests-'));
  try {
    await build({
      entryPoints: ['index.ts', ...files].map((name) => join(import.meta.dirname, name)),
      outdir: folder,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      sourcemap: 'inline',
      // jsonc-parser's "main" cannot be bundled.
      mainFields: ['module', 'main'],
      external: ['vscode', 'mocha', 'onnxruntime-node', 'onnxruntime-web'],
      logLevel: 'warning',
    });
    const environment = {
      ...options.environment,
      MEDDISTILL_TEST_GREP: grep,
      MEDDISTILL_TEST_COLOR: process.stdout.isTTY ? 'yes' : '',
    };
    const pictures = options.pictures ?? join(out, 'pictures');
    return await withWorkbench(tools, { ...options, pictures, environment }, async (workbench) => {
      const { page, serverLog } = workbench;
      const ended = new Promise((done) => {
        void page.exposeFunction('codeAutomationExit', done);
      });
      await page.exposeFunction('codeAutomationLog', (type, args) => {
        if (process.env.MEDDISTILL_VERBOSE) console.log(type, ...args);
      });
      await page.goto(
        workbench.address(workspace, {
          extensionDevelopmentPath: developed,
          extensionTestsPath: join(folder, 'index.js'),
        }),
      );
      const timeout = new Promise((done) =>
        setTimeout(() => done('timeout'), minutes * 60_000).unref(),
      );
      const result = await Promise.race([ended, timeout]);
      if (result !== 'timeout') return result;
      await page.screenshot({ path: join(pictures, 'timeout.png') });
      console.error(`The tests did not end within ${minutes} minutes.\n${serverLog()}`);
      return 1;
    });
  } finally {
    removeFolders(folder);
  }
}
