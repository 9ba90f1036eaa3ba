import { existsSync, lstatSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { TimedEvent } from '../engine/contract/events';
import type { Report } from '../engine/contract/report';
import type { RunRecord } from '../engine/contract/run-record';
import { upgradedRecord, upgradedReport } from '../engine/presentation/old-runs';
import { readEndInside, readInside } from '../engine/runs/inside';
import { largestBytes, runFiles } from '../engine/runs/run-files';
import { eventsOf } from '../engine/runs/run-folder';
import { isAtWork } from '../engine/runs/at-work';
import { LineTail } from './line-tail';
import { advance, noProgress, type RunProgress } from './run-progress';

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
  progress: RunProgress = noProgress;
  /** True once the user asked to stop it from here. */
  stopAsked = false;
  /** How the process that this window started ended. */
  exit: RunExit | null = null;
  /** Id of a process that was started for it and has not written its record yet. */
  private starting: number | null = null;
  private stamp = '';
  private readonly metrics: EventTail;
  private reported: { stamp: string; report: Report } | null = null;

  constructor(readonly folder: string) {
    this.name = basename(folder);
    this.metrics = new EventTail(folder);
  }

  file(name: keyof typeof runFiles): string {
    return join(this.folder, runFiles[name]);
  }

  /** The text of a file, which may be somebody else's. @throws UserError */
  private text(name: 'record' | 'report'): string {
    return readInside(this.folder, runFiles[name], largestBytes[name])?.toString('utf8') ?? '';
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

  /** Reads what changed; true if the record or the progress did. */
  refresh(): boolean {
    const before = this.stamp;
    const state = this.state;
    const stamp = stampOf(this.file('record'));
    if (stamp !== null && stamp !== before) {
      try {
        this.record = upgradedRecord(JSON.parse(this.text('record')) as RunRecord);
        this.stamp = stamp;
      } catch {
        // Damaged or gone between two calls: what was known stays.
      }
    }
    const { events, reset } = this.metrics.read();
    if (reset) this.progress = noProgress;
    for (const event of events) this.progress = advance(this.progress, event);
    return this.stamp !== before || this.state !== state || reset || events.length > 0;
  }

  /** The final numbers, once there are some. */
  report(): Report | null {
    const stamp = stampOf(this.file('report'));
    if (stamp === null) return null;
    if (this.reported?.stamp === stamp) return this.reported.report;
    try {
      const report = upgradedReport(JSON.parse(this.text('report')) as Report);
      this.reported = { stamp, report };
      return report;
    } catch {
      return null;
    }
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
    return 'its process is gone';
  }
}

/** The events of a run, read as they are written. */
export class EventTail {
  private readonly tail: LineTail;

  constructor(folder: string) {
    this.tail = new LineTail(join(folder, runFiles.metrics));
  }

  /** `reset`: the events before these are void. */
  read(): { events: TimedEvent[]; reset: boolean } {
    const { lines, reset } = this.tail.read();
    return { events: eventsOf(lines), reset };
  }
}

/** True if the folder holds a run. */
export const isRunFolder = (folder: string): boolean => existsSync(join(folder, runFiles.record));

/** So much of a log is looked at. */
export const logEndBytes = 1 << 20;

function stampOf(file: string): string | null {
  try {
    const { mtimeMs, size, ino } = lstatSync(file);
    return `${mtimeMs} ${size} ${ino}`;
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
