import * as vscode from 'vscode';
import { inform, pick } from './messages';
import type { RunModel } from './run-model';
import type { RunRegistry } from './run-registry';

/** The run that a command is about: handed over as folder, model or tree item, the only fitting one, or the one picked. */
export async function pickRun(
  runs: RunRegistry,
  given: unknown,
  placeHolder: string,
  fits: (run: RunModel) => boolean = () => true,
): Promise<RunModel | undefined> {
  const folder = folderOf(given);
  if (folder !== undefined) return runs.add(folder);
  // In a window that has just opened they may not have been looked for yet.
  if (!runs.list().some(fits)) await runs.find();
  const fitting = runs.list().filter(fits);
  if (fitting.length === 0) {
    void inform(`${placeHolder}: there is none.`);
    return undefined;
  }
  if (fitting.length === 1) return fitting[0];
  const picked = await pick(
    fitting.map((run) => ({
      label: run.name,
      description: run.state,
      detail: vscode.workspace.asRelativePath(run.folder),
      run,
    })),
    { placeHolder, matchOnDetail: true },
  );
  return picked?.run;
}

/** The folder in a command's argument: itself, or as `folder` of an object such as a tree's item. */
export function folderOf(given: unknown): string | undefined {
  if (typeof given === 'string') return given;
  if (typeof given === 'object' && given !== null && 'folder' in given)
    return typeof given.folder === 'string' ? given.folder : undefined;
  return undefined;
}
