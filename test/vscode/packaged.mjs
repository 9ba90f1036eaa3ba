// Packages the extension for this platform, with its native runtime and with the WASM runtime alone, installs each in a VS
// Code, and runs a distillation from the palette: `npm run test:vsix`.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const node = (args, environment = {}) => {
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  if (status !== 0) process.exit(status ?? 1);
};

for (const [flags, suffix, device] of [
  [[], '', 'cpu'],
  [['--wasm'], '-wasm', 'wasm'],
]) {
  node(['scripts/package.mjs', ...flags]);
  const vsix = `vsix/${name}-${version}-${process.platform}-${process.arch}${suffix}.vsix`;
  node(['test/vscode/run.mjs', '--vsix', vsix, 'palette to its end'], {
    MEDDISTILL_TEST_DEVICE: device,
  });
}
