import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(__dirname, '../..');

/** Starts the command line from its sources. */
export function startCommand(
  args: readonly string[],
  stdout: 'pipe' | number = 'pipe',
): ChildProcess {
  return spawn(process.execPath, ['--require', 'tsx/cjs', 'engine/cli/cli.ts', ...args], {
    cwd: root,
    stdio: ['ignore', stdout, 'pipe'],
  });
}

export interface CommandResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end; `onLine` sees each line of its output and may end it. */
export function runCommand(
  args: readonly string[],
  onLine: (line: string, child: ChildProcess) => void = () => {},
): Promise<CommandResult> {
  return new Promise((done, fail) => {
    const child = startCommand(args);
    let [stdout, stderr, rest] = ['', '', ''];
    child.stdout!.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop()!;
      for (const line of lines) onLine(line, child);
    });
    child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', fail);
    child.on('close', (code, signal) => done({ code, signal, stdout, stderr }));
  });
}
