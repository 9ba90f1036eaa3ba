import { spawn } from 'node:child_process';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { escapeMarkdown } from '../engine/presentation/plain-text';
import { requireTrust } from './distill';
import { withProgress } from './messages';
import { pickRun } from './pick-run';
import type { Services } from './services';
import { engineEnvironment, readSettings } from './settings';

/** "Evaluate": judges a finished run's networks again on its cohort, and shows the table. */
export function registerEvaluate(context: vscode.ExtensionContext, services: Services): void {
  const cli = join(context.extensionPath, 'dist', 'cli.js');
  context.subscriptions.push(
    vscode.commands.registerCommand('meddistill.evaluate', async (given?: unknown) => {
      if (!requireTrust()) return;
      const run = await pickRun(
        services.runs,
        given,
        'Run to evaluate',
        (r) => r.state === 'finished',
      );
      if (!run) return;
      const { device } = readSettings();
      const args = [cli, 'evaluate', run.folder, ...(device ? ['--device', device] : [])];
      try {
        const table = await withProgress(
          `Evaluating ${run.name}`,
          { cancellable: true },
          (progress, token) =>
            runProgram(args, token, (line) => progress.report({ message: line.trim() })),
        );
        if (table === null) return;
        const document = await vscode.workspace.openTextDocument({
          language: 'markdown',
          content: `# ${escapeMarkdown(run.name)}\n${table}`,
        });
        await vscode.window.showTextDocument(document, { preview: true });
      } catch (error) {
        services.showError(error);
      }
    }),
  );
}

/**
 * Runs the engine's program and hands over its lines; resolves with all it printed that is not indented, null where it was
 * called off. @throws Error with the last line of its complaint
 */
function runProgram(
  args: string[],
  token: vscode.CancellationToken,
  onLine: (line: string) => void,
): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...engineEnvironment(),
        ELECTRON_RUN_AS_NODE: '1',
        NODE_OPTIONS: undefined,
        MEDDISTILL_PARENT: String(process.pid),
      },
    });
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const line of text.split('\n')) if (line.startsWith('  ')) onLine(line);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    token.onCancellationRequested(() => child.kill());
    child.once('error', reject);
    child.once('close', (code) => {
      if (token.isCancellationRequested) return resolve(null);
      if (code !== 0)
        return reject(
          new Error(complaint.trim().split('\n').at(-1) || `It ended with exit code ${code}.`),
        );
      resolve(
        output
          .split('\n')
          .filter((line) => !line.startsWith('  '))
          .join('\n'),
      );
    });
  });
}
