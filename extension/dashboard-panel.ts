import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { ContrastiveSnapshot } from '../engine/contract/contrastive-snapshot';
import { secondsLeft, shareDone } from '../engine/presentation/run-progress';
import { readInside } from '../engine/runs/inside';
import { largestBytes } from '../engine/runs/run-files';
import { Channel } from '../engine/channel';
import type {
  HostCalls,
  HostEvent,
  PageCalls,
  PageEvent,
  RunCommand,
  RunInfo,
} from '../engine/contract/dashboard-page';
import { inform, pickSeveral } from './messages';
import { configOf } from './run-config-file';
import type { RunModel } from './run-model';
import type { Services } from './services';

export const dashboardType = 'meddistill.dashboard';

/**
 * One dashboard: the page of a run, and of others compared with it. All that the page shows comes from the runs' folders, so a
 * page that was hidden, or restored after a reload, is simply told everything again.
 */
export class DashboardPanel {
  private readonly channel: Channel<HostCalls, PageCalls, HostEvent, PageEvent>;
  private readonly disposables: vscode.Disposable[] = [];
  private following: vscode.Disposable[] = [];
  /** Whether the results have been sent. */
  private resultsSent = false;
  private tab: 'Compare' | null = null;

  /** `folders`: the run's own first, then those compared with it. */
  constructor(
    readonly panel: vscode.WebviewPanel,
    public folders: string[],
    private readonly services: Services,
  ) {
    const { webview } = panel;
    const run = services.runs.add(folders[0]);
    panel.title = run.name;
    this.channel = new Channel<HostCalls, PageCalls, HostEvent, PageEvent>(
      {
        post: (message) => void webview.postMessage(message),
        listen: (receive) => {
          const listening = webview.onDidReceiveMessage(receive);
          return () => void listening.dispose();
        },
      },
      {
        onEvent: (event) =>
          event.type === 'ready' ? this.tellEverything() : this.act(event.command, event.folder),
        onOddity: (what) => services.log.warn(`The dashboard sent ${what}.`),
        serve: {
          snapshot: ({ folder, file }) => this.readSnapshot(folder, file),
          picture: ({ folder, file }) => this.readPicture(folder, file),
          save: ({ name, content }) => this.save(name, content),
          chooseRuns: () => this.chooseRuns(),
          removeRun: ({ folder }) => {
            if (folder !== this.folders[0]) this.compare(this.folders.filter((f) => f !== folder));
          },
        },
      },
    );
    this.disposables.push(
      services.runs.onDidChange((changed) => {
        if (changed && this.folders.includes(changed.folder)) this.tellChange(changed);
      }),
      panel.onDidChangeViewState(() => {
        // A hidden page is gone; when it comes back it says that it is ready.
        if (!panel.visible) this.stopFollowing();
      }),
      panel.onDidDispose(() => this.dispose()),
    );
    webview.options = services.webviewOptions;
    webview.html = services.webviewHtml(webview, 'dashboard', run.name);
  }

  /** Shows these runs beside the panel's own, which stays the first. */
  compare(folders: readonly string[], tab: 'Compare' | null = null): void {
    const [own] = this.folders;
    this.folders = [own, ...folders.filter((folder) => folder !== own)];
    this.tab = tab;
    this.tellEverything();
  }

  private dispose(): void {
    this.stopFollowing();
    this.channel.close();
    for (const disposable of this.disposables) disposable.dispose();
  }

  private stopFollowing(): void {
    for (const follower of this.following) follower.dispose();
    this.following = [];
  }

  private get runs(): RunModel[] {
    return this.folders.map((folder) => this.services.runs.add(folder));
  }

  private tellEverything(): void {
    this.stopFollowing();
    this.resultsSent = false;
    const { runs } = this;
    this.channel.say({ type: 'runs', runs: runs.map((run) => this.infoOf(run)) });
    this.following = runs.map((run) =>
      this.services.runs.follow(run.folder, ({ packet, reset }) => {
        this.channel.say({ type: 'packet', folder: run.folder, packet, reset });
        this.tellChange(run);
      }),
    );
    void this.tellResults(runs[0]);
    void this.tellComparison();
    if (this.tab) this.channel.say({ type: 'open', tab: this.tab });
    this.tab = null;
  }

  private tellChange(run: RunModel): void {
    this.channel.say({ type: 'info', info: this.infoOf(run) });
    if (this.resultsSent || run.state !== 'finished') return;
    if (run.folder === this.folders[0]) void this.tellResults(run);
    void this.tellComparison();
  }

  private async tellResults({ folder, state }: RunModel): Promise<void> {
    if (state !== 'finished') return;
    this.resultsSent = true;
    try {
      const results = await this.services.engine.request('runResults', { run: folder });
      this.channel.say({ type: 'results', folder, results });
    } catch (error) {
      this.resultsSent = false;
      this.services.log.warn(`Results cannot be shown: ${(error as Error).message}`);
    }
  }

  private async tellComparison(): Promise<void> {
    const { folders } = this;
    if (folders.length < 2) return;
    try {
      const tables = await this.services.engine.request('compareRuns', { runs: folders });
      if (folders === this.folders) this.channel.say({ type: 'comparison', tables });
    } catch (error) {
      this.services.log.warn(`Runs cannot be compared: ${(error as Error).message}`);
    }
  }

  private infoOf(run: RunModel): RunInfo {
    const { state } = run;
    return {
      folder: run.folder,
      name: run.name,
      state,
      error: state === 'failed' || state === 'interrupted' ? run.reason() : null,
      canResume: run.canResume,
      share: shareDone(run.progress),
      secondsLeft: state === 'running' ? secondsLeft(run.progress) : null,
      started: run.record?.started ?? null,
      seed: run.record?.seed ?? null,
    };
  }

  private act(command: RunCommand, folder: string): void {
    const { services } = this;
    if (!this.folders.includes(folder)) return;
    if (command === 'openConfig') {
      const run = services.runs.add(folder);
      Promise.resolve()
        .then(() =>
          vscode.window.showTextDocument(vscode.Uri.file(configOf(run)), {
            viewColumn: vscode.ViewColumn.One,
          }),
        )
        .then(undefined, services.showError);
      return;
    }
    vscode.commands
      .executeCommand(`meddistill.${command}`, folder)
      .then(undefined, services.showError);
  }

  private async readSnapshot(folder: string, file: string): Promise<ContrastiveSnapshot> {
    this.inGraphs(folder, file);
    return await this.services.engine.request('runSnapshot', { run: folder, file });
  }

  private readPicture(folder: string, file: string): Uint8Array | null {
    const bytes = readInside(folder, this.inGraphs(folder, file), largestBytes.picture);
    // A copy that owns its bytes: what Node reads may lie in a pool.
    return bytes && new Uint8Array(bytes);
  }

  /** A file of a run's graphs. @throws Error for one that lies elsewhere, or of a run that is not of this panel */
  private inGraphs(folder: string, file: string): string {
    if (!this.folders.includes(folder) || !file.startsWith('graphs/'))
      throw new Error(`${file} is not a file of the run's graphs.`);
    return file;
  }

  private async save(name: string, content: string | Uint8Array): Promise<boolean> {
    const target = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.file(join(dirname(this.folders[0]), name)),
    });
    if (!target) return false;
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    await vscode.workspace.fs.writeFile(target, bytes);
    return true;
  }

  private async chooseRuns(): Promise<void> {
    const [own] = this.folders;
    const chosen = await pickRuns(this.services, (run) => run.folder !== own, this.folders);
    if (chosen) this.compare(chosen.map(({ folder }) => folder));
  }
}

/** Runs picked from those that there are; undefined where the picking was given up. */
export async function pickRuns(
  { runs }: Services,
  fits: (run: RunModel) => boolean,
  picked: readonly string[] = [],
): Promise<RunModel[] | undefined> {
  const fitting = runs.list().filter(fits);
  if (fitting.length === 0) {
    void inform('There is no other run to compare with.');
    return undefined;
  }
  const items = await pickSeveral(
    fitting.map((run) => ({
      label: run.name,
      description: run.state,
      detail: vscode.workspace.asRelativePath(run.folder),
      picked: picked.includes(run.folder),
      run,
    })),
    { placeHolder: 'Runs to compare', matchOnDetail: true },
  );
  return items?.map(({ run }) => run);
}
