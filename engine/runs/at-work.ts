import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import type { RunRecord } from '../contract/run-record';

/**
 * Whether the process that a run's record names still works on it. Ids are given again: after a restart of the machine, and to other
 * programs.
 */
export function isAtWork({ pid, since, started }: RunRecord): boolean {
  // 0 and below mean groups of processes.
  if (pid === undefined || !Number.isSafeInteger(pid) || pid <= 0) return false;
  if (Date.parse(since ?? started) < Date.now() - uptime() * 1000 - 60_000) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    // Linux tells what the process is; a zombie has no command line left.
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return /cli\.[jt]s|meddistill/.test(command);
  } catch {
    return true;
  }
}
