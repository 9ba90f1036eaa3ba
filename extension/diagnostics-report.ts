import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { readText } from '../engine/runs/json-file';
import { isConfig } from './config-file';
import { lastLines } from './line-tail';
import { folderOf } from './pick-run';
import type { Services } from './services';
import { readSettings } from './settings';

const lines = 40;
/** A person writes it. */
const largestConfig = 1e7;

/** "Copy Diagnostics": versions, device, settings, config and the last lines of the logs, ready to paste. */
export function registerDiagnosticsReport(
  context: vscode.ExtensionContext,
  services: Services,
): void {
  context.subscriptions.push(
    vscode.commands.registerCommand('meddistill.copyDiagnostics', async (given?: unknown) => {
      const report = await writeReport(context, services, folderOf(given));
      await vscode.env.clipboard.writeText(report);
      void vscode.window.showInformationMessage(
        'Diagnostics are in the clipboard. They name folders and files of this machine: look before you publish them.',
      );
      return report;
    }),
  );
}

async function writeReport(
  context: vscode.ExtensionContext,
  { engine, log, runs }: Services,
  folder: string | undefined,
): Promise<string> {
  const environment = await engine
    .request('describeEnvironment', null)
    .catch((error: unknown) => ({ Engine: `does not answer: ${(error as Error).message}` }));
  const run = folder === undefined ? runs.list().at(0) : runs.add(folder);
  const open = vscode.window.visibleTextEditors.find(({ document }) => isConfig(document.uri));
  const config =
    open?.document.getText() ??
    (run && existsSync(run.file('config')) ? readText(run.file('config'), largestConfig) : null);
  const section = (title: string, body: string, language = '') =>
    `### ${title}\n\n\`\`\`${language}\n${body.trimEnd()}\n\`\`\`\n`;
  const facts = {
    'VS Code': `${vscode.version}, ${vscode.env.appName}, ${vscode.env.uiKind === vscode.UIKind.Web ? 'web' : 'desktop'}${vscode.env.remoteName ? `, remote ${vscode.env.remoteName}` : ''}`,
    ...environment,
    Trusted: String(vscode.workspace.isTrusted),
    Settings: JSON.stringify(readSettings(open?.document.uri)),
    ...(run
      ? {
          Run: `${run.name}, ${run.state}${run.canResume ? `: ${run.reason()}` : ''}`,
          'Run on': JSON.stringify({ device: run.record?.device, versions: run.record?.versions }),
        }
      : {}),
  };
  log.debug('Diagnostics were copied.');
  return [
    '## MedDistill diagnostics\n',
    ...Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`),
    '',
    ...(config === null ? [] : [section('Config', config, 'jsonc')]),
    // Steps would push out what matters.
    ...(run
      ? [
          section(
            `Last lines of ${run.name}`,
            tail(run.file('log'), (line) => !/^\{"type":"(step|gradients)"/.test(line)),
          ),
        ]
      : []),
    section('Last lines of the extension', tail(ownLog(context))),
  ].join('\n');
}

/** The file behind the output channel. */
function ownLog(context: vscode.ExtensionContext): string {
  const folder = context.logUri.fsPath;
  const name = existsSync(folder)
    ? readdirSync(folder).find((file) => file.endsWith('.log'))
    : null;
  return join(folder, name ?? 'MedDistill.log');
}

function tail(file: string, keep: (line: string) => boolean = () => true): string {
  return lastLines(file).filter(keep).slice(-lines).join('\n') || '(none)';
}
