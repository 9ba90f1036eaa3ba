// The folders that the tests work in: made, and taken away again.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** Runs one of the TypeScript files beside this one, which make folders. */
export function make(script, ...args) {
  const { status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, script), ...args],
    { cwd: root, stdio: 'inherit' },
  );
  if (status !== 0) throw new Error(`${script} ${args.join(' ')} ended with ${status}.`);
}

export function makeWorkspace() {
  const workspace = mkdtempSync(join(tmpdir(), 'meddistill-workspace-'));
  make('make-workspace.ts', workspace);
  return workspace;
}

/** A folder of extensions in which this one is installed, as a link to its sources: views of one under development are not restored. */
export function linkExtension() {
  const extensions = mkdtempSync(join(tmpdir(), 'meddistill-extensions-'));
  symlinkSync(root, join(extensions, 'meddistill.meddistill-0.0.0'));
  return extensions;
}

/** Takes folders away, into which an editor that is just ending may still write; with MEDDISTILL_KEEP they stay. */
export function removeFolders(...folders) {
  if (process.env.MEDDISTILL_KEEP) return;
  for (const folder of folders)
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
}
