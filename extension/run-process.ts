import { spawn } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type RunExit } from './run-model';
import { pathInside } from '../engine/runs/inside';
import { runFiles } from '../engine/runs/run-files';

export interface RunStart {
  /** Path of the engine's command line program. */
  cli: string;
  config: string;
  /** The run's folder; it is made if need be. */
  folder: string;
  resume: boolean;
  /** What the run is to fit into, as in `30m`: all stages are shortened by one factor where it would take longer. */
  time?: string;
  device?: string;
  threads?: number;
  variables: Record<string, string>;
  /** Beside this process's own. */
  environment?: Record<string, string>;
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
    ...(start.time === undefined ? [] : ['--time', start.time]),
    ...commonArguments(start),
  ];
}

/** The arguments of an estimate on the command line. Nothing is written to `folder`; stages that runs beside it have finished take nothing. */
export function estimateArguments(start: Omit<RunStart, 'resume' | 'time'>): string[] {
  return [
    start.cli,
    'estimate',
    start.config,
    '--out',
    start.folder,
    '--json',
    ...commonArguments(start),
  ];
}

export interface ComparisonStart extends Omit<RunStart, 'resume' | 'time'> {
  /** In place of the config's methods; null: those. */
  methods: unknown[] | null;
  seeds: number[];
}

/** The arguments of a comparison on the command line. */
export function comparisonArguments(start: ComparisonStart): string[] {
  return [
    start.cli,
    'compare',
    start.config,
    '--out',
    start.folder,
    '--json',
    ...(start.methods === null ? [] : ['--methods', JSON.stringify(start.methods)]),
    '--seeds',
    start.seeds.join(','),
    ...commonArguments(start),
  ];
}

export const commonArguments = ({
  device,
  threads,
  variables,
}: Pick<RunStart, 'device' | 'threads' | 'variables'>): string[] => [
  ...(device === undefined ? [] : ['--device', device]),
  ...(threads === undefined ? [] : ['--threads', String(threads)]),
  ...Object.entries(variables).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
];

/**
 * Starts a run as a process of its own, which goes on when the window closes; what it prints goes to `engine.log` in the
 * run's folder. @throws Error where the folder cannot be written
 */
export const startRun = (start: RunStart): Promise<RunProcess> =>
  startProcess(start, runArguments(start));

/** The same of a comparison. */
export const startComparison = (start: ComparisonStart): Promise<RunProcess> =>
  startProcess(start, comparisonArguments(start));

async function startProcess(
  start: Pick<RunStart, 'cli' | 'folder' | 'environment'>,
  args: readonly string[],
): Promise<RunProcess> {
  mkdirSync(start.folder, { recursive: true });
  // Not through a link: a folder that is resumed may be somebody else's.
  const append = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
  const unfollowed = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const log = openSync(pathInside(start.folder, runFiles.log), append | unfollowed, 0o666);
  try {
    const child = spawn(process.execPath, args, {
      // Not in the run's folder: on some systems libraries are looked for where a process works.
      cwd: dirname(start.cli),
      detached: true,
      stdio: ['ignore', log, log],
      // The editor's binary is then a plain Node.
      env: {
        ...process.env,
        ...start.environment,
        ELECTRON_RUN_AS_NODE: '1',
        NODE_OPTIONS: undefined,
        MEDDISTILL_PARENT: undefined,
      },
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

/**
 * Asks a process to end, and ends it if it takes longer than the grace. The last checkpoint stays either way. `isOurs` is asked before
 * each signal: ids are given again. Returns false where it was not ours, and nothing was done.
 */
export async function stopProcess(
  pid: number,
  isOurs: () => boolean | Promise<boolean>,
  grace = graceMilliseconds,
): Promise<boolean> {
  // 0 and below mean groups of processes.
  if (!Number.isSafeInteger(pid) || pid <= 0 || !(await isOurs())) return false;
  if (!signal(pid, 'SIGTERM')) return true;
  for (let waited = 0; waited < grace; waited += 50) {
    await delay(50);
    if (!signal(pid, 0)) return true;
  }
  if (await isOurs()) signal(pid, 'SIGKILL');
  return true;
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
