import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../errors';
import { unwritable } from '../files';

/** A process, told apart from every other one: ids are given again, but not with the same start. */
interface Owner {
  host: string;
  pid: number;
  start: string;
}

/** Of `.HOST~PID~START.lock`; the holder has such a file that ends with `.held` too. */
const name = /^\.([^~/\\]+)~(\d+)~(\d+)\.(lock|held)$/;

const me = (): Owner => ({
  host: hostname().replace(/[^\w.-]/g, '_') || 'host',
  pid: process.pid,
  start: startOf(process.pid) ?? '0',
});

/** Folders that this process holds, with their files. */
const held = new Set<string>();

/** For how long the holder of another machine, whose processes cannot be asked for, is taken to live after its last sign. */
const silence = 5 * 60_000;
const sign = 30_000;
const patience = 10_000;

/**
 * The right to work in a run's folder, which one process has at a time and which ends with it. A process writes a file of its own name
 * and has the right once no other process that lives has one: of two, the one that wrote its file later sees the other's. A dead
 * process's name never comes again, so that its file can be removed by anybody at any time.
 */
export class RunLock {
  private constructor(
    private readonly own: string,
    private readonly signs: NodeJS.Timeout,
  ) {}

  /** @throws UserError that says who has the right, within 10 s */
  static async take(folder: string): Promise<RunLock> {
    const { host, pid, start } = me();
    const id = `.${host}~${pid}~${start}`;
    const own = join(folder, id);
    if (held.has(own)) throw busy(folder, me());
    held.add(own);
    try {
      const end = Date.now() + patience;
      for (;;) {
        await writeFile(`${own}.lock`, '').catch((error: unknown) => {
          throw unwritable(`${own}.lock`, error);
        });
        const others = await livingOthers(folder, id);
        const holder = others.find((other) => other.holds);
        if (holder || (others.length && Date.now() > end)) throw busy(folder, holder ?? others[0]);
        if (others.length === 0) break;
        // Of several that came at once the first by name stays, and the others step back until somebody has it.
        const first = others.every((other) => id < other.id);
        if (!first) await rm(`${own}.lock`, { force: true });
        await delay(first ? 5 : 20 + randomInt(40));
      }
      await writeFile(`${own}.held`, '').catch((error: unknown) => {
        throw unwritable(`${own}.held`, error);
      });
    } catch (error) {
      await forget(own);
      throw error;
    }
    const now = () => new Date();
    const signs = setInterval(
      () => void utimes(`${own}.lock`, now(), now()).catch(() => {}),
      sign,
    ).unref();
    return new RunLock(own, signs);
  }

  async release(): Promise<void> {
    clearInterval(this.signs);
    await forget(this.own);
  }
}

async function forget(own: string): Promise<void> {
  for (const ending of ['held', 'lock']) await rm(`${own}.${ending}`, { force: true });
  held.delete(own);
}

function busy(folder: string, { host, pid }: Owner): UserError {
  const where = host === me().host ? '' : ` of ${host}`;
  return new UserError(
    `Process ${pid}${where} is working on the run ${folder}; stop it first, or choose another folder.`,
  );
}

/**
 * Whether the process `pid` of this machine has the right to work in a folder, as far as the system can prove it: false where it does
 * not tell when a process began. The right is in the process's name and start, so that no other process can have come to it.
 */
export function isHeldBy(folder: string, pid: number): boolean {
  const start = startOf(pid);
  return start !== null && existsSync(join(folder, `.${me().host}~${pid}~${start}.held`));
}

/** Processes that want or have the folder, beside this one; what dead ones left is removed. */
async function livingOthers(folder: string, id: string) {
  const found = new Map<string, Owner & { id: string; holds: boolean }>();
  for (const file of await readdir(folder)) {
    const [, host, pid, start, ending] = name.exec(file) ?? [];
    if (host === undefined) continue;
    const owner = { host, pid: Number(pid), start };
    const other = `.${host}~${pid}~${start}`;
    if (other === id) continue;
    const touched = await stat(join(folder, `${other}.lock`)).catch(() => null);
    // Let go in this moment.
    if (touched === null && ending === 'lock') continue;
    if (lives(owner, touched?.mtimeMs ?? 0))
      found.set(other, {
        ...owner,
        id: other,
        holds: ending === 'held' || found.get(other)?.holds === true,
      });
    else await rm(join(folder, file), { force: true });
  }
  return [...found.values()];
}

/** `touched`: when its file was last, in ms. */
function lives({ host, pid, start }: Owner, touched: number): boolean {
  if (host !== me().host) return Date.now() - touched < silence;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // Where the system does not tell when a process began, a file from before its own start is of none that lives.
  return start === '0' ? touched > Date.now() - uptime() * 1000 : startOf(pid) === start;
}

/** When a process began, in ticks since the system's start; null for one that has ended, and where the system does not tell. */
function startOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name stands in brackets and may hold any character.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, start] = [fields[0], fields[19]];
    return state === 'Z' || state === 'X' ? null : start;
  } catch {
    return null;
  }
}
