import type { KeptPanel } from '../../engine/contract/dashboard-page';
import type { Axis, ContrastiveGraphKind } from '../../engine/presentation/charts';

/** What a chart keeps. */
export interface ChartState {
  log?: boolean;
  /** Names of curves that are switched off. */
  hidden?: string[];
  range?: [number, number] | null;
  /** Shown as a table. */
  table?: boolean;
}

/** What the page keeps of itself: how things are looked at, never what is looked at. */
export interface PageState extends KeptPanel {
  tab: number;
  /** `current`: the stage at work. */
  stage: string;
  axis: Axis;
  smoothing: number;
  charts: Record<string, ChartState>;
  graph: {
    kind: ContrastiveGraphKind;
    /** The stage whose student is looked at; null: the first. */
    stage: string | null;
    /** Step; null: the latest. */
    step: number | null;
  };
  comparedCurve: string | null;
  scroll: number;
}

export const freshState: PageState = {
  version: 1,
  folders: [],
  tab: 0,
  stage: 'current',
  axis: 'run',
  smoothing: 0.6,
  charts: {},
  graph: { kind: 'inter', stage: null, step: null },
  comparedCurve: null,
  scroll: 0,
};

/** The state that was kept, or a fresh one where there is none or it is from another version. */
export function restoredState(kept: unknown): PageState {
  if (typeof kept !== 'object' || kept === null || (kept as PageState).version !== 1)
    return structuredClone(freshState);
  const { graph, ...others } = kept as Partial<PageState>;
  const fresh = structuredClone(freshState);
  return { ...fresh, ...others, graph: { ...fresh.graph, ...graph } };
}
