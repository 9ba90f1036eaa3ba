import type { DiceResult, RunCases, SceneInfo, ViewerSource } from '../../engine/contract/viewer';
import type { PaneName } from './layers';
import type { Place, ViewSettings } from './settings';
import type { LoadedSlice } from './slices';

/** All that the page shows follows from this. It is replaced, never changed, by the functions of transitions.ts. */
export interface State {
  /** The run whose cases there are; null where a file is shown. */
  readonly run: RunCases | null;
  readonly settings: ViewSettings;
  readonly place: Place;
  /** What was asked for last: on its way, shown, or failed. */
  readonly asked: ViewerSource | null;
  /** Null until something is open, and where it could not be opened. */
  readonly shown: Shown | null;
  /** Why nothing is shown, as a sentence. */
  readonly failure: string | null;
  /** By this the page is found again: what was shown last, also before the page was loaded. */
  readonly source: ViewerSource | null;
  /** The slice that came last. */
  readonly slice: LoadedSlice | null;
  /** Why the slice after that did not come. */
  readonly sliceFailure: string | null;
  /** True while a case or a slice is on its way. */
  readonly loading: boolean;
  /** Those that were counted last: while others are counted they are still there, also those of the case before. */
  readonly scores: Scores | null;
  readonly counting: boolean;
  readonly countFailure: string | null;
  /** Why an overlay was not added: until the next one is. */
  readonly refusal: string | null;
  /** Panes that were off before one was shown alone. */
  readonly hiddenBefore: readonly PaneName[] | null;
  readonly help: boolean;
  /** How often the editor's theme has changed. */
  readonly theme: number;
  /** How often the cursor has come to rest: then screen readers are told where it is. */
  readonly rests: number;
}

/** What is shown, and where it is from. */
export type Shown = SceneInfo & { source: ViewerSource };

/** Dice of all slices. */
export interface Scores {
  of: Shown;
  dice: DiceResult;
  /** With which they were counted; null: as it was evaluated. */
  threshold: number | null;
}

/** A state in which something is shown. */
export type OpenState = State & { readonly shown: Shown };

export const isOpen = (state: State): state is OpenState => state.shown !== null;
