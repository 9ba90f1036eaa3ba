/** The messages between the engine and whoever runs it (extension, command line): types only. */
import type { DeviceName, StageName } from './config/config';

export const protocolVersion = 1;

/** What the engine reports while a run goes on; each is also a line of `metrics.jsonl` where it carries a number. */
export type EngineEvent =
  | { type: 'run'; folder: string; config: string; seed: number; resumed: boolean }
  | { type: 'device'; device: DeviceName; name: string; threads: number; note?: string }
  | { type: 'cohort'; domain: string; role: 'source' | 'target'; cases: number; slices: number }
  | {
      type: 'stage';
      stage: StageName | 'evaluate';
      state: 'started' | 'skipped' | 'resumed' | 'finished';
      step: number;
      steps: number;
      seconds?: number;
    }
  | {
      type: 'step';
      stage: StageName;
      step: number;
      steps: number;
      /** Named terms of the loss, `loss` being their sum. */
      losses: Record<string, number>;
      learningRate: number;
      imagesPerSecond: number;
    }
  | {
      type: 'evaluation';
      stage: StageName | 'evaluate';
      step: number;
      network: string;
      domain: string;
      /** Mean over cases; null where undefined. */
      dice: number | null;
      cases: number;
    }
  | { type: 'gradients'; stage: StageName; step: number; norms: Record<string, number> }
  | { type: 'log'; level: 'info' | 'warning' | 'error'; message: string }
  | { type: 'finished'; folder: string; report: string }
  | { type: 'cancelled'; folder: string };

/** JSON-RPC: extension -> engine. */
export interface RunRequest {
  config: string;
  out?: string;
  resume?: boolean;
  seed?: number;
  device?: DeviceName;
  variables?: Record<string, string>;
}
export interface RunResult {
  state: 'finished' | 'cancelled';
  folder: string;
  report?: string;
}
export const methods = {
  /** request, RunRequest -> RunResult */
  run: 'run',
  /** request, no parameters: the current run stops after its step, with a checkpoint */
  cancel: 'cancel',
  /** notification, EngineEvent */
  event: 'event',
} as const;
