import { drawBatch, drawViews, joinBatches, type Batch } from '../batches/sampler';
import type { DistillConfig } from '../config/config';
import type { EngineEvent } from '../contract/events';
import { quickDice } from '../evaluation/evaluation';
import { measureSignal } from '../evaluation/signal';
import type { PairedComparison } from '../contract/metrics';
import type { Signal } from '../contract/signal';
import { comparePaired } from '../metrics/paired-comparison';
import { distanceOf } from '../evaluation/networks';
import { VectorEncoder } from '../evaluation/segmenter';
import { contrastiveSnapshot } from '../method/gkd/contrastive-snapshot';
import { mean } from '../metrics/statistics';
import { Random } from '../random';
import type { Device } from '../runtime/runtime';
import type { Stage } from '../training/stage';
import type { Weights } from '../weights';
import type { PreparedCohort } from './prepared-cohort';
import { writeSnapshot, writeViews } from './contrastive-snapshots';

/** What the dashboard's contrastive graphs are of. */
interface Probe {
  batch: Batch;
  domains: string[];
  teacher: Float32Array;
}

/** Vectors of a domain whose distance is watched during training: quick, and enough to see it move. */
export const watchedVectors = 128;

/** Judges networks while they are trained, and reports what it sees. */
export class Watcher {
  private probe: Probe | undefined;

  constructor(
    private readonly config: DistillConfig,
    private readonly cohort: PreparedCohort,
    private readonly device: Device,
    /** The run's folder, for pictures and graphs. */
    private readonly folder: string,
    private readonly emit: (event: EngineEvent) => void,
  ) {}

  /**
   * Mean Dice of a stage's network on the source's validation cases, which chooses the checkpoint; null where undefined. Some cases of
   * each target are only watched: nothing depends on them.
   */
  async judge(stage: Stage, step: number, weights: Weights): Promise<number | null> {
    const { config, cohort } = this;
    const { name: network, architecture } = stage.network!;
    const sources = cohort.domainsOf('source');
    const targets = config.evaluation.watch > 0 ? cohort.domainsOf('target') : [];
    const groups = [
      ...sources.map((domain) => cohort.casesOf(domain, 'validation')),
      ...targets.map((domain) => cohort.casesOf(domain, 'test').slice(0, config.evaluation.watch)),
    ];
    const dice = await quickDice(config, architecture, weights, this.device, groups);
    [...sources, ...targets].forEach((domain, i) =>
      this.emit({
        type: 'evaluation',
        stage: stage.name,
        step,
        network,
        domain,
        role: config.domains[domain].role,
        split: config.domains[domain].role === 'source' ? 'validation' : 'test',
        dice: dice[i],
        cases: groups[i].length,
      }),
    );
    if (stage.contrastiveGraphs)
      await this.watchVectors(stage.name, network, step, weights, stage.contrastiveGraphs.scope);
    const defined = dice.slice(0, sources.length).filter((d) => d !== null);
    return defined.length ? mean(defined) : null;
  }

  /** What the vectors carry on the source's validation images, with a student's weights; `weights` are those of all networks. */
  async signal(stage: string, step: number, network: string, weights: Weights): Promise<Signal> {
    const { config, device } = this;
    const cases = this.cohort.sourceCases('validation').map(({ prepared }) => prepared);
    const signal = await measureSignal(config, cases, weights, device);
    this.emit({ type: 'signal', stage, step, network, signal });
    return signal;
  }

  /** Dice of the teacher minus that of a student on the source's validation cases. */
  async gap(
    teacher: { name: string; weights: Weights },
    student: { name: string; weights: Weights },
  ): Promise<PairedComparison> {
    const { config, device } = this;
    const cases = this.cohort.sourceCases('validation').map((item) => [item]);
    const [first, second] = [
      await quickDice(config, 'teacher', teacher.weights, device, cases),
      await quickDice(config, 'student', student.weights, device, cases),
    ];
    const difference = comparePaired(first, second, {
      resamples: config.evaluation.bootstrap,
      confidence: config.evaluation.confidence,
      random: new Random(config.training.seed, 'gap'),
    });
    this.emit({ type: 'gap', teacher: teacher.name, student: student.name, difference });
    return difference;
  }

  /** The contrastive graphs of a few fixed images, and the distance of each target's vectors from the source's, as they are now. */
  private async watchVectors(
    stage: string,
    network: string,
    step: number,
    weights: Weights,
    scope: 'image' | 'batch',
  ): Promise<void> {
    const { config, cohort } = this;
    this.probe ??= await this.makeProbe(weights);
    const { batch, domains, teacher } = this.probe;
    const encoder = await VectorEncoder.open(config, 'student', weights, this.device);
    try {
      const snapshot = contrastiveSnapshot({
        step,
        images: domains.length,
        views: config.method.augmentations,
        teacher,
        student: await encoder.ofBatch(batch),
        domains,
        scope,
      });
      const file = await writeSnapshot(this.folder, stage, snapshot);
      this.emit({ type: 'graphs', stage, step, file });

      const vectors = (domain: string, split: 'validation' | 'test') =>
        encoder.ofCases(
          cohort.casesOf(domain, split).map(({ prepared }) => prepared),
          watchedVectors,
        );
      const sources = cohort.domainsOf('source');
      const source: Float64Array[] = [];
      for (const domain of sources) source.push(...(await vectors(domain, 'validation')));
      for (const target of config.evaluation.watch > 0 ? cohort.domainsOf('target') : []) {
        const distance = distanceOf(config, source, await vectors(target, 'test'), source, 'watch');
        const pair = `${sources.join(' + ')} - ${target}`;
        if (distance) this.emit({ type: 'fsd', stage, step, pair, network, ...distance });
      }
    } finally {
      await encoder.release();
    }
  }

  /** Two images of each domain with their views, their pictures for the dashboard, and the teacher's vectors of them. */
  private async makeProbe(weights: Weights): Promise<Probe> {
    const { config, cohort } = this;
    const { input, method, training } = config;
    const domains: string[] = [];
    const images: Batch[] = [];
    for (const domain of Object.keys(config.domains)) {
      const split = config.domains[domain].role === 'source' ? 'validation' : 'test';
      const cases = cohort.casesOf(domain, split).map(({ prepared }) => prepared);
      if (!cases.length) continue;
      const spec = { ...input, batchSize: 2, augmentation: null };
      images.push(drawBatch(cases, spec, new Random(training.seed, 'probe', domain)));
      domains.push(domain, domain);
    }
    const batch = drawViews(
      joinBatches(images),
      method.augmentations,
      { ...training.augmentation, ...method.views },
      new Random(training.seed, 'probe', 'views'),
    );
    await writeViews(this.folder, batch.images, batch.shape, domains.length);
    const encoder = await VectorEncoder.open(config, 'teacher', weights, this.device);
    try {
      return { batch, domains, teacher: await encoder.ofBatch(batch) };
    } finally {
      await encoder.release();
    }
  }
}
