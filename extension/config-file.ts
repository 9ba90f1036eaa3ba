import { basename } from 'node:path';
import * as vscode from 'vscode';
import { configName, configSuffix } from './config-name';
import { inform, pick } from './messages';

export const configGlob = `**/*${configSuffix}`;

/** Chooses config documents, for language features. */
export const configSelector: vscode.DocumentSelector = { scheme: 'file', pattern: configGlob };

export const isConfig = (uri: vscode.Uri): boolean =>
  uri.scheme === 'file' && uri.path.endsWith(configSuffix);

/** The configs of the workspace; those in folders of runs are copies and left out. */
export async function findConfigs(): Promise<vscode.Uri[]> {
  const found = await vscode.workspace.findFiles(configGlob, '**/node_modules/**');
  return found
    .filter((uri) => basename(uri.path) !== `config${configSuffix}`)
    .sort((a, b) => a.path.localeCompare(b.path));
}

/**
 * The config that a command is about: the one handed over, the one that is open, the only one there is, or the one that the
 * user picks. Undefined where the user picks none, or there is none: then the ways to one are offered.
 */
export async function chooseConfig(
  given: unknown,
  placeHolder: string,
): Promise<vscode.Uri | undefined> {
  if (given instanceof vscode.Uri && isConfig(given)) return given;
  const open = vscode.window.activeTextEditor?.document.uri;
  if (open && isConfig(open)) return open;
  const configs = await findConfigs();
  if (configs.length === 1) return configs[0];
  if (configs.length === 0) {
    const choice = await inform(
      `There is no distillation config (*${configSuffix}) in this workspace.`,
      'New Config',
      'Create Sample Project',
    );
    if (choice === 'New Config') await vscode.commands.executeCommand('meddistill.newConfig');
    if (choice === 'Create Sample Project')
      await vscode.commands.executeCommand('meddistill.createSample');
    return undefined;
  }
  const picked = await pick(
    configs.map((uri) => ({
      label: configName(uri.path),
      description: vscode.workspace.asRelativePath(uri),
      uri,
    })),
    { placeHolder, matchOnDescription: true },
  );
  return picked?.uri;
}
