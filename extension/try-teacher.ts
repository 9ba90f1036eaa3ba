import { join } from 'node:path';
import * as vscode from 'vscode';
import { chooseConfig } from './config-file';
import { configName } from './config-name';
import { requireTrust, saved } from './distill';
import { commonArguments } from './run-process';
import { showPrinted } from './run-program';
import type { Services } from './services';
import { readSettings } from './settings';

/** "Try Teacher": evaluates a config's trained teacher on every domain before anything else is trained, and shows the table. */
export function registerTryTeacher(context: vscode.ExtensionContext, services: Services): void {
  const cli = join(context.extensionPath, 'dist', 'cli.js');
  context.subscriptions.push(
    vscode.commands.registerCommand('meddistill.tryTeacher', async (given?: unknown) => {
      if (!requireTrust()) return;
      try {
        const config = await chooseConfig(given, 'Config whose teacher to try');
        if (!config || !(await saved(config))) return;
        const name = configName(config.path);
        await showPrinted(
          [cli, 'try-teacher', config.fsPath, ...commonArguments(readSettings(config))],
          { progress: `Trying the teacher of ${name}`, heading: `Teacher of ${name}` },
        );
      } catch (error) {
        services.showError(error);
      }
    }),
  );
}
