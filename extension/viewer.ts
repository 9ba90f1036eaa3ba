import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import * as vscode from 'vscode';
import type { KeptPanel, Opened, ViewerCommand } from '../engine/contract/viewer-page';
import { inform } from './messages';
import { folderOf, pickRun } from './pick-run';
import type { Services } from './services';
import { ViewerPage, type ViewerContent } from './viewer-page';
import { ViewerSettings } from './viewer-settings';

export const comparisonType = 'meddistill.viewer';
export const volumeType = 'meddistill.volume';

/** Commands for the viewer in front. */
const viewerCommands: readonly ViewerCommand[] = [
  'nextCase',
  'previousCase',
  'nextWorstSlice',
  'axial',
  'coronal',
  'sagittal',
  'fit',
];

/** The viewer: a panel for a run's predictions, and an editor for NIfTI files. */
export function registerViewer(context: vscode.ExtensionContext, services: Services): void {
  const comparisons = new Comparisons(services, new ViewerSettings(context.workspaceState));
  const volumes = new VolumeEditors(services, new ViewerSettings(context.workspaceState));
  context.subscriptions.push(
    comparisons,
    vscode.window.registerWebviewPanelSerializer(comparisonType, comparisons),
    vscode.window.registerCustomEditorProvider(volumeType, volumes, {
      supportsMultipleEditorsPerDocument: true,
    }),
    vscode.commands.registerCommand('meddistill.comparePredictions', (given: unknown) =>
      comparisons.choose(given),
    ),
    vscode.commands.registerCommand('meddistill.openVolume', (uri?: vscode.Uri) => openVolume(uri)),
    vscode.commands.registerCommand(
      'meddistill.addOverlay',
      (uri?: vscode.Uri, all?: vscode.Uri[]) => volumes.addOverlays(all ?? (uri ? [uri] : [])),
    ),
    ...viewerCommands.map((command) =>
      vscode.commands.registerCommand(`meddistill.viewer.${command}`, () =>
        (comparisons.active ?? volumes.active)?.command(command),
      ),
    ),
  );
}

const imageFilter = {
  'NIfTI files': ['nii', 'gz', 'hdr', 'img'],
  'All files': ['*'],
};

async function openVolume(given?: vscode.Uri): Promise<void> {
  const uri =
    given ??
    (
      await vscode.window.showOpenDialog({ filters: imageFilter, openLabel: 'Open in Viewer' })
    )?.[0];
  if (uri) await vscode.commands.executeCommand('vscode.openWith', uri, volumeType);
}

// --- runs -----------------------------------------------------------------------------------------------------------

interface Comparison {
  panel: vscode.WebviewPanel;
  page: ViewerPage;
}

/** Panels that compare the predictions of a run's networks, one for each run. */
class Comparisons implements vscode.WebviewPanelSerializer, vscode.Disposable {
  private readonly open = new Map<string, Comparison>();
  /** State of each run when it was last shown. */
  private readonly states = new Map<string, string>();
  private readonly listening: vscode.Disposable;

  constructor(
    private readonly services: Services,
    private readonly settings: ViewerSettings,
  ) {
    this.listening = services.runs.onDidChange((run) => {
      const shown = run && this.open.get(run.folder);
      if (!shown || this.states.get(run.folder) === run.state) return;
      // A run that goes on has no report, one that has just ended has.
      this.states.set(run.folder, run.state);
      shown.page.reload();
    });
  }

  get active(): ViewerPage | undefined {
    return [...this.open.values()].find(({ panel }) => panel.active)?.page;
  }

  /** Shows a run that is handed over, by itself or with a case of it, else the one that the user picks. */
  async choose(given: unknown): Promise<void> {
    const run = await pickRun(
      this.services.runs,
      given,
      'Run whose predictions to compare',
      ({ state }) => state === 'finished',
    );
    if (run) this.show(run.folder, caseOf(given));
  }

  show(folder: string, first: { domain: string; id: string } | null): void {
    const known = this.open.get(folder);
    if (known && !first) return known.panel.reveal();
    known?.panel.dispose();
    const panel = vscode.window.createWebviewPanel(
      comparisonType,
      `Predictions: ${basename(folder)}`,
      vscode.ViewColumn.Active,
      this.services.webviewOptions,
    );
    this.attach(panel, folder, first);
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const run = runOf(state);
    if (run === null) panel.dispose();
    else this.attach(panel, run, null);
    return Promise.resolve();
  }

  dispose(): void {
    this.listening.dispose();
    for (const { panel } of this.open.values()) panel.dispose();
  }

  private attach(
    panel: vscode.WebviewPanel,
    folder: string,
    first: { domain: string; id: string } | null,
  ): void {
    this.states.set(folder, this.services.runs.add(folder).state);
    const page = new ViewerPage(
      panel.webview,
      runContent(folder, first, this.services),
      this.services,
      this.settings,
    );
    this.open.set(folder, { panel, page });
    panel.onDidDispose(() => {
      page.dispose();
      if (this.open.get(folder)?.panel === panel) this.open.delete(folder);
    });
  }
}

function runContent(
  folder: string,
  first: { domain: string; id: string } | null,
  { engine }: Services,
): ViewerContent {
  return {
    name: folder,
    open: async (): Promise<Opened> => ({
      kind: 'run',
      run: await engine.request('viewerRun', { run: folder }),
      first,
    }),
    allows: (source) => source.kind === 'case' && source.run === folder,
    addOverlays: () => Promise.resolve([]),
    removeOverlay: () => [],
  };
}

/** The case in a command's argument: an object with `domain` and `id` or `case`. */
function caseOf(given: unknown): { domain: string; id: string } | null {
  if (typeof given !== 'object' || given === null || folderOf(given) === undefined) return null;
  const { domain, id } = given as { domain?: unknown; id?: unknown };
  return typeof domain === 'string' && typeof id === 'string' ? { domain, id } : null;
}

/** The run in what the page kept of itself. */
function runOf(state: unknown): string | null {
  const { source } = (state ?? {}) as Partial<KeptPanel>;
  return source?.kind === 'case' && typeof source.run === 'string' ? resolve(source.run) : null;
}

/**
 * Path of a file on the disk of the machine that the extension runs on; what is dropped on a page names it as a remote one where the
 * window is elsewhere. @throws Error, one sentence, for files on no disk
 */
function pathOnDisk(uri: vscode.Uri): string {
  if (uri.scheme === 'file') return uri.fsPath;
  if (uri.scheme === 'vscode-remote') return vscode.Uri.file(uri.path).fsPath;
  throw new Error(
    `${uri.toString(true)} is not on a disk of this machine; the viewer reads files from disk.`,
  );
}

// --- files ----------------------------------------------------------------------------------------------------------

/** Under this name the overlays of a file are remembered. */
const overlaysOf = (uri: vscode.Uri): string => `overlays of ${uri.fsPath}`;

/** An opened file, with what is laid over it. */
class VolumeDocument implements vscode.CustomDocument {
  constructor(
    readonly uri: vscode.Uri,
    public overlays: string[],
  ) {}

  dispose(): void {}
}

interface VolumeEditor {
  document: VolumeDocument;
  panel: vscode.WebviewPanel;
  page: ViewerPage;
}

/** Read-only editors of NIfTI files, offered beside others. */
class VolumeEditors implements vscode.CustomReadonlyEditorProvider<VolumeDocument> {
  private readonly open = new Set<VolumeEditor>();
  private last: VolumeEditor | null = null;

  constructor(
    private readonly services: Services,
    private readonly settings: ViewerSettings,
  ) {}

  get active(): ViewerPage | undefined {
    return [...this.open].find(({ panel }) => panel.active)?.page;
  }

  openCustomDocument(uri: vscode.Uri): VolumeDocument {
    const kept = this.settings.get(overlaysOf(uri));
    const overlays = Array.isArray(kept) ? kept.filter((path) => typeof path === 'string') : [];
    return new VolumeDocument(uri, overlays.filter(existsSync));
  }

  resolveCustomEditor(document: VolumeDocument, panel: vscode.WebviewPanel): void {
    const page = new ViewerPage(
      panel.webview,
      this.content(document),
      this.services,
      this.settings,
    );
    const editor = { document, panel, page };
    this.open.add(editor);
    this.last = editor;
    const { fsPath } = document.uri;
    const watcher = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(vscode.Uri.file(dirname(fsPath)), basename(fsPath)),
    );
    watcher.onDidChange(() => page.reload());
    watcher.onDidCreate(() => page.reload());
    panel.onDidChangeViewState(() => {
      if (panel.active) this.last = editor;
    });
    panel.onDidDispose(() => {
      watcher.dispose();
      page.dispose();
      this.open.delete(editor);
      if (this.last === editor) this.last = null;
    });
  }

  /** Lays files over the file that was looked at last; without any, asks for them. */
  addOverlays(uris: vscode.Uri[]): void {
    const { last } = this;
    if (!last) {
      void inform('Open the image first (MedDistill: Open in Viewer), then add label files to it.');
      return;
    }
    last.panel.reveal();
    if (uris.length === 0) return last.page.command('addOverlay');
    this.add(last.document, uris);
    last.page.reload();
  }

  private add(document: VolumeDocument, uris: readonly vscode.Uri[]): string[] {
    for (const uri of uris) {
      const path = pathOnDisk(uri);
      if (!document.overlays.includes(path)) document.overlays.push(path);
    }
    return this.remember(document);
  }

  private remember({ uri, overlays }: VolumeDocument): string[] {
    this.settings.set(overlaysOf(uri), overlays);
    return [...overlays];
  }

  private content(document: VolumeDocument): ViewerContent {
    const { uri } = document;
    return {
      name: uri.fsPath,
      open: () =>
        Promise.resolve().then(() => ({
          kind: 'file',
          path: pathOnDisk(uri),
          overlays: [...document.overlays],
        })),
      allows: (source) =>
        source.kind === 'file' &&
        source.path === uri.fsPath &&
        source.overlays.every((path) => document.overlays.includes(path)),
      addOverlays: async (dropped) => {
        const uris =
          dropped.length > 0
            ? dropped.map((text) => vscode.Uri.parse(text, true))
            : ((await vscode.window.showOpenDialog({
                canSelectMany: true,
                defaultUri: vscode.Uri.file(dirname(uri.fsPath)),
                filters: imageFilter,
                openLabel: 'Add as Overlay',
                title: `Label files over ${basename(uri.fsPath)}`,
              })) ?? []);
        return this.add(document, uris);
      },
      removeOverlay: (path) => {
        document.overlays = document.overlays.filter((other) => other !== path);
        return this.remember(document);
      },
    };
  }
}
