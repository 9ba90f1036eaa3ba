import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type RunExit } from './run-model';
import { runFiles } from '../engine/runs/run-files';

export interface RunStart {
  /** Path of the engine's command line program. */
  cli: string;
  config: string;
  /** The run's folder; it is made if need be. */
  folder: string;
  resume: boolean;
  device?: string;
  threads?: number;
  variables: Record<string, string>;
}

export interface RunProcess {
  pid: number;
  exited: Promise<RunExit>;
}

/** The arguments of a run on the command line. */
export function runArguments(start: RunStart): string[] {
  return [
    start.cli,
    'run',
    start.config,
    '--out',
    start.folder,
    '--json',
    ...(start.resume ? ['--resume'] : []),
    ...(start.device === undefined ? [] : ['--device', start.device]),
    ...(start.threads === undefined ? [] : ['--threads', String(start.threads)]),
    ...Object.entries(start.variables).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
  ];
}

/**
 * Starts a run as a process of its own, which goes on when the window closes; what it prints goes to `engine.log` in the
 * run's folder. @throws Error where the folder cannot be written
 */
export async function startRun(start: RunStart): Promise<RunProcess> {
  mkdirSync(start.folder, { recursive: true });
  const log = openSync(join(start.folder, runFiles.log), 'a');
  try {
    const child = spawn(process.execPath, runArguments(start), {
      cwd: start.folder,
      detached: true,
      stdio: ['ignore', log, log],
      // The editor's binary is then a plain Node.
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: undefined },
    });
    const exited = new Promise<RunExit>((resolve) =>
      child.once('exit', (code, signal) => resolve({ code, signal })),
    );
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return { pid: child.pid!, exited };
  } finally {
    closeSync(log);
  }
}

/** How long a run may take to finish its step and write a checkpoint. */
const graceMilliseconds = 1700;

/** Asks a run's process to end, and ends it if it takes longer than the grace. The last checkpoint stays either way. */
export async function stopProcess(pid: number, grace = graceMilliseconds): Promise<void> {
  if (!signal(pid, 'SIGTERM')) return;
  for (let waited = 0; waited < grace; waited += 50) {
    await delay(50);
    if (!signal(pid, 0)) return;
  }
  signal(pid, 'SIGKILL');
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
