// Tests in a real VS Code: `npm run test:vscode [-- PATTERN]`. The extension runs unpackaged in the extension host of a
// server, with a headless browser as the window; the tests are mocha's, inside the extension host. With --vsix FILE a
// packaged extension is installed and tested instead.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { install, installExtension, Unavailable } from './install.mjs';
import { withWorkbench } from './workbench.mjs';

const root = resolve(import.meta.dirname, '../..');
const out = join(root, '.vscode-test');
const minutes = 8;

const { values, positionals } = parseArgs({
  options: { vsix: { type: 'string' } },
  allowPositionals: true,
});

let tools;
try {
  tools = install();
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  console.log(`Tests in VS Code are skipped: ${error.message}.`);
  // Continuous integration has to run them.
  process.exit(process.env.CI ? 1 : 0);
}

await build({
  entryPoints: readdirSync(import.meta.dirname)
    .filter((name) => name === 'index.ts' || name.endsWith('.test.ts'))
    .map((name) => join(import.meta.dirname, name)),
  outdir: join(out, 'tests'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: 'inline',
  external: ['vscode', 'mocha'],
  logLevel: 'warning',
});

const workspace = mkdtempSync(join(tmpdir(), 'meddistill-workspace-'));
const made = spawnSync(
  process.execPath,
  ['--import', 'tsx', join(import.meta.dirname, 'make-workspace.ts'), workspace],
  { cwd: root, stdio: 'inherit' },
);
if (made.status !== 0) process.exit(1);

// Tests are run beside an extension under development: this one, or, where it is installed, one that does nothing.
let developed = root;
let extensions;
if (values.vsix) {
  extensions = join(out, 'extensions');
  rmSync(extensions, { recursive: true, force: true });
  installExtension(tools, resolve(values.vsix), extensions);
  developed = join(out, 'nothing');
  mkdirSync(developed, { recursive: true });
  const nothing = {
    name: 'nothing',
    publisher: 'test',
    version: '1.0.0',
    engines: { vscode: '*' },
  };
  writeFileSync(join(developed, 'package.json'), JSON.stringify(nothing));
}

let code;
try {
  code = await withWorkbench(
    tools,
    {
      pictures: join(out, 'pictures'),
      extensions,
      environment: {
        MEDDISTILL_TEST_GREP: positionals[0] ?? '',
        MEDDISTILL_TEST_COLOR: process.stdout.isTTY ? 'yes' : '',
      },
    },
    async ({ page, port, serverLog }) => {
      const remote = `vscode-remote://127.0.0.1:${port}`;
      const payload = JSON.stringify([
        ['extensionDevelopmentPath', remote + developed],
        ['extensionTestsPath', `${remote}${out}/tests/index.js`],
      ]);
      const ended = new Promise((resolvePromise) => {
        void page.exposeFunction('codeAutomationExit', resolvePromise);
      });
      await page.exposeFunction('codeAutomationLog', (type, args) => {
        if (process.env.MEDDISTILL_VERBOSE) console.log(type, ...args);
      });
      await page.goto(
        `http://127.0.0.1:${port}/?folder=${workspace}&payload=${encodeURIComponent(payload)}`,
      );
      const timeout = new Promise((resolvePromise) =>
        setTimeout(() => resolvePromise('timeout'), minutes * 60_000).unref(),
      );
      const result = await Promise.race([ended, timeout]);
      if (result !== 'timeout') return result;
      await page.screenshot({ path: join(out, 'pictures', 'timeout.png') });
      console.error(`The tests did not end within ${minutes} minutes.\n${serverLog()}`);
      return 1;
    },
  );
} finally {
  if (!process.env.MEDDISTILL_KEEP) rmSync(workspace, { recursive: true, force: true });
}
process.exit(code);
