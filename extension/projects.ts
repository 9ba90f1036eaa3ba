import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { configSuffix } from './config-name';
import { requireTrust } from './distill';
import { pick, withProgress } from './messages';
import type { Services } from './services';

/** "New Distillation Config" and "Create Sample Project". */
export function registerProjects(context: vscode.ExtensionContext, services: Services): void {
  const { engine, showError } = services;
  const command = (name: string, action: (given?: unknown) => Promise<unknown>) =>
    vscode.commands.registerCommand(`meddistill.${name}`, async (given?: unknown) => {
      if (!requireTrust()) return undefined;
      try {
        return await action(given);
      } catch (error) {
        showError(error);
        return undefined;
      }
    });
  const open = async (config: string) => {
    await vscode.window.showTextDocument(vscode.Uri.file(config));
    return config;
  };
  context.subscriptions.push(
    command('newConfig', async (given) => {
      const folder = await chooseFolder(given, 'Folder with images and labels');
      if (!folder) return undefined;
      const className = await vscode.window.showInputBox({
        title: 'New distillation config',
        prompt: 'What do the labels show?',
        value: 'structure',
        placeHolder: 'liver',
        validateInput: (text) => (text.trim() === '' ? 'A name is needed.' : undefined),
      });
      if (className === undefined) return undefined;
      const { config } = await withProgress(
        `Looking for images and labels in ${basename(folder)}`,
        { cancellable: false },
        () =>
          engine.request('proposeConfig', {
            folder,
            file: freeName(folder, className.trim()),
            className: className.trim(),
          }),
      );
      return await open(config);
    }),
    command('createSample', async (given) => {
      const folder = await chooseFolder(given, 'Folder for the sample project');
      if (!folder) return undefined;
      const target = join(folder, 'meddistill-sample');
      const { config } = await withProgress(
        'Making synthetic CT and MR abdomens',
        { cancellable: false },
        () => engine.request('createSample', { folder: target }),
      );
      const inside = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(target));
      if (!inside) {
        await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(target), {
          forceNewWindow: vscode.workspace.workspaceFolders !== undefined,
        });
        return config;
      }
      return await open(config);
    }),
  );
}

/** `liver.distill.jsonc`, or the first free number behind it. */
function freeName(folder: string, className: string): string {
  const base = className.toLowerCase().replace(/[^a-z0-9]+/g, '-') || 'distillation';
  for (let n = 1; ; n++) {
    const name = `${base}${n === 1 ? '' : `-${n}`}${configSuffix}`;
    if (!existsSync(join(folder, name))) return name;
  }
}

/** The folder handed over, the only one of the workspace, or the one that the user picks. */
async function chooseFolder(given: unknown, title: string): Promise<string | undefined> {
  if (typeof given === 'string') return given;
  if (given instanceof vscode.Uri) return given.fsPath;
  const folders = vscode.workspace.workspaceFolders ?? [];
  const other = { label: 'Other Folder...', folder: undefined };
  const picked =
    folders.length === 0
      ? other
      : await pick(
          [
            ...folders.map(({ name, uri }) => ({
              label: name,
              description: uri.fsPath,
              folder: uri.fsPath,
            })),
            other,
          ],
          { placeHolder: title },
        );
  if (picked !== other) return picked?.folder;
  const [chosen] =
    (await vscode.window.showOpenDialog({
      title,
      canSelectFiles: false,
      canSelectFolders: true,
      defaultUri: folders[0]?.uri ?? vscode.Uri.file(homedir()),
    })) ?? [];
  return chosen?.fsPath;
}
