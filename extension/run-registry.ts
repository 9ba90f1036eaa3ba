import { stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import * as vscode from 'vscode';
import type { EventsPlace, RunEvents } from '../engine/contract/runs';
import { runFiles } from '../engine/runs/run-files';
import type { EngineClient, EngineLog } from './engine-client';
import { fileStamp, RunModel } from './run-model';

/** What a run has reported since the last time; with `reset` that is void. `more`: it has reported more than this already. */
export type RunUpdate = Pick<RunEvents, 'packet' | 'reset' | 'more'>;

const knownFoldersKey = 'runs.folders';
const pollMilliseconds = 500;
/** Runs that are looked at side by side. */
const atOnce = 16;
/** Runs whose numbers are asked for in one go: so many appear together. */
const summariesAtOnce = 50;

/**
 * The runs that the workspace holds: every folder with a run.json in it, and those elsewhere that were started from here or
 * lie in the folder of the settings. Runs that go on, and those that a view follows, are read twice a second; what they report is
 * read and checked by the engine.
 */
export class RunRegistry implements vscode.Disposable {
  private readonly runs = new Map<string, RunModel>();
  private readonly followers = new Set<Follower>();
  private readonly asked = new Set<RunModel>();
  private readonly disposables: vscode.Disposable[] = [];
  private readonly changed = new vscode.EventEmitter<RunModel | undefined>();
  private timer: NodeJS.Timeout | null = null;
  private isPolling = false;

  /** A run changed; without one, the list did. */
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly memento: vscode.Memento,
    private readonly engine: Pick<EngineClient, 'request'>,
    private readonly log: EngineLog,
  ) {
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
    const started = ({ record }: RunModel) => record?.started ?? '9';
    return [...this.runs.values()].sort((a, b) =>
      started(a) < started(b) ? 1 : started(a) > started(b) ? -1 : 0,
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

  /** Reads a run, and tells that it changed. */
  touch(run: RunModel): void {
    void this.check(run, true);
  }

  /** Hands over all that a run has reported, in pieces, then what is new as it comes. For views; several may follow one run. */
  follow(folder: string, listener: (update: RunUpdate) => void): vscode.Disposable {
    const follower = new Follower(this.add(folder), this.engine, this.log, listener);
    this.followers.add(follower);
    // How far it is, is known then.
    void follower.read().then(() => this.changed.fire(follower.run));
    this.poll();
    return new vscode.Disposable(() => {
      follower.isOver = true;
      this.followers.delete(follower);
    });
  }

  /** Looks for the final numbers of those of the runs that are finished and whose numbers are not known, and tells when they are. */
  async loadResults(runs: readonly RunModel[]): Promise<void> {
    const isWanted = (run: RunModel) =>
      run.state === 'finished' && run.results === undefined && !this.asked.has(run);
    const wanted = runs.filter(isWanted);
    for (const run of wanted) this.asked.add(run);
    for (let first = 0; first < wanted.length; first += summariesAtOnce) {
      const some = wanted.slice(first, first + summariesAtOnce);
      try {
        const folders = some.map(({ folder }) => folder);
        const summaries = await this.engine.request('runSummaries', { runs: folders });
        some.forEach((run, i) => (run.results = summaries[i]));
      } catch (error) {
        this.log.warn(`Results cannot be read: ${(error as Error).message}`);
        for (const run of some) run.results = null;
      }
      for (const run of some) this.asked.delete(run);
      this.changed.fire(undefined);
    }
  }

  /** Looks for runs again. */
  async find(): Promise<void> {
    const found = await vscode.workspace.findFiles(`**/${runFiles.record}`, '**/node_modules/**');
    const folders = new Set([
      ...found.map((uri) => dirname(uri.fsPath)),
      ...this.memento.get<string[]>(knownFoldersKey, []),
      ...this.runs.keys(),
    ]);
    await forEach([...folders], atOnce, async (given) => {
      const folder = resolve(given);
      const known = this.runs.get(folder);
      const wanted = known ? folder : join(folder, runFiles.record);
      const isThere = await stat(wanted).then(
        () => true,
        () => false,
      );
      if (known) return isThere ? this.check(known) : void this.runs.delete(folder);
      if (!isThere) return;
      const run = new RunModel(folder);
      run.accept(await run.look());
      if (!this.runs.has(folder)) this.runs.set(folder, run);
    });
    this.remember();
    this.changed.fire(undefined);
    this.poll();
  }

  dispose(): void {
    if (this.timer) clearInterval(this.timer);
    for (const follower of this.followers) follower.isOver = true;
    this.followers.clear();
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private read(folder: string): void {
    const run = this.runs.get(resolve(folder));
    if (run) void this.check(run);
    this.poll();
  }

  /**
   * Reads a run, and tells if it changed, or `always`. Events first, so that a run which a view calls finished has told it everything.
   */
  private async check(run: RunModel, always = false): Promise<void> {
    const found = await run.look();
    const own = [...this.followers].filter((follower) => follower.run === run);
    await Promise.all(own.map((follower) => follower.read()));
    if (run.accept(found) || always) this.changed.fire(run);
    this.poll();
  }

  private drop(folder: string): void {
    if (this.runs.delete(resolve(folder))) this.changed.fire(undefined);
  }

  /** Runs outside the workspace are found again by being remembered. */
  private remember(): void {
    const inside = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
    const outside = [...this.runs.keys()].filter(
      (folder) => !inside.some((parent) => contains(parent, folder)),
    );
    void this.memento.update(knownFoldersKey, outside);
  }

  private poll(): void {
    const going = () => [...this.runs.values()].filter((run) => run.isRunning || run.wasRunning);
    if (this.timer || (going().length === 0 && this.followers.size === 0)) return;
    this.timer = setInterval(() => {
      // A long log may take longer than that.
      if (!this.isPolling) void this.readAll(new Set([...going(), ...this.followed()]));
      if (going().length > 0 || this.followers.size > 0) return;
      clearInterval(this.timer!);
      this.timer = null;
    }, pollMilliseconds);
  }

  private followed(): RunModel[] {
    return [...this.followers].map(({ run }) => run);
  }

  private async readAll(runs: ReadonlySet<RunModel>): Promise<void> {
    this.isPolling = true;
    try {
      for (const run of runs) {
        const { progress } = run;
        await this.check(run);
        // Its state is as before, but not how far it is.
        if (run.progress !== progress) this.changed.fire(run);
      }
    } finally {
      this.isPolling = false;
    }
  }
}

/** Reads what a run reports for one view, one piece after the other. */
class Follower {
  isOver = false;
  private next: EventsPlace | null = null;
  private isFirst = true;
  /** Of the file when all of it had been read. */
  private stamp: string | null = null;
  private reading = Promise.resolve();

  constructor(
    readonly run: RunModel,
    private readonly engine: Pick<EngineClient, 'request'>,
    private readonly log: EngineLog,
    private readonly listener: (update: RunUpdate) => void,
  ) {}

  /** Reads to the end of what there is now. */
  read(): Promise<void> {
    return (this.reading = this.reading.then(() => this.readOn()));
  }

  private async readOn(): Promise<void> {
    const { run } = this;
    try {
      for (let more = true; more && !this.isOver;) {
        const stamp = fileStamp(run.file('metrics'));
        if (!this.isFirst && stamp === this.stamp) return;
        const params = { run: run.folder, from: this.next };
        const found = await this.engine.request('runEvents', params);
        if (this.isOver) return;
        more = found.more;
        this.next = found.next;
        this.stamp = more ? null : stamp;
        run.progress = found.progress;
        const { packet } = found;
        const isNew = packet.blocks.length > 0 || packet.events.length > 0;
        if (isNew || found.reset || this.isFirst)
          this.listener({ packet, more, reset: found.reset || this.isFirst });
        this.isFirst = false;
      }
    } catch (error) {
      // Until the file changes it would fail again.
      this.stamp = fileStamp(run.file('metrics'));
      this.isFirst = false;
      this.log.warn(`${run.name}: what it reports cannot be read: ${(error as Error).message}`);
    }
  }
}

/** Does something for each item, for so many side by side. */
async function forEach<T>(
  items: readonly T[],
  count: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < items.length) await action(items[next++]);
  };
  await Promise.all(Array.from({ length: count }, work));
}

const contains = (parent: string, path: string): boolean => {
  const way = relative(parent, path);
  return way === '' || (!way.startsWith(`..${sep}`) && way !== '..' && resolve(way) !== way);
};
