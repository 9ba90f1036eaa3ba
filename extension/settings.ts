import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';
import { folderVariable } from '../engine/runtime/tensorflow/package';

/** The settings `meddistill.*` that hold for a file. */
export interface Settings {
  /** Undefined: as the config says. */
  device: string | undefined;
  threads: number | undefined;
  /** Absolute; undefined: as the config says. */
  runsFolder: string | undefined;
  variables: Record<string, string>;
}

export function readSettings(scope?: vscode.Uri): Settings {
  const values = vscode.workspace.getConfiguration('meddistill', scope);
  const device = values.get<string>('device', 'config');
  const folder = values.get<string>('runsFolder', '').trim();
  const base =
    (scope && vscode.workspace.getWorkspaceFolder(scope)) ?? vscode.workspace.workspaceFolders?.[0];
  return {
    device: device === 'config' ? undefined : device,
    threads: values.get<number | null>('threads', null) ?? undefined,
    runsFolder: folder === '' ? undefined : absolute(folder, base?.uri.fsPath),
    variables: Object.fromEntries(
      Object.entries(values.get<Record<string, string>>('variables', {})).map(([name, value]) => [
        name,
        value.startsWith('~/') ? absolute(value) : value,
      ]),
    ),
  };
}

/** What the engine's processes are told by their environment. */
export function engineEnvironment(): Record<string, string> {
  const folder = vscode.workspace
    .getConfiguration('meddistill')
    .get<string>('tensorflowPath', '')
    .trim();
  return folder === '' ? {} : { [folderVariable]: absolute(folder) };
}

function absolute(path: string, base = homedir()): string {
  if (path.startsWith('~/')) return join(homedir(), path.slice(2));
  return isAbsolute(path) ? path : join(base, path);
}
