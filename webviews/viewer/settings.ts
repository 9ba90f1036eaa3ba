import type { LayerName, PlaneName } from '../../engine/contract/viewer';
import type { KeptPanel } from '../../engine/contract/viewer-page';
import type { PaneName } from './layers';

export type CaseOrder = 'name' | 'dice' | 'gain';

/** How a run or a file is looked at: remembered for each of them. */
export interface ViewSettings {
  version: 1;
  /** Panes that are switched off; null until someone chooses. */
  hidden: PaneName[] | null;
  layout: 'row' | 'grid';
  overlay: 'fill' | 'contour' | 'none';
  /** 0 to 1. */
  opacity: number;
  /** What the colours of a network's pane mean: classes, or agreement with the reference. */
  colors: 'classes' | 'agreement';
  hiddenClasses: string[];
  /** Intensity window of each domain; of a file under the name ''. */
  windows: Record<string, { low: number; high: number }>;
  plane: PlaneName | null;
  /** Whose errors the error map and the keys to the worst slices are about. */
  judged: LayerName | null;
  sidebar: boolean;
  domain: string | null;
  order: CaseOrder;
  /** Case of each domain that was shown last. */
  cases: Record<string, string>;
}

/** Where one looks: kept over a reload, not for the next time. */
export interface Place {
  /** Slice of each plane. */
  slices: Partial<Record<PlaneName, number>>;
  /** Null: the one to begin with. */
  frame: number | null;
  zoom: number;
  /** In pixels of the image. */
  pan: { x: number; y: number };
  /** Row and column in the shown slice. */
  cursor: { row: number; column: number } | null;
  /** Probability from which on a class is taken; null: as it was evaluated. */
  threshold: number | null;
}

/** What the page keeps of itself. */
export interface PageState extends KeptPanel {
  settings: ViewSettings;
  place: Place;
}

export const freshSettings: ViewSettings = {
  version: 1,
  hidden: null,
  layout: 'grid',
  overlay: 'fill',
  opacity: 0.5,
  colors: 'classes',
  hiddenClasses: [],
  windows: {},
  plane: null,
  judged: null,
  sidebar: true,
  domain: null,
  order: 'dice',
  cases: {},
};

export const freshPlace: Place = {
  slices: {},
  frame: null,
  zoom: 1,
  pan: { x: 0, y: 0 },
  cursor: null,
  threshold: null,
};

/** Settings that were kept, or fresh ones where there are none or they are from another version. */
export function restoredSettings(kept: unknown): ViewSettings {
  const fresh = structuredClone(freshSettings);
  if (!isVersion1(kept)) return fresh;
  return { ...fresh, ...(kept as Partial<ViewSettings>) };
}

/** The state that the page kept; null where there is none. */
export function restoredState(kept: unknown): PageState | null {
  if (!isVersion1(kept)) return null;
  const { settings, source, place } = kept as Partial<PageState>;
  return {
    version: 1,
    settings: restoredSettings(settings),
    source: source ?? null,
    place: { ...structuredClone(freshPlace), ...place },
  };
}

const isVersion1 = (kept: unknown): boolean =>
  typeof kept === 'object' && kept !== null && (kept as { version?: unknown }).version === 1;
