import { existsSync, readdirSync } from 'node:fs';
import * as vscode from 'vscode';
import { escapeMarkdown, fenceOf, withoutControls } from '../engine/presentation/plain-text';
import { readEndInside } from '../engine/runs/inside';
import { runFiles } from '../engine/runs/run-files';
import { isConfig } from './config-file';
import { inform } from './messages';
import { folderOf } from './pick-run';
import { readConfigCopy } from './run-config-file';
import { logEndBytes } from './run-model';
import type { Services } from './services';
import { readSettings } from './settings';

const lines = 40;
const longestFact = 4000;

/** "Copy Diagnostics": versions, device, settings, config and the last lines of the logs, ready to paste. */
export function registerDiagnosticsReport(
  context: vscode.ExtensionContext,
  services: Services,
): void {
  context.subscriptions.push(
    vscode.commands.registerCommand('meddistill.copyDiagnostics', async (given?: unknown) => {
      const report = await writeReport(context, services, folderOf(given));
      await vscode.env.clipboard.writeText(report);
      void inform(
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
  const config = open?.document.getText() ?? (run ? readConfigCopy(run.folder) : null);
  const section = (title: string, body: string, language = '') => {
    const fence = fenceOf(body);
    return `### ${escapeMarkdown(title)}\n\n${fence}${language}\n${body.trimEnd()}\n${fence}\n`;
  };
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
    ...Object.entries(facts).map(
      ([name, value]) => `- ${name}: ${escapeMarkdown(value, longestFact)}`,
    ),
    '',
    ...(config === null ? [] : [section('Config', config, 'jsonc')]),
    // Steps would push out what matters.
    ...(run
      ? [
          section(
            `Last lines of ${run.name}`,
            tail(run.folder, runFiles.log, (line) => !/^\{"type":"(step|gradients)"/.test(line)),
          ),
        ]
      : []),
    section('Last lines of the extension', tail(context.logUri.fsPath, ownLog(context))),
  ].join('\n');
}

/** Name of the file behind the output channel. */
function ownLog(context: vscode.ExtensionContext): string {
  const folder = context.logUri.fsPath;
  const name = existsSync(folder)
    ? readdirSync(folder).find((file) => file.endsWith('.log'))
    : null;
  return name ?? 'MedDistill.log';
}

function tail(folder: string, file: string, keep: (line: string) => boolean = () => true): string {
  try {
    const end = readEndInside(folder, file, logEndBytes);
    if (!end) return '(none)';
    const all = withoutControls(end.toString('utf8')).trimEnd().split('\n').filter(keep);
    return all.slice(-lines).join('\n');
  } catch {
    return '(none)';
  }
}
