/** `run.json`: where a run comes from and how far it is. Types only. */
import type { Estimate } from './estimate';
import type { RunPlan } from './plan';

export interface RunRecord {
  meddistill: string;
  state: 'running' | 'finished' | 'cancelled' | 'failed';
  /** One sentence, for a run that failed. */
  error?: string;
  /** Absolute path of the config that was run; the folder's own copy is `config.distill.jsonc`. */
  config: string;
  variables: Record<string, string>;
  /** Missing where it is not known, as are others below. */
  seed?: number;
  /** First start, in ISO form; `since` is that of the process that works on it. */
  started: string;
  since?: string;
  ended?: string;
  /** Process that works on the run, while it is running. */
  pid?: number;
  device?: { name: string; description: string; threads: number };
  versions: Record<string, string>;
  /** Share of the config's steps that all of its stages have, to fit into a time; missing where they are as the config says. */
  scale?: number;
  /** What it was expected to take when it was started last. */
  estimate?: Estimate;
  /** What it trains. */
  plan: RunPlan;
  /** By the stages' names, `evaluate` among them. */
  stages: Record<string, StageRecord | undefined>;
}

export interface StageRecord {
  state: 'running' | 'finished';
  /** Of everything that the stage's result depends on. */
  hash: string;
  step: number;
  steps: number;
  /** Time spent in it, in seconds, over all sessions that worked on it. */
  seconds: number;
  /** Of these, those that were not spent in evaluating or compiling; missing where it is not known. */
  trainingSeconds?: number;
  /** It ended before its steps, as the source's validation found nothing better. */
  stoodStill?: true;
  /** The checkpoint that was chosen, where validation chose one. */
  best?: { step: number; dice: number };
}
