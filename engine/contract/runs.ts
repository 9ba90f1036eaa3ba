/** What the extension asks about runs: types only. The files of a run are read outside of the editor's own process, in pieces. */
import type { ContrastiveSnapshot } from './contrastive-snapshot';
import type { Packet } from './packet';
import type { RunPlan } from './plan';
import type { Table } from './table';

export interface RunCalls {
  /** The next piece of what a run has reported, from where the last one ended; null: from its beginning. */
  runEvents: { params: { run: string; from: EventsPlace | null }; result: RunEvents };
  /** Final numbers of finished runs; null for a run that has none, or whose report is damaged. */
  runSummaries: { params: { runs: string[] }; result: (DomainResult[] | null)[] };
  runResults: { params: { run: string }; result: Results };
  /** Final numbers and differences of the configs, a column a run. */
  compareRuns: { params: { runs: string[] }; result: Table[] };
  runSnapshot: { params: { run: string; file: string }; result: ContrastiveSnapshot };
  /** The ending of `path` says as what. */
  writeRunReport: { params: { run: string; path: string }; result: null };
}

/** A piece of what a run has reported. */
export interface RunEvents {
  packet: Packet;
  /** How far the run is at its end. */
  progress: RunProgress;
  /** All that was told before is void: the file was written anew. */
  reset: boolean;
  /** Whether there is more already. */
  more: boolean;
  next: EventsPlace;
}

/** A place in what a run has reported, with how far the run was there. */
export interface EventsPlace {
  line: LinePlace;
  progress: RunProgress;
}

/** A place between two lines of a file. */
export interface LinePlace {
  /** Of the file; null where there was none. */
  inode: number | null;
  offset: number;
  /** Within a line that is too long to be read. */
  isSkipping: boolean;
}

/** Final tables of a finished run. */
export interface Results {
  verdict: string[];
  tables: Table[];
}

/** How far a run is, made up from its events alone. */
export interface RunProgress {
  /** What the run trains. */
  plan: RunPlan;
  stage: string | null;
  step: number;
  steps: number;
  /** Stages that are over, each with what it took; 0 seconds where it was skipped. */
  finished: Record<string, { steps: number; seconds: number } | undefined>;
  /** Latest evaluation, for one line of text. */
  latest: { network: string; domain: string; dice: number | null } | null;
  imagesPerSecond: number | null;
  device: { device: string; name: string; threads: number; note?: string } | null;
  /** Seconds that each stage was expected to take, by name; null of a run that did not say. */
  expected: Record<string, number> | null;
  /** Of the stages that are over since that was said: what they were expected to take, and what they took, in seconds. */
  pace: { expected: number; actual: number };
  /**
   * From where on the stage at work is timed, its first step: the step, the time in milliseconds since the epoch, and the seconds that
   * getting there took.
   */
  began: { step: number; time: number; before: number } | null;
  /** Time of what was heard last of the stage at work, in milliseconds since the epoch. */
  heardAt: number | null;
  /** Smoothed seconds a step of the stage at work. */
  secondsPerStep: number | null;
  /** Time of the last step, in milliseconds since the epoch. */
  steppedAt: number | null;
  /** Last error the engine reported. */
  error: string | null;
}

/** A distilled student's key numbers on one domain. */
export interface DomainResult {
  domain: string;
  role: 'source' | 'target';
  /** What the student is called where there are several, else null. */
  student: string | null;
  /** Of the teacher, the student trained alone, and the distilled student. */
  dice: { teacher: number | null; warmup: number | null; student: number | null };
  /** What distillation gained over the student trained alone; null where either is undefined. */
  gain: number | null;
  /** Fréchet Semantic Distance from the source, of the distilled student; targets only. */
  fsd: number | null;
}
