import { createHash, randomBytes } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { copyFile, link, mkdir, readdir, rename, rm, stat, unlink, utimes } from 'node:fs/promises';
import { endianness, hostname } from 'node:os';
import { join } from 'node:path';
import type { DistillConfig } from '../config/config';
import { UserError } from '../errors';
import type { CohortCase } from '../cohort/cohort';
import { fingerprint } from '../cohort/fingerprint';
import type { PreparedResult } from './prepared-case';
import { isStoredCase, openStoredCase, writeStoredCase } from './stored-case';

/** Raised when preparation would give something else from the same files and config. */
const revision = 3;
const suffix = '.case';
/** Names of entries, which are hashes, and of the folders of links; nothing of another name is deleted. */
const isEntry = (name: string) => /^[0-9a-f]{40}\.case$/.test(name);
const isLink = (name: string) => /^[0-9a-f]{40}\.case(?:\.(?:[0-9a-f]{8}\.)?tmp)?$/.test(name);
const isOwner = (name: string) => /^[^~]+~\d+~[0-9a-f]{8}$/.test(name);
/** Folders of this process's links, which end with it. */
const links = new Set<string>();
process.once('exit', () => links.forEach(removeLinks));

/** Links that another machine left are taken for abandoned after so many ms. */
const abandonedAfter = 7 * 24 * 3600 * 1000;

/**
 * Prepared cases on disk, shared by any number of processes. Every entry is one file, named by the hash of all that it
 * depends on, written elsewhere and linked into place whole. Each process holds a hard link of its own to every entry that
 * it uses, in a folder named after it: an entry with a second link is in use and is not evicted, and were it deleted its
 * data would stay. Of the others those unused for longest are deleted to make room.
 */
export class CaseCache {
  private static readonly open = new Map<string, Promise<CaseCache>>();

  private constructor(
    private readonly folder: string,
    private readonly own: string,
    private readonly bytes: number,
  ) {
    links.add(own);
  }

  /** The cache of a config; null where it wants none. @throws UserError where its folder cannot be used */
  static of({ cache }: Pick<DistillConfig, 'cache'>): Promise<CaseCache> | null {
    if (!cache || cache.gigabytes <= 0) return null;
    const key = JSON.stringify([cache.folder, cache.gigabytes]);
    const known = CaseCache.open.get(key);
    if (known) return known;
    const opened = CaseCache.create(cache.folder, cache.gigabytes * 1e9);
    CaseCache.open.set(key, opened);
    return opened;
  }

  private static async create(folder: string, bytes: number): Promise<CaseCache> {
    const users = join(folder, 'in-use');
    const own = join(users, `${hostname()}~${process.pid}~${randomBytes(4).toString('hex')}`);
    try {
      await mkdir(own, { recursive: true });
    } catch (error) {
      throw new UserError(
        `The cache of prepared cases, ${folder}, cannot be made (${(error as Error).message}); choose another folder by cache.folder, or set cache.gigabytes to 0.`,
      );
    }
    for (const name of await readdir(users))
      if (isOwner(name) && (await isAbandoned(join(users, name)))) removeLinks(join(users, name));
    return new CaseCache(folder, own, bytes);
  }

  /** The case from the cache, or else prepared and put there; either way its arrays stay on disk until they are used. */
  async get(
    config: DistillConfig,
    item: CohortCase,
    prepare: () => Promise<PreparedResult>,
  ): Promise<PreparedResult> {
    const key = await keyOf(config, item);
    const shared = join(this.folder, key + suffix);
    const own = join(this.own, key + suffix);
    if (await this.take(shared, own)) {
      const stored = await openStoredCase(own, item).catch(() => null);
      if (stored) return stored;
      // Damaged: it is made anew.
      await rm(own, { force: true });
      await rm(shared, { force: true });
    }
    await this.put(await prepare(), shared, own);
    const stored = await openStoredCase(own, item).catch(() => null);
    if (stored) return stored;
    throw new UserError(
      `${own}, a prepared case, is damaged as soon as it is written; the disk of cache.folder may be failing: choose another folder, or set cache.gigabytes to 0.`,
    );
  }

  async has(config: DistillConfig, item: CohortCase): Promise<boolean> {
    return existsSync(join(this.folder, (await keyOf(config, item)) + suffix));
  }

  /** Makes an entry this process's own as well. False: there is none. */
  private async take(shared: string, own: string): Promise<boolean> {
    try {
      await linkOrCopy(shared, own);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw this.unusable(error);
    }
    const now = new Date();
    await utimes(own, now, now).catch(() => {});
    return true;
  }

  private async put(result: PreparedResult, shared: string, own: string): Promise<void> {
    const partial = `${own}.tmp`;
    try {
      const size = await writeStoredCase(partial, result);
      await this.makeRoom(size);
      await rename(partial, own);
      await linkOrCopy(own, shared);
    } catch (error) {
      await rm(partial, { force: true });
      throw error instanceof UserError ? error : this.unusable(error);
    }
  }

  /** Deletes the entries unused for longest until `size` bytes more fit in. */
  private async makeRoom(size: number): Promise<void> {
    const names = (await readdir(this.folder)).filter(isEntry);
    const entries = (
      await Promise.all(
        names.map(async (name) => {
          const path = join(this.folder, name);
          const found = await stat(path).catch(() => null);
          return found && { path, size: found.size, used: found.mtimeMs, links: found.nlink };
        }),
      )
    ).filter((entry) => entry !== null);
    let total = entries.reduce((sum, entry) => sum + entry.size, size);
    const idle = entries.filter(({ links }) => links < 2).sort((a, b) => a.used - b.used);
    for (const entry of idle) {
      if (total <= this.bytes) return;
      if (!(await isStoredCase(entry.path).catch(() => false))) continue;
      await unlink(entry.path).catch(() => {});
      total -= entry.size;
    }
    if (total <= this.bytes) return;
    const gb = (bytes: number) => `${Number((bytes / 1e9).toPrecision(3))} GB`;
    throw new UserError(
      `The prepared cases need more than the ${gb(this.bytes)} of the cache: ${entries.length - idle.length} cases in use take ${gb(total - size)}, and the next one ${gb(size)}; raise cache.gigabytes, or choose a coarser input.spacing, "fit": "resize" or a smaller maxSlices.`,
    );
  }

  private unusable(error: unknown): UserError {
    return new UserError(
      `The cache of prepared cases, ${this.folder}, cannot be used (${(error as Error).message}); choose another folder by cache.folder, or set cache.gigabytes to 0.`,
    );
  }
}

/** Removes a process's links, and their folder where nothing else is in it. */
function removeLinks(folder: string): void {
  try {
    if (!lstatSync(folder).isDirectory()) return;
    for (const name of readdirSync(folder)) if (isLink(name)) unlinkSync(join(folder, name));
    rmdirSync(folder);
  } catch {
    // Another process does so at the same time, or there is more in it.
  }
}

/** A hard link, or a copy where the file system has no links; one that is there already is kept. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code === 'ENOENT') throw error;
    const partial = `${to}.${randomBytes(4).toString('hex')}.tmp`;
    try {
      await copyFile(from, partial);
      await rename(partial, to);
    } finally {
      await rm(partial, { force: true });
    }
  }
}

/** True for the links of a process that has ended. */
async function isAbandoned(path: string): Promise<boolean> {
  const [host, pid] = path.split(/[\\/]/).at(-1)!.split('~');
  if (host !== hostname()) {
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    return Date.now() - mtimeMs > abandonedAfter;
  }
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** A hash of everything that a prepared case depends on: its files and the part of the config that prepares it. */
async function keyOf(config: DistillConfig, item: CohortCase): Promise<string> {
  const domain = config.domains[item.domain];
  const files = [item.images, item.labels, item.masks];
  const parts = [
    revision,
    endianness(),
    await Promise.all(files.map((paths) => Promise.all(paths.map(fingerprint)))),
    item.id,
    config.classes,
    config.input,
    // One domain in colour gives all of them three channels.
    Object.values(config.domains).some(({ channel }) => channel === 'rgb'),
    // The name stands in messages alone, and splits are made elsewhere.
    { ...domain, role: null, images: null, labels: null, masks: null, split: null, maxCases: null },
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
}
