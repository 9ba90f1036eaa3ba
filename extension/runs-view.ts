import { copyFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { oneLine, withoutIcons } from '../engine/presentation/plain-text';
import { describeResult } from '../engine/presentation/report-summary';
import { describeProgress } from '../engine/presentation/run-progress';
import { comparisonOf } from '../engine/runs/comparison-folder';
import { regularInside } from '../engine/runs/inside';
import { largestBytes, runFiles, studentModel } from '../engine/runs/run-files';
import { findConfigs } from './config-file';
import { configName } from './config-name';
import { confirm, inform } from './messages';
import { pickRun } from './pick-run';
import type { RunModel, RunState } from './run-model';
import { runTooltip } from './run-texts';
import type { Services } from './services';
import { tooltip } from './tooltip';

/** Runs of one config. */
class ConfigItem extends vscode.TreeItem {
  constructor(
    readonly config: string,
    readonly runs: RunModel[],
  ) {
    super(withoutIcons(configName(config)), vscode.TreeItemCollapsibleState.Expanded);
    this.id = `config ${config}`;
    this.description = withoutIcons(vscode.workspace.asRelativePath(config));
    this.tooltip = oneLine(config, 1000);
    this.iconPath = new vscode.ThemeIcon('beaker');
    this.contextValue = 'config';
  }
}

const icons: Record<RunState, [icon: string, color?: string]> = {
  running: ['sync~spin', 'charts.blue'],
  finished: ['pass', 'testing.iconPassed'],
  cancelled: ['debug-pause', 'charts.yellow'],
  interrupted: ['warning', 'charts.orange'],
  failed: ['error', 'testing.iconFailed'],
};

/** A run; its `folder` is what commands take from it. */
class RunItem extends vscode.TreeItem {
  readonly folder: string;

  constructor(readonly run: RunModel) {
    const { state } = run;
    const results = (state === 'finished' && run.results) || [];
    super(
      startedAt(run),
      results.length > 0
        ? vscode.TreeItemCollapsibleState.Collapsed
        : vscode.TreeItemCollapsibleState.None,
    );
    this.folder = run.folder;
    this.id = `run ${run.folder}`;
    const targets = results.filter(({ role }) => role === 'target');
    this.description = withoutIcons(
      state === 'running'
        ? describeProgress(run.progress)
        : state === 'finished'
          ? (targets.length > 0 ? targets : results).map(describeResult).join(', ')
          : state,
    );
    const [icon, color] = icons[state];
    this.iconPath = new vscode.ThemeIcon(icon, color ? new vscode.ThemeColor(color) : undefined);
    this.contextValue = `run ${state}${run.canResume ? ' resumable' : ''}${comparisonOf(run.folder) ? ' compared' : ''}`;
    this.tooltip = tooltip(runTooltip(run));
    this.accessibilityInformation = {
      label: oneLine(`Run ${run.name}, ${state}, ${this.description}`, 1000),
    };
    this.command = {
      command: 'meddistill.openDashboard',
      title: 'Open Dashboard',
      arguments: [run.folder],
    };
  }
}

/** One number of a finished run. */
class ResultItem extends vscode.TreeItem {
  constructor(label: string, description: string, explanation: string) {
    super(withoutIcons(label));
    this.description = withoutIcons(description);
    this.tooltip = oneLine(explanation, 1000);
  }
}

type Item = ConfigItem | RunItem | ResultItem;

class RunsTree implements vscode.TreeDataProvider<Item> {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly services: Services) {}

  refresh(): void {
    this.changed.fire();
  }

  getTreeItem(item: Item): Item {
    return item;
  }

  /** A run whose files are not what they should be must not take the others from the view. */
  private runItem(run: RunModel): Item {
    try {
      return new RunItem(run);
    } catch (error) {
      this.services.log.debug(`${run.folder} cannot be shown: ${(error as Error).message}`);
      return new ResultItem(run.name, 'damaged', `${run.folder}: ${(error as Error).message}`);
    }
  }

  getChildren(item?: Item): Item[] {
    if (!item) {
      const byConfig = new Map<string, RunModel[]>();
      for (const run of this.services.runs.list()) {
        const config = run.record?.config ?? run.file('config');
        const own = byConfig.get(config);
        if (own) own.push(run);
        else byConfig.set(config, [run]);
      }
      return [...byConfig].map(([config, runs]) => new ConfigItem(config, runs));
    }
    if (item instanceof ConfigItem) {
      void this.services.runs.loadResults(item.runs);
      return item.runs.map((run) => this.runItem(run));
    }
    if (!(item instanceof RunItem)) return [];
    return (item.run.results ?? []).map(
      ({ domain, role, student, dice, gain, fsd }) =>
        new ResultItem(
          student === null ? domain : `${domain}, ${student}`,
          [
            `Dice ${dice.student?.toFixed(3) ?? '-'}`,
            ...(gain === null ? [] : [`gain ${gain.toFixed(3)}`]),
            ...(fsd === null ? [] : [`FSD ${fsd.toFixed(3)}`]),
          ].join(', '),
          `${domain} (${role}): Dice of the teacher ${dice.teacher?.toFixed(3) ?? '-'}, of the student trained alone ${dice.warmup?.toFixed(3) ?? '-'}, of the distilled student ${dice.student?.toFixed(3) ?? '-'}`,
        ),
    );
  }
}

const startedAt = (run: RunModel): string => {
  const time = run.record && new Date(run.record.started);
  return time && basename(run.folder).startsWith(configName(run.record!.config))
    ? shortTime.format(time)
    : withoutIcons(run.name);
};

/** Made once: that takes longer than to use it. */
const shortTime = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});

/** The view of runs, and what can be done with a run there. */
export function registerRunsView(context: vscode.ExtensionContext, services: Services): void {
  const { runs, showError } = services;
  const tree = new RunsTree(services);
  const view = vscode.window.createTreeView('meddistill.runs', {
    treeDataProvider: tree,
    canSelectMany: true,
    showCollapseAll: true,
  });
  // A running run changes twice a second; the tree need not.
  let pending: NodeJS.Timeout | null = null;
  const refresh = () => {
    pending ??= setTimeout(() => {
      pending = null;
      const running = runs.list().filter((run) => run.isRunning).length;
      view.badge =
        running > 0
          ? { value: running, tooltip: `${running} distillation${running > 1 ? 's' : ''}` }
          : undefined;
      tree.refresh();
    }, 500);
  };
  const noteConfigs = async () =>
    vscode.commands.executeCommand(
      'setContext',
      'meddistill.hasConfigs',
      (await findConfigs()).length > 0,
    );
  const configs = vscode.workspace.createFileSystemWatcher('**/*.distill.jsonc', false, true);
  const command = (name: string, action: (given?: unknown) => Promise<void> | void) =>
    vscode.commands.registerCommand(`meddistill.${name}`, async (given?: unknown) => {
      try {
        await action(given);
      } catch (error) {
        showError(error);
      }
    });
  context.subscriptions.push(
    view,
    configs,
    configs.onDidCreate(noteConfigs),
    configs.onDidDelete(noteConfigs),
    runs.onDidChange(refresh),
    new vscode.Disposable(() => pending && clearTimeout(pending)),
    command('refreshRuns', () => runs.find()),
    command('revealRun', async (given) => {
      const run = await pickRun(runs, given, 'Run to reveal');
      if (!run) return;
      const uri = vscode.Uri.file(run.folder);
      await vscode.commands.executeCommand(
        vscode.workspace.getWorkspaceFolder(uri) ? 'revealInExplorer' : 'revealFileInOS',
        uri,
      );
    }),
    command('openRunConfig', async (given) => {
      const run = await pickRun(runs, given, 'Run whose config to open');
      if (!run) return;
      const file = regularInside(run.folder, runFiles.config, largestBytes.config);
      await vscode.window.showTextDocument(vscode.Uri.file(file));
    }),
    command('exportOnnx', async (given) => {
      const run = await pickRun(runs, given, 'Run to export', (r) => r.state === 'finished');
      if (!run) return;
      const target = await vscode.window.showSaveDialog({
        defaultUri: vscode.Uri.file(
          join(
            vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? homedir(),
            `${run.name}-student.onnx`,
          ),
        ),
        filters: { 'ONNX model': ['onnx'] },
        title: `Export the distilled student of ${run.name}`,
      });
      if (!target) return;
      copyFileSync(regularInside(run.folder, studentModel, largestBytes.model), target.fsPath);
      void inform(`The student is in ${target.fsPath}.`);
    }),
    command('deleteRun', async (given) => {
      const run = await pickRun(runs, given, 'Run to delete', (r) => !r.isRunning);
      if (!run) return;
      if (run.isRunning) throw new Error(`${run.name} is running; stop it first.`);
      await deleteRun(run);
      await runs.find();
    }),
  );
  void noteConfigs();
}

async function deleteRun(run: RunModel): Promise<void> {
  const uri = vscode.Uri.file(run.folder);
  const ask = (question: string, choice: string) => confirm(question, choice, run.folder);
  if (!(await ask(`Move the run ${run.name} to the trash?`, 'Move to Trash'))) return;
  try {
    await vscode.workspace.fs.delete(uri, { recursive: true, useTrash: true });
  } catch (error) {
    // Remote machines often have no trash.
    const forGood = await ask(
      `The run cannot be moved to the trash (${(error as Error).message}). Delete it for good?`,
      'Delete',
    );
    if (forGood) await vscode.workspace.fs.delete(uri, { recursive: true });
  }
}
