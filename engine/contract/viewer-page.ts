/** What crosses between the extension and the viewer's page: types only. */
import type { RunCases, ViewerCalls, ViewerSource } from './viewer';

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

/** What the page asks of the engine; the extension passes it on where the page may see what it is about. */
export type PassedOn = 'viewerOpen' | 'viewerSlice' | 'viewerDice';

/** What the page may ask of the extension. */
export interface HostCalls extends Pick<ViewerCalls, PassedOn> {
  start: { params: null; result: Start };
  /** Lays files over a file's image: those dropped, or, without any, those that the user chooses. Returns all overlays. */
  addOverlays: { params: { uris: string[] }; result: string[] };
  removeOverlay: { params: { path: string }; result: string[] };
}

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

/** What the page tells the extension: how it is looked at, which only the page itself reads again. */
export type PageEvent = { type: 'remember'; settings: unknown };

/** Of what the page keeps of itself, the part that the extension brings a panel back from. */
export interface KeptPanel {
  version: 1;
  source: ViewerSource | null;
}
