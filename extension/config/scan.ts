import * as vscode from 'vscode';
import type { ConfigText } from '../../engine/contract/config';
import type { ConfigSurvey } from '../../engine/contract/cohort';
import { isConfig } from '../config-file';
import type { Services } from '../services';
import { readSettings } from '../settings';

/** A config's text as the engine is asked about it. */
export const configText = (document: vscode.TextDocument): ConfigText => ({
  file: document.uri.fsPath,
  text: document.getText(),
  variables: readSettings(document.uri).variables,
});

const pauseMilliseconds = 400;

interface Scan {
  /** Of the last text of which a domain could be read. */
  survey: ConfigSurvey | null;
  source: vscode.CancellationTokenSource | null;
  timer: NodeJS.Timeout | null;
}

/**
 * Surveys of the configs that are open: made anew when the text rests, called off when it changes. Reading large cohorts goes
 * on in several requests, each of which knows more.
 */
export class ConfigScans implements vscode.Disposable {
  private readonly scans = new Map<string, Scan>();
  private readonly disposables: vscode.Disposable[] = [];
  private readonly surveyed = new vscode.EventEmitter<vscode.TextDocument>();
  private readonly closed = new vscode.EventEmitter<vscode.Uri>();

  /** There is a new survey of a document. */
  readonly onDidSurvey = this.surveyed.event;
  readonly onDidClose = this.closed.event;

  constructor(private readonly services: Services) {
    const later = (document: vscode.TextDocument, pause = pauseMilliseconds) => {
      if (isConfig(document.uri)) this.schedule(document, pause);
    };
    this.disposables.push(
      this.surveyed,
      this.closed,
      vscode.workspace.onDidOpenTextDocument((document) => later(document, 0)),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) later(document);
      }),
      vscode.workspace.onDidSaveTextDocument((document) => later(document, 0)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.drop(uri)),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('meddistill.variables'))
          vscode.workspace.textDocuments.forEach((document) => later(document, 0));
      }),
    );
    vscode.workspace.textDocuments.forEach((document) => later(document, 0));
  }

  /** The latest survey of a document, which may be of an earlier text. */
  of(document: vscode.TextDocument): ConfigSurvey | null {
    return this.scans.get(document.uri.toString())?.survey ?? null;
  }

  dispose(): void {
    for (const key of this.scans.keys()) this.stop(key);
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private schedule(document: vscode.TextDocument, pause: number): void {
    const key = document.uri.toString();
    this.stop(key);
    const scan = this.scans.get(key) ?? { survey: null, source: null, timer: null };
    this.scans.set(key, scan);
    scan.timer = setTimeout(() => void this.run(document, scan), pause);
  }

  private async run(document: vscode.TextDocument, scan: Scan): Promise<void> {
    const source = new vscode.CancellationTokenSource();
    scan.source = source;
    try {
      const survey = await this.services.engine.request(
        'survey',
        configText(document),
        source.token,
      );
      if (source.token.isCancellationRequested || document.isClosed) return;
      if (survey) scan.survey = survey;
      this.surveyed.fire(document);
      const unread =
        survey && Object.values(survey.domains).some(({ read, cases }) => read < cases.length);
      const damaged = survey?.faults.some(({ severity }) => severity === 'error');
      if (unread && !damaged) scan.timer = setTimeout(() => void this.run(document, scan), 0);
    } catch (error) {
      if (!source.token.isCancellationRequested)
        this.services.log.warn(
          `${document.uri.fsPath} could not be surveyed: ${(error as Error).message}`,
        );
    } finally {
      if (scan.source === source) scan.source = null;
      source.dispose();
    }
  }

  private stop(key: string): void {
    const scan = this.scans.get(key);
    scan?.source?.cancel();
    if (scan?.timer) clearTimeout(scan.timer);
  }

  private drop(uri: vscode.Uri): void {
    this.stop(uri.toString());
    if (this.scans.delete(uri.toString())) this.closed.fire(uri);
  }
}
