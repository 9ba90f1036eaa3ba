/** What a run trains, as its config asks for it: types only. */

/** The teacher; a student that is not distilled, to hold others against; a distilled student. */
export type NetworkRole = 'teacher' | 'baseline' | 'student';

/** A network that a run trains, evaluates and reports on. */
export interface NetworkInfo {
  /** By this it is known in reports, events, folders and on the command line. */
  name: string;
  role: NetworkRole;
  title: string;
  /** The stage that leaves its weights. */
  stage: string;
  /** Which of the palette's colours and markers it is drawn with, from 0. */
  color: number;
}

/** A stage of training. */
export interface StageInfo {
  name: string;
  title: string;
  steps: number;
}

/** How a term of a stage's loss is shown. */
export interface TermInfo {
  title: string;
  /** Which of the palette's colours it is drawn with, from 0. */
  color: number;
  /** For a term whose twin has the same colour. */
  dashed?: boolean;
}

/** Stages in the order in which they run, and networks in the order in which they are shown. */
export interface RunPlan {
  stages: StageInfo[];
  networks: NetworkInfo[];
}
