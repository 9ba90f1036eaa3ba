import type {
  LayerName,
  PlaneName,
  ViewerSource,
  ViewerSubject,
} from '../../engine/contract/viewer';

/** A pane: the reference, a network's or an overlay's labels, or what differs. */
export type PaneName = LayerName;

export type CaseOrder = 'name' | 'dice' | 'gain';

/** How a run or a file is looked at: remembered for each of them. */
export interface ViewSettings {
  version: 1;
  /** Panes that are switched off. */
  hidden: PaneName[];
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
  /** Null: the one that the subject begins with. */
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
export interface PageState {
  version: 1;
  settings: ViewSettings;
  source: ViewerSource | null;
  place: Place;
}

export const freshSettings: ViewSettings = {
  version: 1,
  // Trained on alone: the fair comparison in numbers, one pane too many at first sight.
  hidden: ['control'],
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

/** The panes that a subject can have, in their order; an error map needs a reference and something to compare with it. */
export function panesOf(subject: Pick<ViewerSubject, 'layers'>): PaneName[] {
  const names: PaneName[] = subject.layers.map(({ name }) => name);
  if (names.length === 0) return ['reference'];
  return referenceOf(subject) !== null && names.length > 1 ? [...names, 'error'] : names;
}

/** The layer that others are compared with: of a file, the first overlay. */
export function referenceOf({ layers }: Pick<ViewerSubject, 'layers'>): LayerName | null {
  const [first] = layers;
  return first && (first.name === 'reference' || first.name === 'overlay 0') && !first.error
    ? first.name
    : null;
}

/** The layer whose errors are shown: the chosen one, else the distilled student, else the last. */
export function judgedOf(
  subject: Pick<ViewerSubject, 'layers'>,
  chosen: LayerName | null,
): LayerName | null {
  const reference = referenceOf(subject);
  if (reference === null) return null;
  const others = subject.layers.filter(({ name }) => name !== reference).map(({ name }) => name);
  return (
    [chosen, 'student' as const].find((name) => name && others.includes(name)) ??
    others.at(-1) ??
    null
  );
}
