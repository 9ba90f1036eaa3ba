// The workspace of the tests, in a folder of its own.
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export function makeWorkspace() {
  const workspace = mkdtempSync(join(tmpdir(), 'meddistill-workspace-'));
  const { status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'make-workspace.ts'), workspace],
    { cwd: resolve(import.meta.dirname, '../..'), stdio: 'inherit' },
  );
  if (status !== 0) throw new Error(`The workspace could not be made in ${workspace}.`);
  return workspace;
}
