import type { RunCases, ViewerCalls } from '../../engine/contract/viewer';
import type { ViewSettings } from './settings';

/** What a viewer is opened on. */
export type Opened =
  /** A run; with `first` that case is shown, else the one that was shown last. */
  | { kind: 'run'; run: RunCases; first: { domain: string; id: string } | null }
  | { kind: 'file'; path: string; overlays: string[] }
  /** What cannot be opened, and why; it may be later. */
  | { kind: 'failed'; name: string; message: string };

/** The answer to a page that is there. */
export interface Start {
  opened: Opened;
  /** How it was looked at before; null where it never was. */
  settings: unknown;
}

type Passed = {
  [K in 'viewerOpen' | 'viewerSlice' | 'viewerDice']: (
    params: ViewerCalls[K]['params'],
  ) => ViewerCalls[K]['result'];
};

/** What the page may ask of the extension. */
export type HostCalls = Passed & {
  start: (nothing: null) => Start;
  /** Lays files over a file's image: those dropped, or, without any, those that the user chooses. Returns all overlays. */
  addOverlays: (dropped: { uris: string[] }) => string[];
  removeOverlay: (which: { path: string }) => string[];
};

/** What the extension may ask of the page: nothing. */
export type PageCalls = Record<never, never>;

/** Something the user asked for by a command. */
export type ViewerCommand =
  | 'nextCase'
  | 'previousCase'
  | 'nextWorstSlice'
  | 'axial'
  | 'coronal'
  | 'sagittal'
  | 'fit'
  | 'addOverlay';

/** What the extension tells the page. */
export type HostEvent =
  | { type: 'command'; command: ViewerCommand }
  /** What is shown has changed: everything is asked for anew. */
  | { type: 'reload' };

/** What the page tells the extension. */
export type PageEvent = { type: 'remember'; settings: ViewSettings };
