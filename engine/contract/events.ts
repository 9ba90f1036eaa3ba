/** What a run reports to whoever watches it (extension, command line): types only. What the extension asks the engine: server.ts. */
import type { Estimate } from './estimate';
import type { PairedComparison } from './metrics';
import type { RunPlan, TermInfo } from './plan';
import type { Signal } from './signal';

/** What the engine reports while a run goes on; each is also a line of `metrics.jsonl` where it carries a number. */
export type EngineEvent =
  | { type: 'run'; folder: string; config: string; seed: number; resumed: boolean; plan: RunPlan }
  | { type: 'device'; device: string; name: string; threads: number; note?: string }
  /** Before the first step: what the run will take. The steps of its stages are those of the plan from here on. */
  | ({ type: 'estimate' } & Estimate)
  | { type: 'cohort'; domain: string; role: 'source' | 'target'; cases: number; slices: number }
  | {
      type: 'stage';
      /** A stage of the plan, or `evaluate`. */
      stage: string;
      state: 'started' | 'skipped' | 'resumed' | 'finished';
      step: number;
      steps: number;
      seconds?: number;
      /** How the terms of its loss are shown, by their names. */
      terms?: Record<string, TermInfo>;
    }
  | {
      type: 'step';
      stage: string;
      step: number;
      steps: number;
      /** Named terms of the loss, `loss` being their sum. */
      losses: Record<string, number>;
      learningRate: number;
      imagesPerSecond: number;
      /** Resident memory of the engine's process, in bytes. */
      memory?: number;
      /** L2 norm of the whole gradient before clipping. */
      gradientNorm?: number;
    }
  | {
      /** During training (`split: "validation"` chooses the checkpoint; targets are only watched) and at the end. */
      type: 'evaluation';
      stage: string;
      step: number;
      network: string;
      domain: string;
      role: 'source' | 'target';
      split: 'validation' | 'test';
      /** Mean over cases and classes; null where undefined. */
      dice: number | null;
      cases: number;
    }
  | {
      type: 'fsd';
      stage: string;
      step: number;
      /** What is compared: `source - target` by the domains' names, or a domain's name for teacher <-> student on it. */
      pair: string;
      network: string;
      value: number;
      n: number;
      dims: number;
    }
  /** The contrastive graphs at a step, in a `ContrastiveSnapshot` file of the run folder. */
  | { type: 'graphs'; stage: string; step: number; file: string }
  | {
      /** L2 norms of the gradients of the terms, weighted and scaled, on what is trained. */
      type: 'gradients';
      stage: string;
      step: number;
      norms: Record<string, number>;
      /** By what each scaled term is multiplied beside its weight, from this step on. */
      scales?: Record<string, number>;
    }
  | {
      /** What the vectors carry, with a student as it is at this step of its stage. */
      type: 'signal';
      stage: string;
      step: number;
      network: string;
      signal: Signal;
    }
  /** Dice of the teacher minus that of the student trained alone on the source's validation cases, before distillation. */
  | { type: 'gap'; teacher: string; student: string; difference: PairedComparison }
  | { type: 'log'; level: 'info' | 'warning' | 'error'; message: string }
  | { type: 'finished'; folder: string; report: string }
  | { type: 'cancelled'; folder: string };

/** A line of a run's `metrics.jsonl`. */
export type TimedEvent = EngineEvent & { time: string };

/** The events of one type, as they are in `metrics.jsonl`. */
export type EventOf<T extends EngineEvent['type']> = Extract<TimedEvent, { type: T }>;
