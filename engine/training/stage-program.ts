import type { TrainingConfig } from '../config/config';
import type { Batch } from '../batches/sampler';
import { Graph, type TensorData, type TensorType } from '../graph/graph';
import { initialize } from '../networks/initialization';
import { compile } from '../runtime/compile';
import type { Device, Program, ProgramOptions } from '../runtime/runtime';
import type { Shapes, Weights } from '../weights';
import { feedsOf, randomFeeds } from './feeds';
import { stepFactors } from './optimizer';
import type { Loss, Stage } from './stage';
import {
  addGradientNorms,
  addTrainingStep,
  averageName,
  rescaled,
  scaleName,
} from './training-graph';

export interface StageProgramOptions {
  device: Device;
  training: Pick<TrainingConfig, 'optimizer' | 'clipNorm' | 'seed'> & { average?: number };
  /** How many classes there are beside the background. */
  classes: number;
  /**
   * Weights of earlier stages: where what is trained starts, the rest is frozen. `fresh`: none are trained yet, and all are as they
   * are made; for timing alone.
   */
  given: Weights | 'fresh';
  /** What a checkpoint has of the state, whose shapes it is told; it goes before `given`. */
  kept?: (shapes: Shapes) => Promise<Weights | undefined>;
  /** Told what of a step a GPU leaves to the processor. */
  onPlacement?: ProgramOptions['onPlacement'];
}

/** What a step computed. */
export interface StepResults {
  /** `loss`, the weighted sum of the terms, and each term by its name. */
  losses: Record<string, number>;
  /** L2 norm of the whole gradient, before clipping. */
  gradientNorm: number;
}

/** A stage's training step, compiled for a device, with the state of weights and optimiser that it carries on. */
export class StageProgram {
  private diagnosis: Program | null = null;
  /** What was spent in compiling after it was opened. */
  compileSeconds = 0;

  private constructor(
    private readonly stage: Stage,
    private readonly options: StageProgramOptions,
    private readonly program: Program,
    readonly loss: Loss,
    /** Of all weights and of the optimiser's own, by name. */
    readonly shapes: Shapes,
    /** What it does not train. */
    readonly frozen: Weights,
    /** What it is fed, by name. */
    private readonly inputs: readonly (TensorType & { name: string })[],
  ) {}

  static async open(stage: Stage, options: StageProgramOptions): Promise<StageProgram> {
    const { device, training, given, kept, onPlacement } = options;
    const graph = new Graph();
    const loss = stage.build(graph, partOf(stage));
    addTrainingStep(graph, loss, training, stage.accumulate);
    const shapes = new Map([...graph.parameters.values()].map((p) => [p.name, p.value.shape]));
    const start = initialize(graph, training.seed, ['']);
    const others = [...(given === 'fresh' ? start : given)];
    const frozen: Weights = new Map(
      others.filter(([name]) => !isTrained(loss, name) && !name.includes('@')),
    );
    for (const name of frozen.keys()) start.delete(name);
    for (const [name, data] of (await kept?.(shapes)) ?? others)
      if (start.has(name)) start.set(name, data);
    const program = await compile(graph, { device, frozen, state: start, onPlacement });
    return new StageProgram(stage, options, program, loss, shapes, frozen, graph.inputs);
  }

  /** One step of the optimiser at step `step` (from 0), on a batch with its views: in as many parts as the stage says. */
  async step(batch: Batch, step: number, learningRate: number): Promise<StepResults> {
    const { training } = this.options;
    const factors = {
      ...stepFactors(training.optimizer, step, learningRate),
      ...(training.average && { averageDecay: averageDecay(training.average, step) }),
    };
    const parts = this.stage.accumulate ?? 1;
    const losses: Record<string, number> = {};
    let gradientNorm = NaN;
    for (let part = 0; part < parts; part++) {
      const results = await this.program.run({
        ...this.feeds(batch, step, part),
        ...factors,
        ...(parts > 1 ? { part: Float32Array.of(part) } : {}),
      });
      const found = { loss: results['loss'][0], ...namedScalars(results, 'term:') };
      for (const [name, value] of Object.entries(found))
        losses[name] = (losses[name] ?? 0) + value / parts;
      gradientNorm = results['gradientNorm'][0];
    }
    return { losses, gradientNorm };
  }

  /** Whether terms are scaled anew before this step: often while their gradients change, then seldom, as it costs a step for each term. */
  rescalesAt(step: number): boolean {
    return this.shared.length > 0 && ([10, 50, 100].includes(step) || step % 200 === 0);
  }

  /**
   * The L2 norm of each term's gradient as it stands at a step (from 0), by the terms' names; of a batch in parts that of the first part. Terms that are
   * scaled by their gradients are scaled anew at the steps for that.
   * @throws UserError for a term that nothing trained depends on
   */
  async gradients(
    batch: Batch,
    step: number,
  ): Promise<{ norms: Record<string, number>; scales?: Record<string, number> }> {
    const state = await this.program.state();
    if (this.diagnosis) this.diagnosis.load(state);
    else {
      const began = performance.now();
      const graph = new Graph();
      addGradientNorms(graph, this.stage.build(graph, partOf(this.stage)));
      const { device } = this.options;
      this.diagnosis = await compile(graph, { device, frozen: this.frozen, state, seldom: true });
      this.compileSeconds = (performance.now() - began) / 1000;
    }
    const results = await this.diagnosis.run(this.feeds(batch, step, 0));
    const norms = namedScalars(results, 'norm:');
    if (!this.shared.length) return { norms };
    const scales: Record<string, number> = {};
    for (const { name, ...term } of this.shared) {
      const key = scaleName(name);
      if (this.rescalesAt(step))
        state.set(key, rescaled(state.get(key)!, term, norms[name], results['reference'][0]));
      [scales[name]] = state.get(key)!;
      norms[name] *= scales[name];
    }
    if (this.rescalesAt(step)) this.program.load(state);
    return { norms, scales };
  }

  /** Terms that are scaled by their gradients. */
  private get shared(): { name: string; weight: number; share: number }[] {
    return Object.entries(this.loss.terms).flatMap(([name, { weight, share }]) =>
      share === undefined ? [] : [{ name, weight, share }],
    );
  }

  /** The whole state, for a checkpoint. */
  state(): Promise<Weights> {
    return this.program.state();
  }

  /** The weights and running statistics that it trains: their moving averages where these are kept, else as they are now. */
  async trained(): Promise<Weights> {
    const state = await this.program.state();
    return new Map(
      [...state]
        .filter(([name]) => isTrained(this.loss, name) && !name.includes('@'))
        .map(([name, now]) => [name, state.get(averageName(name)) ?? now]),
    );
  }

  async release(): Promise<void> {
    await this.program.release();
    await this.diagnosis?.release();
  }

  private feeds(batch: Batch, step: number, part: number): Record<string, TensorData> {
    const { classes, training } = this.options;
    const { batchSize, views, stream } = this.stage;
    const size = partOf(this.stage);
    const seen = size === batchSize ? batch : imagesOf(batch, batchSize, views, part * size, size);
    return {
      ...feedsOf(seen, classes),
      ...randomFeeds(this.inputs, training.seed, stream, step, part),
    };
  }
}

/** Images that a run of a stage's program is given, their views not counted. */
const partOf = ({ batchSize, accumulate = 1 }: Stage): number => batchSize / accumulate;

/** The share of what the average was at step `step` (from 0): so long as there are few, it is the mean of all so far. */
const averageDecay = (decay: number, step: number): Float32Array =>
  Float32Array.of(Math.min(decay, step / (step + 1)));

const isTrained = ({ trains }: Loss, name: string): boolean =>
  trains.some((prefix) => name.startsWith(prefix));

/** `count` images from `first` on with their views, of a batch of so many images and all their views; rows stay in their order. */
function imagesOf(
  batch: Batch,
  images: number,
  views: number,
  first: number,
  count: number,
): Batch {
  const [rows, channels, height, width] = batch.shape;
  const pick = <T extends Float32Array | Uint8Array>(all: T): T => {
    const row = all.length / rows;
    const from = images + first * views;
    const picked = new (all.constructor as new (length: number) => T)(row * count * (1 + views));
    picked.set(all.subarray(first * row, (first + count) * row));
    picked.set(all.subarray(from * row, (from + count * views) * row), count * row);
    return picked;
  };
  return {
    shape: [count * (1 + views), channels, height, width],
    images: pick(batch.images),
    labels: pick(batch.labels),
    fov: pick(batch.fov),
    ...(batch.softLabels && { softLabels: pick(batch.softLabels) }),
  };
}

const namedScalars = (
  results: Record<string, Float32Array>,
  prefix: string,
): Record<string, number> =>
  Object.fromEntries(
    Object.entries(results).flatMap(([name, [value]]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  );
