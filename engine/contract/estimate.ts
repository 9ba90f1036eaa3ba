/** What a run is expected to take on a machine: types only. */
import type { RunPlan } from './plan';

/** A stage of the plan, `prepare` before them, or `evaluate` after them. */
export interface StageEstimate {
  stage: string;
  /** Of the whole stage; 0 of what is no training. */
  steps: number;
  /** Those that are not done yet; 0 where its weights are there already. */
  left: number;
  /** A step of the optimiser with the drawing of its batch, in seconds; null where none was timed. */
  secondsPerStep: number | null;
  /** Of what is left to do, its evaluations included. */
  seconds: number;
  /** Resident memory of the engine's process during it, in bytes; null where it was not looked at. */
  memory: number | null;
}

export interface Estimate {
  stages: StageEstimate[];
  /** What the timing itself took, in seconds. */
  took: number;
  /** Share of the config's steps that all stages have, 1 where they are as the config says. */
  scale: number;
}

/** An estimate with what it is of and where it was made: what `meddistill estimate --json` prints. */
export interface MachineEstimate extends Estimate {
  plan: RunPlan;
  device: { name: string; description: string; threads: number };
}
