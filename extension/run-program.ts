import { spawn } from 'node:child_process';
import * as vscode from 'vscode';
import { escapeMarkdown } from '../engine/presentation/plain-text';
import { withProgress } from './messages';
import { engineEnvironment } from './settings';

/**
 * Runs the engine's program, whose indented lines say how far it is, and shows the rest of what it prints as Markdown. Nothing is shown
 * where it was called off.
 * @throws Error with the last line of its complaint
 */
export async function showPrinted(
  args: readonly string[],
  { progress: title, heading }: { progress: string; heading: string },
): Promise<void> {
  const printed = await withProgress(title, { cancellable: true }, (progress, token) =>
    runProgram(args, token, (line) => progress.report({ message: line.trim() })),
  );
  if (printed === null) return;
  const document = await vscode.workspace.openTextDocument({
    language: 'markdown',
    content: `# ${escapeMarkdown(heading)}\n${printed}`,
  });
  await vscode.window.showTextDocument(document, { preview: true });
}

/**
 * Runs the engine's program and hands over its indented lines; resolves with all it printed that is not indented, null where it was
 * called off. @throws Error with the last line of its complaint
 */
export function runProgram(
  args: readonly string[],
  token: vscode.CancellationToken,
  onLine: (line: string) => void = () => {},
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
    child.once('close', (code, signal) => {
      if (token.isCancellationRequested) return resolve(null);
      if (code !== 0) {
        const how = signal ? `It was ended by ${signal}.` : `It ended with exit code ${code}.`;
        return reject(new Error(complaint.trim().split('\n').at(-1) || how));
      }
      resolve(
        output
          .split('\n')
          .filter((line) => !line.startsWith('  '))
          .join('\n'),
      );
    });
  });
}
