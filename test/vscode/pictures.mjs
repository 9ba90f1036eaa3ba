// Makes the pictures of the walkthrough and the README from the real thing, in every kind of theme: `npm run pictures`.
// A finished demo is distilled once, in .vscode-test/project.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { out, root, runTests } from './host.mjs';
import { installOrSkip } from './install.mjs';

const themes = {
  dark: 'Default Dark Modern',
  light: 'Default Light Modern',
  hc: 'Default High Contrast',
};
const tools = installOrSkip();
const project = join(out, 'project');
if (!existsSync(join(project, 'run', 'report.json'))) {
  const { status } = spawnSync(process.execPath, ['dist/cli.js', 'demo', '--out', project], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
}
const made = join(out, 'pictures');
const kept = join(root, 'media/walkthrough');
mkdirSync(kept, { recursive: true });
for (const [name, colorTheme] of Object.entries(themes)) {
  // What the pictures of another theme left.
  rmSync(join(project, 'runs'), { recursive: true, force: true });
  const code = await runTests(tools, {
    files: ['pictures.ts'],
    workspace: project,
    minutes: 10,
    viewport: { width: 1280, height: 800 },
    settings: {
      'workbench.colorTheme': colorTheme,
      'window.title': 'MedDistill',
    },
    environment: { MEDDISTILL_THEME: name },
  });
  if (code !== 0) process.exit(1);
  for (const view of ['config', 'distill', 'dashboard', 'predictions'])
    copyFileSync(join(made, `${view}-${name}.png`), join(kept, `${view}-${name}.png`));
}
