import { existsSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import * as vscode from 'vscode';
import type { TimedEvent } from '../engine/contract/events';
import { runFiles } from '../engine/runs/run-files';
import { EventTail, isRunFolder, RunModel } from './run-model';

/** New events of a run; with `reset` those before are void. */
export interface RunUpdate {
  run: RunModel;
  events: TimedEvent[];
  reset: boolean;
}

const knownFoldersKey = 'runs.folders';
const pollMilliseconds = 500;

/**
 * The runs that the workspace holds: every folder with a run.json in it, and those elsewhere that were started from here or
 * lie in the folder of the settings. Runs that go on, and those that a view follows, are read twice a second.
 */
export class RunRegistry implements vscode.Disposable {
  private readonly runs = new Map<string, RunModel>();
  private readonly followers = new Set<() => void>();
  private readonly disposables: vscode.Disposable[] = [];
  private readonly changed = new vscode.EventEmitter<RunModel | undefined>();
  private timer: NodeJS.Timeout | null = null;

  /** A run changed; without one, the list did. */
  readonly onDidChange = this.changed.event;

  constructor(private readonly memento: vscode.Memento) {
    const watcher = vscode.workspace.createFileSystemWatcher(`**/${runFiles.record}`);
    this.disposables.push(
      this.changed,
      watcher,
      watcher.onDidCreate((uri) => this.add(dirname(uri.fsPath))),
      watcher.onDidChange((uri) => this.read(dirname(uri.fsPath))),
      watcher.onDidDelete((uri) => this.drop(dirname(uri.fsPath))),
      vscode.workspace.onDidChangeWorkspaceFolders(() => void this.find()),
    );
    void this.find();
  }

  /** Newest first. */
  list(): RunModel[] {
    return [...this.runs.values()].sort((a, b) =>
      (b.record?.started ?? '9').localeCompare(a.record?.started ?? '9'),
    );
  }

  get(folder: string): RunModel | undefined {
    return this.runs.get(resolve(folder));
  }

  /** Takes a folder in that holds a run, or soon will. */
  add(folder: string): RunModel {
    const path = resolve(folder);
    const known = this.runs.get(path);
    if (known) {
      this.read(path);
      return known;
    }
    const run = new RunModel(path);
    run.refresh();
    this.runs.set(path, run);
    this.remember();
    this.changed.fire(undefined);
    this.poll();
    return run;
  }

  /** Reads a run at once, and tells that it changed. */
  touch(run: RunModel): void {
    run.refresh();
    this.tell([run]);
    this.poll();
  }

  /**
   * Hands over all events of a run, then new ones as they come, at once for those that are there. For views; several may
   * follow one run.
   */
  follow(folder: string, listener: (update: RunUpdate) => void): vscode.Disposable {
    const run = this.add(folder);
    const tail = new EventTail(run.folder);
    let first = true;
    const read = () => {
      const { events, reset } = tail.read();
      if (events.length || reset || first) listener({ run, events, reset: reset || first });
      first = false;
    };
    read();
    this.followers.add(read);
    this.poll();
    return new vscode.Disposable(() => this.followers.delete(read));
  }

  /** Looks for runs again. */
  async find(): Promise<void> {
    const found = await vscode.workspace.findFiles(`**/${runFiles.record}`, '**/node_modules/**');
    const elsewhere = this.memento.get<string[]>(knownFoldersKey, []).filter(isRunFolder);
    for (const folder of [...found.map((uri) => dirname(uri.fsPath)), ...elsewhere])
      if (isRunFolder(folder)) this.add(folder);
    for (const folder of [...this.runs.keys()]) if (!existsSync(folder)) this.runs.delete(folder);
    this.changed.fire(undefined);
  }

  dispose(): void {
    if (this.timer) clearInterval(this.timer);
    this.followers.clear();
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private read(folder: string): void {
    const run = this.runs.get(resolve(folder));
    if (run?.refresh()) this.tell([run]);
    this.poll();
  }

  /** Events first, so that a run which a view calls finished has told it everything. */
  private tell(changed: readonly RunModel[]): void {
    for (const read of this.followers) read();
    for (const run of changed) this.changed.fire(run);
  }

  private drop(folder: string): void {
    if (this.runs.delete(resolve(folder))) this.changed.fire(undefined);
  }

  /** Runs outside the workspace are found again by being remembered. */
  private remember(): void {
    const outside = [...this.runs.keys()].filter(
      (folder) =>
        !vscode.workspace.workspaceFolders?.some(({ uri }) => contains(uri.fsPath, folder)),
    );
    void this.memento.update(knownFoldersKey, outside);
  }

  private poll(): void {
    const running = () => [...this.runs.values()].filter((run) => run.isRunning);
    if (this.timer || (running().length === 0 && this.followers.size === 0)) return;
    this.timer = setInterval(() => {
      this.tell(running().filter((run) => run.refresh() || !run.isRunning));
      if (running().length > 0 || this.followers.size > 0) return;
      clearInterval(this.timer!);
      this.timer = null;
    }, pollMilliseconds);
  }
}

const contains = (parent: string, path: string): boolean => {
  const way = relative(parent, path);
  return way === '' || (!way.startsWith(`..${sep}`) && way !== '..' && resolve(way) !== way);
};
