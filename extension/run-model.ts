import { existsSync, lstatSync, type Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { RunRecord } from '../engine/contract/run-record';
import type { DomainResult, RunProgress } from '../engine/contract/runs';
import { noProgress } from '../engine/presentation/run-progress';
import { readEndInside } from '../engine/runs/inside';
import { isAtWork } from '../engine/runs/at-work';
import { readJson, readJsonLater } from '../engine/runs/json-file';
import { largestBytes, runFiles } from '../engine/runs/run-files';
import { runRecord } from '../engine/runs/run-shapes';

/** `interrupted`: the record says that it runs, but its process is gone; it can be resumed. */
export type RunState = RunRecord['state'] | 'interrupted';

export interface RunExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A run as its folder tells it. Knows nothing but the folder, so it is the same after a reload. */
export class RunModel {
  readonly name: string;
  /** Null while the engine has not written one yet. */
  record: RunRecord | null = null;
  /** How far it is by what it has reported, as far as that was read: of runs that go on, and those that are looked at. */
  progress: RunProgress = noProgress;
  /** True once the user asked to stop it from here. */
  stopAsked = false;
  /** How the process that this window started ended. */
  exit: RunExit | null = null;
  /** Id of a process that was started for it and has not written its record yet. */
  private starting: number | null = null;
  /** Final numbers: undefined until they were asked for, null where there are none. */
  results: DomainResult[] | null | undefined = undefined;
  /** What is wrong with the record, as a sentence. */
  private damage: string | null = null;
  private stamp = '';
  private acceptedState: RunState = 'failed';

  constructor(readonly folder: string) {
    this.name = basename(folder);
  }

  file(name: keyof typeof runFiles): string {
    return join(this.folder, runFiles[name]);
  }

  get state(): RunState {
    if (this.starting !== null && this.record?.pid !== this.starting) return 'running';
    if (!this.record) return 'failed';
    if (this.record.state === 'running' && !isAtWork(this.record)) return 'interrupted';
    return this.record.state;
  }

  /** Process that works on it. */
  get pid(): number | undefined {
    return this.starting ?? this.record?.pid;
  }

  /** True while a process lives that this window has started for it. */
  get isOfThisWindow(): boolean {
    return this.starting !== null;
  }

  /** A process was started for it. */
  attach(pid: number): void {
    this.starting = pid;
    this.exit = null;
    this.stopAsked = false;
  }

  /** That process has ended. */
  detach(exit: RunExit): void {
    this.starting = null;
    this.exit = exit;
  }

  get isRunning(): boolean {
    return this.state === 'running';
  }

  get canResume(): boolean {
    return ['interrupted', 'cancelled', 'failed'].includes(this.state);
  }

  /** Reads its record if that changed, at once; true if it or the state did. */
  refresh(): boolean {
    const file = this.file('record');
    const stamp = fileStamp(file);
    if (stamp === null || stamp === this.stamp) return this.accept(null);
    try {
      return this.accept({
        stamp,
        record: readJson(this.folder, runFiles.record, runRecord, limits),
        damage: null,
      });
    } catch (error) {
      return this.accept(damaged(stamp, error));
    }
  }

  /** What its record says by now, which is not known before it is accepted; null where that did not change. */
  async look(): Promise<FoundRecord | null> {
    const file = this.file('record');
    const stamp = stampOf(await lstat(file).catch(() => null));
    if (stamp === null || stamp === this.stamp) return null;
    try {
      return {
        stamp,
        record: await readJsonLater(this.folder, runFiles.record, runRecord, limits),
        damage: null,
      };
    } catch (error) {
      return damaged(stamp, error);
    }
  }

  /** Takes over what was found; true if that is new, or the state is. */
  accept(found: FoundRecord | null): boolean {
    const before = this.acceptedState;
    if (found) {
      this.stamp = found.stamp;
      // What was known before the record was damaged stays.
      this.record = found.record ?? this.record;
      this.damage = found.damage;
      this.results = undefined;
    }
    this.acceptedState = this.state;
    return found !== null || this.acceptedState !== before;
  }

  /** Whether it was running when that was looked at last. */
  get wasRunning(): boolean {
    return this.acceptedState === 'running';
  }

  /** Why a run ended before its end, as a clause. */
  reason(): string {
    const { exit, record } = this;
    if (record?.state === 'failed' && record.error !== undefined) return record.error;
    if (exit?.signal === 'SIGKILL')
      return 'its process was killed (SIGKILL), as happens when memory runs out';
    const last = lastLine(this.folder, runFiles.log);
    if (exit?.signal) return `its process ended with ${exit.signal}${last ? `: ${last}` : ''}`;
    if (exit?.code) return last ?? `its process ended with exit code ${exit.code}`;
    return this.damage ?? 'its process is gone';
  }
}

/** True if the folder holds a run. */
export const isRunFolder = (folder: string): boolean => existsSync(join(folder, runFiles.record));

/** So much of a log is looked at. */
export const logEndBytes = 1 << 20;

/** A record as it was found. */
export interface FoundRecord {
  stamp: string;
  /** Null where it is damaged. */
  record: RunRecord | null;
  damage: string | null;
}

const damaged = (stamp: string, error: unknown): FoundRecord => ({
  stamp,
  record: null,
  damage: (error as Error).message,
});

const limits = { largest: largestBytes.record };

const stampOf = (found: Stats | null): string | null =>
  found && `${found.mtimeMs} ${found.size} ${found.ino}`;

/** By this it is seen that a file changed; null where there is none. */
export function fileStamp(path: string): string | null {
  try {
    return stampOf(lstatSync(path));
  } catch {
    return null;
  }
}

/** The last line of a log that is neither an event nor a remark in brackets; of a long log its end is looked at. */
export function lastLine(folder: string, file: string): string | null {
  try {
    const end = readEndInside(folder, file, logEndBytes);
    const lines = (end?.toString('utf8') ?? '').trimEnd().split('\n');
    return lines.reverse().find((line) => line.trim() && !/^[{(]/.test(line)) ?? null;
  } catch {
    return null;
  }
}
