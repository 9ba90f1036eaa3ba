import type { DistillConfig } from '../config/config';
import type { SplitName } from '../contract/cohort';
import type { Estimate, StageEstimate } from '../contract/estimate';
import { sliceOf } from '../batches/sampler';
import { evaluateNetwork } from '../evaluation/evaluation';
import { Graph } from '../graph/graph';
import { inferenceGraph, Segmenter, tilesOf } from '../evaluation/segmenter';
import { alignmentStageName } from '../method/gkd/alignment-stage';
import { isOnnxFile } from '../networks/catalogue';
import { initialize } from '../networks/initialization';
import { networksOf } from '../method/stages';
import { kindOf } from '../presentation/networks';
import type { PreparedCase, PreparedResult } from '../preparation/prepared-case';
import type { Device } from '../runtime/runtime';
import type { Stage } from '../training/stage';
import { stageBatch } from '../training/stage-batch';
import { StageProgram } from '../training/stage-program';
import type { PreparedCohort } from './prepared-cohort';
import { withSoftLabel } from './soft-labels';
import { watchedVectors } from './watch';

/** What a stage's programs take here, in seconds and bytes. */
interface StageCost {
  /** Compiling what it runs. */
  setup: number;
  step: number;
  /** Norms of its terms' gradients. */
  diagnosis: number;
  memory: number;
}

/** What a network takes to segment: compiling it, and a tile; and the memory of that. */
interface InferenceCost {
  setup: number;
  tile: number;
  memory: number;
}

export interface CostOptions {
  config: DistillConfig;
  /** All cases, or some of each split, for which the others are then taken to be like them. */
  cohort: PreparedCohort;
  device: Device;
  /** Called between two steps; throws to stop. */
  stopIfAsked: () => void;
}

/** How far a stage is: how many steps it has, and how many of them are left to do. */
export interface StageLength {
  stage: string;
  steps: number;
  left: number;
}

/** Steps are timed until they have taken so many seconds, and no more than so many. */
const [timedSeconds, timedSteps] = [1, 2];
/** Of a case so many slices are evaluated. */
const timedSlices = 8;

/**
 * What the stages of a config and its evaluation take on a device, from a few steps of each stage's own programs on batches of the
 * cohort, from networks as they are made. Nothing is kept of what they compute.
 */
export class StageCosts {
  private readonly costs = new Map<string, StageCost>();
  /** By what is computed: the control does what the warm-up does. */
  private readonly known = new Map<string, StageCost>();
  private readonly inference = new Map<'teacher' | 'student', InferenceCost>();
  /** Seconds of restoring and of all metrics, a slice, by domain. */
  private readonly metrics = new Map<string, number>();
  private took = 0;

  constructor(private readonly options: CostOptions) {}

  /** Times the stages that were not yet, and at the first call the evaluation. */
  async measure(stages: readonly Stage[]): Promise<void> {
    const began = performance.now();
    for (const role of ['teacher', 'student'] as const)
      if (!this.inference.has(role)) this.inference.set(role, await this.timeInference(role));
    for (const domain of Object.keys(this.options.config.domains))
      if (!this.metrics.has(domain)) this.metrics.set(domain, await this.timeMetrics(domain));
    for (const stage of stages) {
      if (this.costs.has(stage.name)) continue;
      const key = computationOf(stage);
      const cost = this.known.get(key) ?? (await this.timeStage(stage));
      this.known.set(key, cost);
      this.costs.set(stage.name, cost);
    }
    this.took += seconds(began);
  }

  /** What stages of these lengths take, and the evaluation after them; what has steps left was measured. */
  estimate(stages: readonly Stage[], lengths: readonly StageLength[], scale: number): Estimate {
    const found = lengths.map(({ stage: name, steps, left }): StageEstimate => {
      const cost = this.costs.get(name);
      const stage = stages.find((one) => one.name === name)!;
      if (left === 0 || !cost)
        return { stage: name, steps, left, secondsPerStep: null, seconds: 0, memory: null };
      const { evaluateEvery } = this.options.config.training;
      const every = (steps: number) => (evaluateEvery > 0 ? Math.ceil(steps / evaluateEvery) : 1);
      return {
        stage: name,
        steps,
        left,
        secondsPerStep: cost.step,
        seconds:
          cost.setup +
          left * cost.step +
          every(left) * (cost.diagnosis + this.secondsToJudge(stage)),
        memory: cost.memory,
      };
    });
    // What is to last as long as others does, with steps that are known by then.
    for (const one of found) {
      const others = stages.find(({ name }) => name === one.stage)!.atLeastAsLongAs ?? [];
      const longest = found.filter(({ stage }) => others.includes(stage));
      if (one.left > 0)
        one.seconds = Math.max(one.seconds, ...longest.map(({ seconds }) => seconds));
    }
    const memory = Math.max(...[...this.inference.values()].map((cost) => cost.memory));
    const evaluation: StageEstimate = {
      stage: 'evaluate',
      steps: 0,
      left: 0,
      secondsPerStep: null,
      seconds: this.secondsToEvaluate(stages),
      memory,
    };
    return { stages: [...found, evaluation], took: this.took, scale };
  }

  private async timeStage(stage: Stage): Promise<StageCost> {
    const { config, cohort, device, stopIfAsked } = this.options;
    stopIfAsked();
    const cases = cohort
      .sourceCases('train')
      .map(({ prepared }) => (stage.softLabels ? evenlyLabelled(prepared, config) : prepared));
    const began = performance.now();
    const program = await StageProgram.open(stage, {
      device,
      training: config.training,
      classes: config.classes.length,
      given: 'fresh',
    });
    try {
      const setup = seconds(began);
      const before = performance.now();
      await program.gradients(stageBatch(stage, config, cases, 0), 0);
      // It compiles a program of that kind once more.
      const diagnosis = Math.max(0, seconds(before) - setup);
      const times: number[] = [];
      // The first one lays out memory.
      for (let step = 0, spent = 0; step <= timedSteps && spent < timedSeconds; step++) {
        stopIfAsked();
        const start = performance.now();
        await program.step(stageBatch(stage, config, cases, step), step, stage.learningRate);
        times.push(seconds(start));
        if (step > 0) spent += times[step];
      }
      const evaluating = stage.network ? this.inference.get(stage.network.architecture)!.memory : 0;
      return {
        setup: 2 * setup + (stage.softLabels ? this.secondsToLabel() : 0),
        step: median(times.slice(1)),
        diagnosis,
        memory: process.memoryUsage.rss() + Math.max(0, evaluating - this.resting),
      };
    } finally {
      await program.release();
    }
  }

  /** Resident memory before anything was timed. */
  private readonly resting = process.memoryUsage.rss();

  /** The teacher's predictions of all training cases, for soft labels. */
  private secondsToLabel(): number {
    const { setup, tile } = this.inference.get('teacher')!;
    const sources = this.options.cohort.domainsOf('source');
    return setup + tile * sum(sources.map((name) => this.tiles(name, 'train')));
  }

  private async timeInference(role: 'teacher' | 'student'): Promise<InferenceCost> {
    const { config, cohort, device, stopIfAsked } = this.options;
    stopIfAsked();
    const weights = isOnnxFile(config[role])
      ? new Map<string, Float32Array>()
      : initialize(inferenceGraph(config, role, 1), config.training.seed, ['']);
    const began = performance.now();
    const segmenter = await Segmenter.open(config, role, weights, device);
    try {
      const setup = seconds(began);
      const sample = cohort.sourceCases('validation').at(0) ?? cohort.sourceCases('train')[0];
      const tiles = (item: PreparedCase) => tilesOf(item, config.input);
      const whole = tiles(sample.prepared) / sample.prepared.slices;
      const item = middleSlices(sample, Math.ceil(timedSlices / whole)).prepared;
      // The first one lays out memory.
      await segmenter.probabilities(item);
      const start = performance.now();
      await segmenter.probabilities(item);
      const tile = seconds(start) / tiles(item);
      return { setup, tile, memory: process.memoryUsage.rss() };
    } finally {
      await segmenter.release();
    }
  }

  /** By the reference in the place of a prediction: what takes longest, surfaces, is then like that of a good one. */
  private async timeMetrics(domain: string): Promise<number> {
    const { config, cohort, stopIfAsked } = this.options;
    const sample = cohort.casesOf(domain, 'test').find(({ prepared }) => prepared.label);
    if (!sample) return 0;
    const item = middleSlices(sample, timedSlices);
    const began = performance.now();
    await evaluateNetwork(
      {
        probabilities: (prepared) => Promise.resolve(certain(prepared, config.classes.length + 1)),
      },
      [item],
      { config, output: null, threshold: 'argmax', beforeCase: stopIfAsked },
    );
    return seconds(began) / item.prepared.slices;
  }

  /** Tiles of all cases of a split, those that are not prepared taken to be like the others. */
  private tiles(domain: string, split: SplitName, most = Infinity): number {
    return this.ofAll(domain, split, most, ({ prepared }) =>
      tilesOf(prepared, this.options.config.input),
    );
  }

  private slices(domain: string, split: SplitName): number {
    return this.ofAll(domain, split, Infinity, ({ prepared }) => prepared.slices);
  }

  private ofAll(
    domain: string,
    split: SplitName,
    most: number,
    of: (item: PreparedResult) => number,
  ): number {
    const { cohort } = this.options;
    const cases = cohort.casesOf(domain, split);
    const count = Math.min(most, cohort.countOf(domain, split));
    return cases.length
      ? (count * cases.reduce((sum, item) => sum + of(item), 0)) / cases.length
      : 0;
  }

  /** Of one evaluation of a stage's network while it is trained. */
  private secondsToJudge({ network, contrastiveGraphs }: Stage): number {
    if (!network) return 0;
    const { config, cohort } = this.options;
    const { watch } = config.evaluation;
    const { setup, tile } = this.inference.get(network.architecture)!;
    const sources = cohort.domainsOf('source').map((name) => this.tiles(name, 'validation'));
    const targets = watch > 0 ? cohort.domainsOf('target') : [];
    const judged = sum(sources) + sum(targets.map((name) => this.tiles(name, 'test', watch)));
    const vectors = [...sources, ...targets.map((name) => this.tiles(name, 'test'))];
    const encoded = sum(vectors.map((count) => Math.min(count, watchedVectors)));
    return setup + tile * judged + (contrastiveGraphs ? setup + tile * encoded : 0);
  }

  private secondsToEvaluate(stages: readonly Stage[]): number {
    const { config, cohort } = this.options;
    const names = Object.keys(config.domains);
    const { threshold } = config.evaluation;
    const chosen = threshold === 'source' ? cohort.domainsOf('source') : [];
    const hasVectors = stages.some(({ name }) => name === alignmentStageName);
    const measures =
      sum(names.map((name) => this.slices(name, 'test') * this.metrics.get(name)!)) +
      sum(chosen.map((name) => this.slices(name, 'validation') * this.metrics.get(name)!));
    return sum(
      networksOf(config).map((network) => {
        const { setup, tile } = this.inference.get(kindOf(network))!;
        const segmented =
          sum(names.map((name) => this.tiles(name, 'test'))) +
          sum(chosen.map((name) => this.tiles(name, 'validation')));
        const encoded = sum(
          names.map((name) => Math.min(this.tiles(name, 'test'), config.method.fsd.vectors)),
        );
        return setup + tile * segmented + measures + (hasVectors ? setup + tile * encoded : 0);
      }),
    );
  }
}

/** A case with soft labels that say nothing. */
const evenlyLabelled = (item: PreparedCase, { classes }: DistillConfig): PreparedCase =>
  withSoftLabel(item, () =>
    new Float32Array(classes.length * item.rows * item.columns).fill(1 / (classes.length + 1)),
  );

/** The operators and sizes of a stage's loss, by which stages take the same. */
function computationOf(stage: Stage): string {
  const graph = new Graph();
  const { terms, trains } = stage.build(graph, stage.batchSize);
  const nodes = graph.nodes.map(({ operator, outputs }) => [operator.name, outputs[0].shape]);
  const { accumulate, views, network } = stage;
  return JSON.stringify([nodes, Object.keys(terms), trains, accumulate, views, network !== null]);
}

const seconds = (since: number): number => (performance.now() - since) / 1000;
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1];

/** The slices in the middle of a case, at most so many, in memory. */
function middleSlices({ prepared, native, geometry, ...rest }: PreparedResult, most: number) {
  const count = Math.min(most, prepared.slices);
  const from = (prepared.slices - count) >> 1;
  const slices = Array.from({ length: count }, (_, i) => sliceOf(prepared, from + i));
  const [{ image, label, fov }] = slices;
  const joined = <T extends Float32Array | Uint8Array>(first: T, of: (i: number) => T): T => {
    const all = new (first.constructor as new (length: number) => T)(count * first.length);
    slices.forEach((_, i) => all.set(of(i), i * first.length));
    return all;
  };
  const pixels = native.rows * native.columns;
  const part = (map: Uint8Array | null) =>
    map && map.subarray(from * pixels, (from + count) * pixels);
  const result: PreparedResult = {
    ...rest,
    prepared: {
      case: prepared.case,
      slices: count,
      channels: prepared.channels,
      rows: prepared.rows,
      columns: prepared.columns,
      image: joined(image, (i) => slices[i].image),
      label: label && joined(label, (i) => slices[i].label!),
      fov: fov && joined(fov, (i) => slices[i].fov!),
    },
    native: {
      slices: count,
      rows: native.rows,
      columns: native.columns,
      label: part(native.label),
      fov: part(native.fov),
      spacing: native.spacing,
    },
    geometry: { ...geometry, slices: geometry.slices.slice(from, from + count) },
  };
  return result;
}

/** The reference as class probabilities, [slices][planes][rows][columns]. */
function certain({ label, slices, rows, columns }: PreparedCase, planes: number): Float32Array {
  const pixels = rows * columns;
  const probabilities = new Float32Array(slices * planes * pixels);
  for (let s = 0; s < slices; s++)
    for (let p = 0; p < pixels; p++)
      probabilities[(s * planes + label![s * pixels + p]) * pixels + p] = 1;
  return probabilities;
}
