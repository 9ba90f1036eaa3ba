// Tests in a real VS Code: `npm run test:vscode [-- PATTERN]`. The extension runs unpackaged in the extension host of a
// server, with a headless browser as the window; the tests are mocha's, inside the extension host. With --vsix FILE a
// packaged extension is installed and tested instead.
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { out, root, runTests } from './host.mjs';
import { installExtension, installOrSkip } from './install.mjs';
import { makeWorkspace, removeFolders } from './workspace.mjs';

const { values, positionals } = parseArgs({
  options: { vsix: { type: 'string' } },
  allowPositionals: true,
});
const tools = installOrSkip();

// Tests are run beside an extension under development: this one, or, where it is installed, one that does nothing.
let developed = root;
let installed;
let extensions;
if (values.vsix) {
  // Outside of the checkout, whose node_modules would lend it what it lacks.
  installed = mkdtempSync(join(tmpdir(), 'meddistill-installed-'));
  extensions = join(installed, 'extensions');
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

const workspace = makeWorkspace();
let code;
try {
  code = await runTests(tools, {
    files: readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts')),
    workspace,
    developed,
    extensions,
    grep: positionals[0],
    minutes: 15,
  });
} finally {
  removeFolders(workspace, ...(installed ? [installed] : []));
}
process.exit(code);
