import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { isHeldBy } from '../engine/runs/run-lock';

/** What is known of a run's process from the run's folder, which anybody may have written. */
export interface RecordedProcess {
  pid: number;
  folder: string;
  /** When it began to work on the run, in ISO form. */
  since: string;
}

/**
 * Whether a process that a run's record names is the one that works on the run, so that it may be ended. A record may be from another
 * machine, from before a restart, or made up; of a process that this window has started itself nobody needs to ask.
 *
 * - Where the system tells when a process began (Linux), it must have the right to work in the folder (`RunLock`), which is given by
 *   its id and its start, and its command must be MedDistill's.
 * - Else where there is `ps` (macOS), it must have begun when the record says, and its command must be that of a run in this folder.
 * - On other systems (Windows) no process is known to be a run's: Stop ends only those that this window has started.
 */
export async function isProcessOf({ pid, folder, since }: RecordedProcess): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  if (process.platform === 'linux') return isHeldBy(folder, pid) && isOurProgram(commandOf(pid));
  if (process.platform === 'win32') return false;
  const told = await tellOf(pid);
  return told !== null && isRunIn(told, folder, since);
}

/** The parts of a process's command on Linux; none of one that has ended. */
function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

const isOurProgram = (command: readonly string[]): boolean =>
  command.some((part) => /(?:^|[\\/])(?:cli\.[jt]s|meddistill)$/.test(part)) &&
  command.some((part) => ['run', 'demo', 'compare'].includes(part));

/** What `ps` tells of a process. */
export interface ToldProcess {
  /** When it began. */
  began: Date;
  command: string;
}

/** Null for a process that is not there. */
export async function tellOf(pid: number): Promise<ToldProcess | null> {
  try {
    const asked = ['-o', 'lstart=,command=', '-ww', '-p', String(pid)];
    const environment = { ...process.env, LC_ALL: 'C' };
    const { stdout } = await promisify(execFile)('ps', asked, { env: environment, timeout: 2000 });
    // `Wed Nov 25 17:04:19 2026`, in local time.
    const [, began, command] = /^\s*(\w+ +\w+ +\d+ [\d:]+ \d+)\s+(.*)$/s.exec(stdout) ?? [];
    return began === undefined ? null : { began: new Date(began), command: command.trimEnd() };
  } catch {
    return null;
  }
}

/** Between the start of a process and its record it reads its config and waits for the right to the folder. */
const mostBefore = 5 * 60_000;
/** Clocks are told in whole seconds. */
const mostAfter = 2000;

/** Whether that is a run in this folder which began when the record says, or the comparison that it is a seed of, which began before. */
export function isRunIn({ began, command }: ToldProcess, folder: string, since: string): boolean {
  const early = Date.parse(since) - began.getTime();
  const isOf = (name: string, out: string) =>
    new RegExp(`[\\\\/](?:cli\\.[jt]s|meddistill) ${name} `).test(command) &&
    `${command} `.includes(` --out ${out} `);
  return (
    early >= -mostAfter &&
    ((early <= mostBefore && isOf('run', folder)) || isOf('compare', dirname(folder)))
  );
}
