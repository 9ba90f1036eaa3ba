/** What crosses between the extension and the dashboard's page: types only. */
import type { ContrastiveSnapshot } from './contrastive-snapshot';
import type { Packet } from './packet';
import type { Results } from './runs';
import type { Table } from './table';

/** A run as the page knows it beside its curves. */
export interface RunInfo {
  folder: string;
  name: string;
  state: 'running' | 'finished' | 'cancelled' | 'failed' | 'interrupted';
  /** Why it failed. */
  error: string | null;
  canResume: boolean;
  /** Share of all steps that are done; null while that is not known. */
  share: number | null;
  secondsLeft: number | null;
  /** When it was started, ISO. */
  started: string | null;
  seed: number | null;
}

/** What the extension tells the page. Each event stands for itself, so that a hidden page may miss any number of them. */
export type HostEvent =
  /** The runs of the panel, the first being the one it belongs to; everything follows anew. */
  | { type: 'runs'; runs: RunInfo[] }
  | { type: 'info'; info: RunInfo }
  /** With `reset` everything before is void. */
  | { type: 'packet'; folder: string; packet: Packet; reset: boolean }
  | { type: 'results'; folder: string; results: Results }
  | { type: 'comparison'; tables: Table[] }
  | { type: 'open'; tab: 'Compare' };

/** What the page tells the extension. */
export type PageEvent =
  /** The page is there and wants everything. */
  { type: 'ready' } | { type: 'command'; command: RunCommand; folder: string };

export type RunCommand = 'stop' | 'resume' | 'comparePredictions' | 'openConfig' | 'exportReport';

/** What the page may ask of the extension. */
export interface HostCalls {
  snapshot: { params: { folder: string; file: string }; result: ContrastiveSnapshot };
  /** PNG bytes; null where there is no such picture. */
  picture: { params: { folder: string; file: string }; result: Uint8Array | null };
  /** Asks where to, and writes; false where nobody chose a place. */
  save: { params: { name: string; content: string | Uint8Array }; result: boolean };
  /** Lets the user choose the runs to compare with the panel's own. */
  chooseRuns: { params: null; result: void };
  removeRun: { params: { folder: string }; result: void };
}

/** What the extension may ask of the page: nothing. */
export type PageCalls = Record<never, never>;

/** Of what the page keeps of itself, the part that the extension brings a panel back from. */
export interface KeptPanel {
  version: 1;
  /** Folders of the runs, the panel's own first. */
  folders: string[];
}
