import { readFileSync } from 'node:fs';

/** Whether a process works: one that has ended and was not yet asked after does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^[ZX]/.test(text.slice(text.lastIndexOf(')') + 2));
  } catch {
    // Where the system does not tell.
    return process.platform !== 'linux';
  }
}
