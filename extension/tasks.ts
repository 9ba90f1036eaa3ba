import { join } from 'node:path';
import * as vscode from 'vscode';
import { findConfigs } from './config-file';
import { configName } from './config-name';
import { engineEnvironment, readSettings } from './settings';

/** In `tasks.json`: a distillation in the terminal. */
interface DistillTask extends vscode.TaskDefinition {
  type: 'meddistill';
  /** Config, absolute or relative to the workspace's folder. */
  config: string;
  /** Further arguments of `meddistill run`. */
  args?: string[];
}

/** Tasks that run the configs of the workspace on the command line. */
export function registerTasks(context: vscode.ExtensionContext): void {
  const cli = join(context.extensionPath, 'dist', 'cli.js');
  const create = (
    definition: DistillTask,
    scope: vscode.WorkspaceFolder | vscode.TaskScope,
  ): vscode.Task => {
    const { device, threads, variables } = readSettings();
    const flags = [
      ...(device === undefined ? [] : ['--device', device]),
      ...(threads === undefined ? [] : ['--threads', String(threads)]),
      ...Object.entries(variables).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
    ];
    const task = new vscode.Task(
      definition,
      scope,
      `distill ${configName(definition.config)}`,
      'MedDistill',
      new vscode.ProcessExecution(
        process.execPath,
        [cli, 'run', definition.config, ...flags, ...(definition.args ?? [])],
        {
          cwd: typeof scope === 'object' ? scope.uri.fsPath : undefined,
          // The editor's binary is then a plain Node.
          env: { ...engineEnvironment(), ELECTRON_RUN_AS_NODE: '1' },
        },
      ),
      '$meddistill',
    );
    task.presentationOptions = { panel: vscode.TaskPanelKind.Dedicated, clear: true };
    return task;
  };
  context.subscriptions.push(
    vscode.tasks.registerTaskProvider('meddistill', {
      async provideTasks() {
        const configs = await findConfigs();
        return configs.flatMap((uri) => {
          const folder = vscode.workspace.getWorkspaceFolder(uri);
          const config = vscode.workspace.asRelativePath(uri, false);
          return folder ? [create({ type: 'meddistill', config }, folder)] : [];
        });
      },
      resolveTask: ({ definition, scope }) =>
        create(definition as DistillTask, scope ?? vscode.TaskScope.Workspace),
    }),
  );
}
