import { copyFile, mkdir, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DistillConfig, StageName } from '../config/config';
import { casesOf, scanCohort, type Cohort } from '../cohort/cohort';
import { prepareDomain, type PreparedResult } from '../preparation/prepare';
import { drawBatch, drawViews, joinBatches, type Batch } from '../batches/sampler';
import { writeWhole } from '../files';
import { UserError } from '../errors';
import { elements, type Graph } from '../graph/graph';
import { frechetSemanticDistance, type FrechetSemanticDistance } from '../metrics/fsd';
import { mean } from '../metrics/statistics';
import type { EngineEvent } from '../contract/events';
import { Random } from '../random';
import { openDevice, type Device } from '../runtime/device';
import { runtimeOf } from '../runtime/onnxruntime';
import { version } from '../version';
import {
  casesCsv,
  chooseThreshold,
  evaluateNetwork,
  gainsOf,
  quickDice,
  roleOf,
  type Threshold,
} from '../evaluation/evaluation';
import { writeGraphs, writeViews } from './snapshot-files';
import { graphSnapshot } from '../method/gkd/snapshot';
import { networkNames, type DomainReport, type NetworkName, type Report } from '../contract/report';
import { configCopy } from './run-config';
import { readWeightFile, RunFolder, type RunRecord, type Weights } from './run-folder';
import { isAtWork } from './run-process';
import { inferenceGraph, Segmenter, VectorEncoder } from '../evaluation/segmenter';
import { stageHashes } from './stage-hash';
import { stagesOf, type Stage } from '../method/stages';
import { writeModel } from './student-model';
import { Cancelled, trainStage } from '../training/train';

export interface RunOptions {
  config: DistillConfig;
  /** The config file as it was read; the run keeps a copy. */
  text: string;
  variables: Record<string, string>;
  /** Go on within stages from their checkpoints. Stages that are finished and unchanged are never run again. */
  resume: boolean;
  signal: AbortSignal;
  onEvent(event: EngineEvent): void;
}

export interface RunOutcome {
  state: 'finished' | 'cancelled';
  folder: string;
  report?: Report;
}

/** The stage whose weights each network of the report has. */
export const stageOf: Record<NetworkName, StageName> = {
  teacher: 'teacher',
  warmup: 'warmup',
  control: 'control',
  student: 'distill',
};

/**
 * The whole method, in `config.output.folder`: prepares the cohort, runs every stage that is not finished there already (or in a run
 * beside it, from the same inputs), evaluates all networks on all domains and writes the report, the student and the label maps.
 * @throws UserError, ConfigError; the run's record then has the state `failed` and the reason
 */
export async function runDistillation(options: RunOptions): Promise<RunOutcome> {
  const { config, signal } = options;
  const folder = new RunFolder(config.output.folder);
  const before = folder.exists() ? folder.readRecord() : null;
  requireFree(folder, before);
  await folder.create();
  await writeWhole(configCopy(folder), options.text);

  const emit = (event: EngineEvent) => {
    folder.log({ time: new Date().toISOString(), ...event });
    options.onEvent(event);
  };
  const record: RunRecord = {
    meddistill: version,
    state: 'running',
    config: config.file,
    variables: options.variables,
    seed: config.training.seed,
    started: before && options.resume ? before.started : new Date().toISOString(),
    since: new Date().toISOString(),
    pid: process.pid,
    device: { name: config.device, description: '', threads: config.threads },
    versions: { node: process.version, platform: `${process.platform} ${process.arch}` },
    stages: before?.stages ?? {},
  };
  await folder.writeRecord(record);
  emit({
    type: 'run',
    folder: folder.path,
    config: config.file,
    seed: config.training.seed,
    resumed: options.resume && before !== null,
  });
  const end = async (state: RunRecord['state'], error?: string) => {
    record.state = state;
    record.ended = new Date().toISOString();
    delete record.pid;
    if (error !== undefined) record.error = error;
    await folder.writeRecord(record);
  };
  try {
    const report = await new Run(options, folder, record, emit).all();
    await end('finished');
    emit({ type: 'finished', folder: folder.path, report: folder.reportFile });
    return { state: 'finished', folder: folder.path, report };
  } catch (error) {
    if (error instanceof Cancelled || signal.aborted) {
      await end('cancelled');
      emit({ type: 'cancelled', folder: folder.path });
      return { state: 'cancelled', folder: folder.path };
    }
    const message = (error as Error).message;
    await end('failed', message);
    emit({ type: 'log', level: 'error', message });
    throw error;
  }
}

function requireFree(folder: RunFolder, record: RunRecord | null): void {
  if (record?.state !== 'running' || record.pid === process.pid || !isAtWork(record)) return;
  throw new UserError(
    `Process ${record.pid} is working on the run ${folder.path}; stop it first, or choose another folder.`,
  );
}

/** What the dashboard's graphs are of. */
interface Probe {
  batch: Batch;
  domains: string[];
  teacher: Float32Array;
}

/** Vectors of a domain whose distance is watched during training: quick, and enough to see it move. */
const watchedVectors = 128;

/** One run at work: the state that its steps share. */
class Run {
  private cohort: Cohort = { domains: {} };
  private readonly prepared: Record<string, PreparedResult[]> = {};
  private device!: Device;
  private readonly weights = new Map<StageName, Weights>();
  private probe: Probe | undefined;

  constructor(
    private readonly options: RunOptions,
    private readonly folder: RunFolder,
    private readonly record: RunRecord,
    private readonly emit: (event: EngineEvent) => void,
  ) {}

  async all(): Promise<Report> {
    const { config } = this.options;
    await this.prepare();
    this.device = await openDevice(config.device, config.threads);
    const { name, description, threads, note } = this.device;
    this.record.device = { name, description, threads };
    this.record.versions['onnxruntime'] = runtimeOf(this.device).env.versions.common;
    await this.folder.writeRecord(this.record);
    this.emit({ type: 'device', device: name, name: description, threads, note });

    const stages = stagesOf(config);
    const hashes = await stageHashes(config, this.cohort, stages);
    for (const stage of stages) await this.stage(stage, hashes.get(stage.name)!);
    return this.evaluate();
  }

  private stopIfAsked(): void {
    if (this.options.signal.aborted) throw new Cancelled();
  }

  private async prepare(): Promise<void> {
    const { config } = this.options;
    this.cohort = await scanCohort(config);
    for (const [domain, cases] of Object.entries(this.cohort.domains)) {
      this.stopIfAsked();
      const results = await prepareDomain(config, domain, cases, ({ warnings }) => {
        for (const message of warnings) this.emit({ type: 'log', level: 'warning', message });
        this.stopIfAsked();
      });
      this.prepared[domain] = results;
      this.emit({
        type: 'cohort',
        domain,
        role: config.domains[domain].role,
        cases: results.length,
        slices: results.reduce((sum, { prepared }) => sum + prepared.slices, 0),
      });
    }
  }

  /** Prepared cases of one split of one domain. */
  private casesOf(domain: string, split: 'train' | 'validation' | 'test'): PreparedResult[] {
    const chosen = new Set(casesOf(this.cohort, domain, split).map((item) => item.id));
    return this.prepared[domain].filter(({ prepared }) => chosen.has(prepared.case.id));
  }

  private domainsOf(role: 'source' | 'target'): string[] {
    const { domains } = this.options.config;
    return Object.keys(domains).filter((name) => domains[name].role === role);
  }

  // --- stages -----------------------------------------------------------------------------------------------------

  private async stage(stage: Stage, hash: string): Promise<void> {
    const { config, signal, resume } = this.options;
    const { steps } = config.training.stages[stage.name];
    this.stopIfAsked();
    const skipped = async (weights: Weights) => {
      this.weights.set(stage.name, weights);
      this.emit({ type: 'stage', stage: stage.name, state: 'skipped', step: steps, steps });
      await this.folder.writeRecord(this.record);
    };

    const role = stage.name === 'teacher' ? 'teacher' : stage.name === 'warmup' ? 'student' : null;
    const given = role && config[role].weights;
    if (given) {
      const weights = await loadNetworkWeights(config, role, given);
      await this.folder.writeStageWeights(stage.name, weights, shapesOf(config, role), hash);
      this.record.stages[stage.name] = { state: 'finished', hash, step: 0, steps: 0, seconds: 0 };
      return skipped(weights);
    }
    const done = this.record.stages[stage.name];
    if (
      done?.state === 'finished' &&
      done.hash === hash &&
      this.folder.hasStageWeights(stage.name)
    ) {
      return skipped(await this.folder.readStageWeights(stage.name));
    }
    const beside = await this.findBeside(stage.name, hash);
    if (beside) {
      this.record.stages[stage.name] = beside.record;
      this.emit({
        type: 'log',
        level: 'info',
        message: `Stage ${stage.name} was trained from the same inputs in ${beside.folder}; its weights are taken from there.`,
      });
      return skipped(await this.folder.readStageWeights(stage.name));
    }

    this.record.stages[stage.name] = { state: 'running', hash, step: 0, steps, seconds: 0 };
    await this.folder.writeRecord(this.record);
    const trained = await trainStage(
      stage,
      new Map(stage.needs.flatMap((name) => [...this.weights.get(name)!])),
      hash,
      {
        config,
        device: this.device,
        folder: this.folder,
        cases: this.domainsOf('source').flatMap((domain) =>
          this.casesOf(domain, 'train').map(({ prepared }) => prepared),
        ),
        validate: (at, step, weights) => this.watch(at, step, weights),
        emit: this.emit,
        signal,
        resume,
      },
    );
    await this.folder.writeStageWeights(stage.name, trained.weights, trained.shapes, hash);
    this.weights.set(stage.name, trained.weights);
    this.record.stages[stage.name] = trained.record;
    await this.folder.writeRecord(this.record);
    this.emit({
      type: 'stage',
      stage: stage.name,
      state: 'finished',
      step: steps,
      steps,
      seconds: trained.record.seconds,
    });
  }

  /** Takes the weights of a stage with this hash from another run in the same folder, if one has finished it. */
  private async findBeside(stage: StageName, hash: string) {
    const parent = dirname(this.folder.path);
    for (const name of (await readdir(parent)).sort()) {
      const other = new RunFolder(join(parent, name));
      if (other.path === this.folder.path || !other.exists()) continue;
      let record: RunRecord;
      try {
        record = other.readRecord();
      } catch {
        continue;
      }
      const found = record.stages?.[stage];
      if (found?.state !== 'finished' || found.hash !== hash || !other.hasStageWeights(stage))
        continue;
      const own = this.folder.weightsFile(stage);
      await mkdir(dirname(own), { recursive: true });
      await copyFile(other.weightsFile(stage), `${own}.part`);
      await rename(`${own}.part`, own);
      return { record: found, folder: other.path };
    }
    return null;
  }

  /**
   * Dice on the source's validation cases, which chooses the checkpoint, and on some cases of each target, which are only watched:
   * nothing depends on them.
   */
  private async watch(stage: Stage, step: number, weights: Weights): Promise<number | null> {
    const { config } = this.options;
    const role = stage.selects!;
    const sources = this.domainsOf('source');
    const targets = config.evaluation.watch > 0 ? this.domainsOf('target') : [];
    const groups = [
      ...sources.map((domain) => this.casesOf(domain, 'validation')),
      ...targets.map((domain) => this.casesOf(domain, 'test').slice(0, config.evaluation.watch)),
    ];
    const dice = await quickDice(config, role, weights, this.device, groups);
    const network = networkNames.find((name) => stageOf[name] === stage.name)!;
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
    if (stage.name === 'distill') await this.watchGraphs(step, weights);
    const defined = dice.slice(0, sources.length).filter((d) => d !== null);
    return defined.length ? mean(defined) : null;
  }

  /** The contrastive graphs of a few fixed images, and the distance of each target's vectors from the source's, as they are now. */
  private async watchGraphs(step: number, weights: Weights): Promise<void> {
    const { config } = this.options;
    const stage = 'distill';
    this.probe ??= await this.makeProbe(weights);
    const { batch, domains, teacher } = this.probe;
    const encoder = await VectorEncoder.open(config, 'student', weights, this.device);
    try {
      const snapshot = graphSnapshot({
        step,
        images: domains.length,
        views: config.method.augmentations,
        teacher,
        student: await encoder.ofBatch(batch),
        domains,
        scope: config.method.inter.scope,
      });
      const file = await writeGraphs(this.folder.path, stage, snapshot);
      this.emit({ type: 'graphs', stage, step, file });

      const vectors = (domain: string, split: 'validation' | 'test') =>
        encoder.ofCases(
          this.casesOf(domain, split).map(({ prepared }) => prepared),
          watchedVectors,
        );
      const sources = this.domainsOf('source');
      const source: Float64Array[] = [];
      for (const domain of sources) source.push(...(await vectors(domain, 'validation')));
      for (const target of config.evaluation.watch > 0 ? this.domainsOf('target') : []) {
        const distance = distanceOf(config, source, await vectors(target, 'test'), source, 'watch');
        if (distance)
          this.emit({
            type: 'fsd',
            stage,
            step,
            pair: `${sources.join(' + ')} - ${target}`,
            network: 'student',
            ...distance,
          });
      }
    } finally {
      await encoder.release();
    }
  }

  /** Two images of each domain with their views, their pictures for the dashboard, and the teacher's vectors of them. */
  private async makeProbe(weights: Weights): Promise<Probe> {
    const { config } = this.options;
    const { input, method, training } = config;
    const domains: string[] = [];
    const images: Batch[] = [];
    for (const domain of Object.keys(config.domains)) {
      const split = config.domains[domain].role === 'source' ? 'validation' : 'test';
      const cases = this.casesOf(domain, split).map(({ prepared }) => prepared);
      if (!cases.length) continue;
      const spec = { ...input, batchSize: 2, augmentation: null };
      images.push(drawBatch(cases, spec, new Random(training.seed, 'probe', domain)));
      domains.push(domain, domain);
    }
    const random = new Random(training.seed, 'probe', 'views');
    const batch = drawViews(
      joinBatches(images),
      method.augmentations,
      training.augmentation,
      random,
    );
    await writeViews(this.folder.path, batch.images, batch.shape, domains.length);
    const encoder = await VectorEncoder.open(config, 'teacher', weights, this.device);
    try {
      return { batch, domains, teacher: await encoder.ofBatch(batch) };
    } finally {
      await encoder.release();
    }
  }

  // --- evaluation -------------------------------------------------------------------------------------------------

  private async evaluate(): Promise<Report> {
    const { config } = this.options;
    const count = networkNames.length * Object.keys(config.domains).length;
    this.emit({ type: 'stage', stage: 'evaluate', state: 'started', step: 0, steps: count });
    const began = performance.now();
    const alignment = this.weights.get('act')!;
    const networks = Object.fromEntries(
      networkNames.map((name) => [name, this.weights.get(stageOf[name])!]),
    ) as Record<NetworkName, Weights>;
    let done = 0;
    const { domains, fsd } = await evaluateNetworks({
      config,
      networks,
      alignment,
      device: this.device,
      tests: (domain) => this.casesOf(domain, 'test'),
      validation: this.domainsOf('source').flatMap((domain) => this.casesOf(domain, 'validation')),
      folder: this.folder,
      stopIfAsked: () => this.stopIfAsked(),
      onNetwork: (network, domain, dice, cases) => {
        this.emit({
          type: 'evaluation',
          stage: 'evaluate',
          step: ++done,
          network,
          domain,
          role: config.domains[domain].role,
          split: 'test',
          dice,
          cases,
        });
      },
    });
    const seconds = (performance.now() - began) / 1000;
    this.record.stages['evaluate'] = {
      state: 'finished',
      hash: '',
      step: count,
      steps: count,
      seconds,
    };
    const report: Report = {
      meddistill: version,
      seed: config.training.seed,
      device: this.record.device,
      classes: config.classes,
      confidence: config.evaluation.confidence,
      parameters: {
        teacher: countWeights(config, 'teacher'),
        student: countWeights(config, 'student'),
      },
      seconds: Object.fromEntries(
        Object.entries(this.record.stages).map(([name, stage]) => [name, stage.seconds]),
      ),
      domains,
      fsd,
    };
    await writeModel(this.folder.path, 'student', config, networks.student);
    await writeWhole(join(this.folder.path, 'cases.csv'), casesCsv(report));
    await writeWhole(this.folder.reportFile, `${JSON.stringify(report, null, 1)}\n`);
    this.emit({
      type: 'stage',
      stage: 'evaluate',
      state: 'finished',
      step: count,
      steps: count,
      seconds,
    });
    return report;
  }
}

export interface EvaluateNetworksOptions {
  config: DistillConfig;
  networks: Partial<Record<NetworkName, Weights>>;
  /** Weights of TAN and SAN, for FSD. */
  alignment: Weights;
  device: Device;
  /** Cases to evaluate on, by domain. */
  tests(domain: string): PreparedResult[];
  /** The source's validation cases, on which a threshold is chosen where the config asks for that. */
  validation: PreparedResult[];
  /** The run's folder, where label maps go to; null: none are written. */
  folder: RunFolder | null;
  stopIfAsked(): void;
  onNetwork(network: NetworkName, domain: string, dice: number | null, cases: number): void;
}

/** Evaluates networks on the test cases of every domain, and takes FSD between domains and between networks. */
export async function evaluateNetworks(
  o: EvaluateNetworksOptions,
): Promise<Pick<Report, 'domains' | 'fsd'>> {
  const { config, device } = o;
  const names = Object.keys(config.domains);
  const domains: Record<string, DomainReport> = {};
  for (const name of names) {
    const cases = o.tests(name);
    domains[name] = {
      role: config.domains[name].role,
      cases: cases.length,
      fov: config.domains[name].fov,
      networks: {},
      gain: {},
      files: Object.fromEntries(
        cases.map(({ prepared: { case: item } }) => [
          item.id,
          { images: item.images, labels: item.labels, masks: item.masks },
        ]),
      ),
    };
  }
  const vectors: Partial<Record<NetworkName, Record<string, Float64Array[]>>> = {};
  for (const network of networkNames) {
    const own = o.networks[network];
    if (!own) continue;
    const weights = new Map([...own, ...o.alignment]);
    const segmenter = await Segmenter.open(config, roleOf(network), weights, device);
    try {
      const threshold: Threshold =
        config.evaluation.threshold === 'source'
          ? await chooseThreshold(config, segmenter, o.validation)
          : config.evaluation.threshold;
      for (const name of names) {
        const result = await evaluateNetwork(segmenter, o.tests(name), {
          config,
          output: o.folder === null ? null : { folder: o.folder, domain: name, network },
          threshold,
          beforeCase: () => o.stopIfAsked(),
        });
        domains[name].networks[network] = result;
        o.onNetwork(network, name, result.dice.mean, result.cases.length);
      }
    } finally {
      await segmenter.release();
    }
    const encoder = await VectorEncoder.open(config, roleOf(network), weights, device);
    try {
      const found: Record<string, Float64Array[]> = (vectors[network] = {});
      for (const name of names) {
        o.stopIfAsked();
        found[name] = await encoder.ofCases(
          o.tests(name).map(({ prepared }) => prepared),
          config.method.fsd.vectors,
        );
      }
    } finally {
      await encoder.release();
    }
  }
  for (const domain of Object.values(domains)) domain.gain = gainsOf(domain.networks, config);
  return { domains, fsd: distances(config, vectors) };
}

/** FSD from the source (all source domains together) to each target, and from the teacher to each student on each domain. */
function distances(
  config: DistillConfig,
  vectors: Partial<Record<NetworkName, Record<string, Float64Array[]>>>,
): Report['fsd'] {
  const names = Object.keys(config.domains);
  const sources = names.filter((name) => config.domains[name].role === 'source');
  const result: Report['fsd'] = { sourceToTarget: {}, teacherToStudent: {} };
  for (const network of networkNames) {
    const own = vectors[network];
    if (!own) continue;
    const source = sources.flatMap((name) => own[name]);
    for (const name of names.filter((n) => !sources.includes(n))) {
      const value = distanceOf(config, source, own[name], source, network, name);
      if (value) (result.sourceToTarget[name] ??= {})[network] = value;
    }
    const teacher = vectors.teacher;
    if (network === 'teacher' || !teacher) continue;
    const basis = sources.flatMap((name) => teacher[name]);
    for (const name of names) {
      const value = distanceOf(config, teacher[name], own[name], basis, 'teacher', network, name);
      if (value) (result.teacherToStudent[name] ??= {})[network] = value;
    }
  }
  return result;
}

/** FSD at equal n, on the principal components of `basis`; undefined with fewer than 2 vectors. */
function distanceOf(
  config: DistillConfig,
  p: Float64Array[],
  q: Float64Array[],
  basis: Float64Array[],
  ...key: string[]
): FrechetSemanticDistance | undefined {
  if (Math.min(p.length, q.length, basis.length) < 2) return undefined;
  const random = new Random(config.training.seed, 'fsd', ...key);
  return frechetSemanticDistance(p, q, basis, config.method.fsd.dims, random);
}

/** Trainable weights of a network. */
export function countWeights(config: DistillConfig, role: 'teacher' | 'student'): number {
  const graph: Graph = inferenceGraph(config, role, 1);
  return [...graph.parameters.values()]
    .filter((p) => p.trainable)
    .reduce((sum, p) => sum + elements(p.value.shape), 0);
}

const shapesOf = (config: DistillConfig, role: 'teacher' | 'student') =>
  new Map(
    [...inferenceGraph(config, role, 1).parameters.values()].map((p) => [p.name, p.value.shape]),
  );

/** @throws UserError where the file's tensors are not those of the network that the config describes */
async function loadNetworkWeights(
  config: DistillConfig,
  role: 'teacher' | 'student',
  path: string,
): Promise<Weights> {
  const { weights } = await readWeightFile(path);
  const graph = inferenceGraph(config, role, 1);
  for (const { name, value } of graph.parameters.values()) {
    const found = weights.get(name);
    if (found?.length !== elements(value.shape))
      throw new UserError(
        `${role}.weights: ${path} ${found ? `has ${found.length} values` : 'has nothing'} for "${name}", where the ${config[role].network} of this config needs ${elements(value.shape)}.`,
      );
  }
  return weights;
}
