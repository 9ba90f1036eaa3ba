import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { describeProgress } from '../engine/presentation/run-progress';
import type { ComparableMethod } from '../engine/contract/comparison';
import {
  comparisonFiles,
  comparisonOf,
  isComparisonFolder,
  readComparisonRecord,
  seedFolder,
} from '../engine/runs/comparison-folder';
import { readEndInside } from '../engine/runs/inside';
import { parseSeeds } from '../engine/runs/seeds';
import { chooseConfig } from './config-file';
import { configName } from './config-name';
import { faultless, requireTrust, runsBase, saved, summarize, type Comparisons } from './distill';
import { complain, inform, pick, pickSeveral, withProgress } from './messages';
import { folderOf } from './pick-run';
import { originalConfig } from './run-config-file';
import { isRunFolder, logEndBytes, type RunExit, type RunModel } from './run-model';
import { startComparison, stopProcess, type ComparisonStart } from './run-process';
import type { Services } from './services';
import { readSettings } from './settings';

export const comparisonType = 'meddistill.comparison';

/** A comparison at work. */
interface Going {
  /** It was asked to end, and has not yet. */
  isStopping: boolean;
  stop: () => Promise<unknown>;
  ended: Promise<unknown>;
}

/** What a test or another extension may choose beforehand. */
interface Choice {
  methods?: string[];
  seeds?: string;
}

/** "Compare Methods": a config run with several methods over several seeds, and the report of that. */
export function registerCompare(context: vscode.ExtensionContext, services: Services): Comparisons {
  const cli = join(context.extensionPath, 'dist', 'cli.js');
  const { runs, showError, engine } = services;
  /** Comparisons that this window has started and that go on, by their folders. */
  const going = new Map<string, Going>();
  const panels = new Map<string, vscode.WebviewPanel>();

  const compareMethods = async (given?: unknown, choice: Choice = {}) => {
    if (!requireTrust()) return undefined;
    const config = await chooseConfig(given, 'Config whose methods to compare');
    if (!config || !(await saved(config))) return undefined;
    const summary = await summarize(services, config);
    if (!(await faultless(config, summary))) return undefined;
    const methods = choice.methods ?? (await pickMethods(config));
    if (!methods || methods.length === 0) return undefined;
    const seeds = choice.seeds ?? (await askSeeds());
    if (seeds === undefined) return undefined;
    const base = await runsBase(config, summary.config!.folder);
    if (base === undefined) return undefined;
    const folder = join(base, `${configName(config.path)}-compare`);
    await launch(config.fsPath, folder, methods, parseSeeds(seeds));
    return { folder };
  };

  const pickMethods = async (config: vscode.Uri): Promise<string[] | undefined> => {
    const { text, variables } = await textOf(config);
    const found = await engine.request('comparableMethods', {
      file: config.fsPath,
      text,
      variables,
    });
    const picked = await pickSeveral(
      found.map((method) => ({
        label: method.title,
        description: costOf(method),
        // The catalogue's summary is Markdown of one sentence.
        detail: method.summary.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[*`]/g, ''),
        picked: method.isOwn,
        method,
      })),
      {
        placeHolder: 'Methods to compare; each is held against the student trained on alone',
        matchOnDetail: true,
      },
    );
    return picked?.map(({ method }) => method.name);
  };

  const askSeeds = () =>
    Promise.resolve(
      vscode.window.showInputBox({
        title: 'Seeds',
        prompt: 'Each is a run. Intervals take 3 or more; 5 tell more than 3.',
        value: '0..4',
        placeHolder: '0..4',
        validateInput: (text) => {
          try {
            parseSeeds(text);
            return undefined;
          } catch (error) {
            return (error as Error).message;
          }
        },
      }),
    );

  /** Starts or goes on with a comparison's process, shows how far it is, and its report in the end. Resolves once the process is there. */
  const launch = async (
    config: string,
    folder: string,
    methods: unknown[] | null,
    seeds: number[],
  ): Promise<void> => {
    // One that was stopped has its last things to write before it can go on.
    if (going.get(folder)?.isStopping) await going.get(folder)!.ended;
    if (going.has(folder)) {
      void inform(`The comparison ${basename(folder)} is going on already.`);
      return;
    }
    const { device, threads, variables } = readSettings(vscode.Uri.file(config));
    const start: ComparisonStart = {
      cli,
      config,
      folder,
      methods,
      seeds,
      device,
      threads,
      variables,
    };
    going.set(folder, {
      isStopping: false,
      stop: () => Promise.resolve(),
      ended: Promise.resolve(),
    });
    try {
      const child = await startComparison(start);
      let isOver = false;
      const ended = child.exited.then(() => {
        isOver = true;
        going.delete(folder);
      });
      const stop = async () => {
        own.isStopping = true;
        await stopProcess(child.pid, () => !isOver);
      };
      const own: Going = { isStopping: false, stop, ended };
      going.set(folder, own);
      void showComparison(start, child)
        .then(async (wasStopped) => showOutcome(start, wasStopped, await child.exited))
        .catch(showError);
    } catch (error) {
      going.delete(folder);
      throw error;
    }
  };

  /** Shows how far a comparison is until its process ends; cancelling stops it. Resolves with whether it was stopped. */
  const showComparison = (
    { folder, seeds }: ComparisonStart,
    child: { exited: Promise<unknown> },
  ): Promise<boolean> => {
    let wasStopped = false;
    const known = new Map<number, RunModel>();
    const look = () => {
      for (const seed of seeds) {
        const path = seedFolder(folder, seed);
        if (!known.has(seed) && isRunFolder(path)) known.set(seed, runs.add(path));
      }
    };
    const shown = withProgress(
      `Comparing methods, ${basename(folder)}`,
      { cancellable: true },
      (progress, token) =>
        new Promise<void>((resolve) => {
          const update = () => {
            look();
            const current = [...known].find(([, run]) => run.isRunning);
            progress.report({
              message: token.isCancellationRequested
                ? 'stopping'
                : current
                  ? `seed ${current[0]}, ${seeds.indexOf(current[0]) + 1} of ${seeds.length}: ${describeProgress(current[1].progress)}`
                  : 'starting',
            });
          };
          const timer = setInterval(update, updateMilliseconds);
          token.onCancellationRequested(() => {
            wasStopped = true;
            update();
            void going.get(folder)?.stop().catch(showError);
          });
          void child.exited.then(() => {
            clearInterval(timer);
            look();
            resolve();
          });
          update();
        }),
    );
    return Promise.resolve(shown).then(() => {
      for (const run of known.values()) {
        run.refresh();
        runs.touch(run);
      }
      return wasStopped || [...known.values()].some((run) => run.record?.state === 'cancelled');
    });
  };

  const showOutcome = async (
    start: ComparisonStart,
    wasStopped: boolean,
    { code }: RunExit,
  ): Promise<void> => {
    const { folder, config, methods, seeds } = start;
    const name = basename(folder);
    if (wasStopped) {
      const choice = await inform(`The comparison ${name} was stopped; it can go on.`, 'Go On');
      if (choice === 'Go On') await launch(config, folder, methods, seeds);
      return;
    }
    try {
      // Its folder may have the report of an earlier one, which is no answer to what was asked now.
      if (code === refused) throw new Error('what was asked for cannot be run');
      await openReport(folder);
    } catch (error) {
      const last = lastPrinted(folder);
      const text = `The comparison ${name} failed: ${last ?? (error as Error).message}`;
      services.log.error(text);
      const choice = await complain(text, 'Go On', 'Show Log');
      if (choice === 'Go On') await launch(config, folder, methods, seeds);
      if (choice === 'Show Log') services.log.show();
    }
  };

  /** Shows a comparison's report, made anew from its folder. @throws Error where none of its seeds is finished */
  const openReport = async (folder: string): Promise<void> => {
    const { name, html } = await engine.request('comparisonPage', { folder });
    let panel = panels.get(folder);
    if (panel) panel.reveal();
    else {
      // A page of text and tables: it runs nothing and loads nothing.
      panel = vscode.window.createWebviewPanel(comparisonType, name, vscode.ViewColumn.Active, {
        enableScripts: false,
        enableForms: false,
        localResourceRoots: [],
        enableFindWidget: true,
      });
      panels.set(folder, panel);
      panel.onDidDispose(() => panels.delete(folder));
    }
    panel.webview.html = html;
  };

  const comparisonFolder = async (given: unknown): Promise<string | undefined> => {
    const folder = folderOf(given);
    if (folder !== undefined) return comparisonOf(folder) ?? folder;
    const found = [...new Set(runs.list().flatMap((run) => comparisonOf(run.folder) ?? []))];
    if (found.length === 0) void inform('There is no comparison of methods yet.');
    if (found.length < 2) return found[0];
    const picked = await pick(
      found.map((path) => ({
        label: basename(path),
        detail: vscode.workspace.asRelativePath(path),
        path,
      })),
      { placeHolder: 'Comparison to look at' },
    );
    return picked?.path;
  };

  /** Goes on with the config that the run was started from. */
  const resume = async (run: RunModel): Promise<void> => {
    const folder = comparisonOf(run.folder);
    if (!folder) return;
    const config = originalConfig(run);
    if (config === null)
      throw new Error(
        `The config of ${run.folder} is not where its record says; start the comparison anew.`,
      );
    const { methods, seeds } = readComparisonRecord(folder);
    await launch(config, folder, methods, seeds);
  };

  const stop = async (seed: string): Promise<boolean> => {
    const found = going.get(comparisonOf(seed) ?? '');
    await found?.stop();
    return found !== undefined;
  };

  const exportComparison = async (): Promise<void> => {
    const active = [...panels].find(([, panel]) => panel.active);
    const folder = active?.[0] ?? (await comparisonFolder(undefined));
    if (folder) await vscode.commands.executeCommand('meddistill.exportReport', folder);
  };

  const command = (name: string, action: (...args: unknown[]) => Promise<unknown>) =>
    vscode.commands.registerCommand(`meddistill.${name}`, async (...args: unknown[]) => {
      try {
        return await action(...args);
      } catch (error) {
        showError(error);
        return undefined;
      }
    });
  context.subscriptions.push(
    command('compareMethods', (given, choice) => compareMethods(given, asChoice(choice))),
    command('openComparison', async (given) => {
      const folder = await comparisonFolder(given);
      if (folder && isComparisonFolder(folder)) await openReport(folder);
    }),
    command('exportComparison', exportComparison),
  );
  return { resume, stop };
}

const updateMilliseconds = 500;
/** Exit code of the command line for what cannot be run as it was asked for. */
const refused = 2;

/** Menus hand over more than the config. */
const asChoice = (given: unknown): Choice =>
  typeof given === 'object' && given !== null && ('methods' in given || 'seeds' in given)
    ? (given as Choice)
    : {};

/** `400 steps: Semantic autoencoder 100, Distillation 300`. */
function costOf({ stages }: ComparableMethod): string {
  const steps = stages.reduce((sum, stage) => sum + stage.steps, 0);
  const parts = stages.map(({ title, steps: own }) => `${title} ${own.toLocaleString('en')}`);
  return `${steps.toLocaleString('en')} steps${parts.length > 1 ? `: ${parts.join(', ')}` : ''}`;
}

/** A config as the editor has it. */
async function textOf(
  config: vscode.Uri,
): Promise<{ text: string; variables: Record<string, string> }> {
  const document = await vscode.workspace.openTextDocument(config);
  return { text: document.getText(), variables: readSettings(config).variables };
}

/** The last line that is no event. */
function lastPrinted(folder: string): string | undefined {
  try {
    const end = readEndInside(folder, comparisonFiles.log, logEndBytes)?.toString('utf8') ?? '';
    return end
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('{'))
      .at(-1);
  } catch {
    return undefined;
  }
}
