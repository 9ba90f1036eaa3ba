/** Events of a run packed for a page: types only. */
import type { EventOf, TimedEvent } from './events';

/** Columns instead of a line each, a tenth of their size. */
export interface Packet {
  blocks: StepBlock[];
  events: RareEvent[];
}

/** Events that come seldom, and are passed on as they are. */
export type RareEvent = Exclude<TimedEvent, EventOf<'step'>>;

/** Training steps of one stage as columns, row by row; NaN where a step has no such number. */
export interface StepBlock {
  stage: string;
  /** Steps that the stage has in all. */
  steps: number;
  step: Float64Array;
  /** Milliseconds since the epoch. */
  time: Float64Array;
  losses: Record<string, Float32Array>;
  measures: Record<Measure, Float32Array>;
}

/** What a step tells beside its losses; memory in bytes. */
export type Measure = 'learningRate' | 'imagesPerSecond' | 'memory' | 'gradientNorm';
