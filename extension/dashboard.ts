import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { KeptPanel } from '../engine/contract/dashboard-page';
import { reportFormats } from '../engine/report/report-formats';
import { isComparisonFolder } from '../engine/runs/comparison-folder';
import { DashboardPanel, dashboardType, pickRuns } from './dashboard-panel';
import { inform, warn } from './messages';
import { folderOf, pickRun } from './pick-run';
import { isRunFolder } from './run-model';
import type { Services } from './services';

/** The dashboard, its panels brought back after a reload, and the commands that open it, compare runs and export reports. */
export function registerDashboard(context: vscode.ExtensionContext, services: Services): void {
  const panels = new Set<DashboardPanel>();
  const adopt = (panel: vscode.WebviewPanel, folders: string[]) => {
    const dashboard = new DashboardPanel(panel, folders, services);
    panels.add(dashboard);
    panel.onDidDispose(() => panels.delete(dashboard));
    return dashboard;
  };
  const open = (folder: string): DashboardPanel => {
    for (const dashboard of panels)
      if (dashboard.folders[0] === folder) {
        dashboard.panel.reveal();
        return dashboard;
      }
    return adopt(
      vscode.window.createWebviewPanel(
        dashboardType,
        'Dashboard',
        vscode.ViewColumn.Beside,
        services.webviewOptions,
      ),
      [folder],
    );
  };

  context.subscriptions.push(
    vscode.window.registerWebviewPanelSerializer(dashboardType, {
      deserializeWebviewPanel: (panel, state) => {
        const known = foldersOf(state);
        const folders = known.filter(isRunFolder);
        if (folders.length > 0) adopt(panel, folders);
        else {
          panel.dispose();
          if (known.length > 0)
            void warn(
              `The dashboard of ${known[0]} was closed, for there is no run in that folder any more.`,
            );
        }
        return Promise.resolve();
      },
    }),
    vscode.commands.registerCommand('meddistill.openDashboard', async (given?: unknown) => {
      const run = await pickRun(services.runs, runOf(services, given), 'Run to look at');
      return run && open(run.folder).panel.title;
    }),
    vscode.commands.registerCommand(
      'meddistill.compareRuns',
      async (given?: unknown, several?: unknown) => {
        const folders = (Array.isArray(several) ? several : [given]).flatMap(
          (item) => folderOf(item) ?? [],
        );
        if (folders.length < 2) {
          const picked = await pickRuns(services, () => true, folders);
          if (!picked || picked.length === 0) return;
          folders.splice(0, folders.length, ...picked.map(({ folder }) => folder));
        }
        open(folders[0]).compare(folders, 'Compare');
      },
    ),
    vscode.commands.registerCommand(
      'meddistill.exportReport',
      async (given?: unknown, target?: unknown) => {
        const asked = folderOf(given);
        const run =
          asked !== undefined && isComparisonFolder(asked)
            ? { folder: asked, name: basename(asked) }
            : await pickRun(services.runs, runOf(services, given), 'Run to report on');
        if (!run) return;
        const uri =
          target instanceof vscode.Uri
            ? target
            : await vscode.window.showSaveDialog({
                defaultUri: vscode.Uri.file(join(dirname(run.folder), `${run.name}.html`)),
                filters: Object.fromEntries(
                  Object.entries(reportFormats).map(([ending, title]) => [title, [ending]]),
                ),
              });
        if (!uri) return;
        try {
          await services.engine.request('writeRunReport', { run: run.folder, path: uri.fsPath });
        } catch (error) {
          services.showError(error);
          return;
        }
        if (target) return;
        const choice = await inform(`The report is in ${uri.fsPath}.`, 'Open');
        if (choice === 'Open') await vscode.env.openExternal(uri);
      },
    ),
  );
}

/** The runs' folders in what the page kept of itself; empty where there are none, or it is from another version. */
function foldersOf(state: unknown): string[] {
  const { version, folders } = (state ?? {}) as Partial<KeptPanel>;
  if (version !== 1 || !Array.isArray(folders)) return [];
  return folders.filter((folder) => typeof folder === 'string');
}

/** A command's argument as a run's folder: a config stands for its newest run, a file of a run for that run. */
function runOf({ runs }: Services, given: unknown): unknown {
  if (!(given instanceof vscode.Uri)) return given;
  if (isRunFolder(given.fsPath)) return given.fsPath;
  if (isRunFolder(dirname(given.fsPath))) return dirname(given.fsPath);
  return runs.list().find((run) => run.record?.config === given.fsPath)?.folder;
}
