import { join } from 'node:path';
import * as vscode from 'vscode';
import { EngineClient } from './engine-client';
import { KnownEstimates } from './known-estimates';
import { complain } from './messages';
import { RunRegistry } from './run-registry';
import { engineEnvironment } from './settings';
import { webviewHtml, webviewOptions } from './webview-html';

/** What every part of the extension shares. */
export interface Services {
  log: vscode.LogOutputChannel;
  engine: EngineClient;
  runs: RunRegistry;
  estimates: KnownEstimates;
  /** For `webview.options`; set it again when a panel is restored. */
  webviewOptions: vscode.WebviewOptions;
  /** The page of the view `name` (webviews/NAME/main.ts). */
  webviewHtml: (webview: vscode.Webview, name: string, title: string) => string;
  /** Shows a failure as one sentence, with the log and the diagnostics one click away. */
  showError: (error: unknown) => void;
}

export function createServices(context: vscode.ExtensionContext): Services {
  const log = vscode.window.createOutputChannel('MedDistill', { log: true });
  const showError = (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    log.error(error instanceof Error && error.stack ? error.stack : message);
    void complain(message, 'Show Log', 'Copy Diagnostics').then((choice) => {
      if (choice === 'Show Log') log.show();
      if (choice === 'Copy Diagnostics')
        void vscode.commands.executeCommand('meddistill.copyDiagnostics');
    });
  };
  const engine = new EngineClient(
    join(context.extensionPath, 'dist', 'server.js'),
    log,
    ({ message, final }) =>
      showError(
        final
          ? `${message} It stopped 5 times within 3 minutes and is not started again by itself.`
          : message,
      ),
    engineEnvironment,
  );
  const runs = new RunRegistry(context.workspaceState, engine, log);
  const estimates = new KnownEstimates(runs);
  context.subscriptions.push(log, engine, runs, estimates);
  return {
    log,
    engine,
    runs,
    estimates,
    webviewOptions: webviewOptions(context.extensionUri),
    webviewHtml: (webview, name, title) => webviewHtml(webview, context.extensionUri, name, title),
    showError,
  };
}
