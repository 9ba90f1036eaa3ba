import type { DistillConfig, StageName } from '../config/config';
import type { EngineEvent } from '../contract/events';
import type { PairedComparison } from '../contract/metrics';
import type { Report } from '../contract/report';
import type { RunRecord } from '../contract/run-record';
import type { Signal } from '../contract/signal';
import { UserError } from '../errors';
import { evaluateNetworks, parametersOf } from '../evaluation/networks';
import { Segmenter } from '../evaluation/segmenter';
import { writeWhole } from '../files';
import { alignmentStageName } from '../method/gkd/alignment-stage';
import { signalFaults } from '../method/gkd/signal';
import { planOf } from '../method/stages';
import { gapWarning } from '../presentation/signal';
import { casesCsv } from '../presentation/cases-csv';
import type { PreparedCase } from '../preparation/prepared-case';
import { formatDuration } from '../presentation/duration';
import { tryPredictionNames } from '../preparation/write-prediction';
import { openDevice } from '../runtime/device';
import type { Device } from '../runtime/runtime';
import { runtimeOf } from '../runtime/catalogue';
import type { Stage } from '../training/stage';
import { stepsToLast, trainingSecondsOf } from '../training/lengthen';
import { Cancelled, trainStage } from '../training/train';
import { version } from '../version';
import type { Shapes, Weights } from '../weights';
import { PreparedCohort } from './prepared-cohort';
import { plannedRun, scaledConfig, unplannedRun, type PlannedRun } from './plan-run';
import { isBeside, loadNetworkWeights, shapesOf, takeFromBeside } from './reuse';
import { RunFolder } from './run-folder';
import { RunLock } from './run-lock';
import { removeSoftLabels, withSoftLabels } from './soft-labels';
import { isAtWork } from './at-work';
import { StageCosts } from './stage-costs';
import { stageHashes } from './stage-hash';
import { writeStudents } from './student-model';
import { Watcher } from './watch';

export interface RunOptions {
  config: DistillConfig;
  /** The config file as it was read; the run keeps a copy. */
  text: string;
  variables: Record<string, string>;
  /** Time a few steps of each stage before the first, and say what the run will take. */
  estimate: boolean;
  /**
   * Seconds that the whole run is to take: all stages are shortened by one factor where they would take longer. A run that is resumed
   * keeps the length that it has.
   */
  time?: number;
  /** Go on within stages from their checkpoints. Stages that are finished and unchanged are never run again. */
  resume: boolean;
  /** Further folders of runs whose stages may be taken over, beside those that lie beside this one. */
  alsoBeside?: readonly string[];
  signal: AbortSignal;
  onEvent(event: EngineEvent): void;
}

export interface RunOutcome {
  state: 'finished' | 'cancelled';
  folder: string;
  report?: Report;
}

/**
 * All that a config asks for, in `config.output.folder`: prepares the cohort, runs every stage that is not finished there already (or in
 * a run beside it, from the same inputs), evaluates all networks on all domains and writes the report, the students and the label maps.
 * @throws UserError, ConfigError; the run's record then has the state `failed` and the reason
 */
export async function runDistillation(options: RunOptions): Promise<RunOutcome> {
  const warnings: string[] = [];
  let warn = (message: string): void => void warnings.push(message);
  const folder = new RunFolder(options.config.output.folder, (message) => warn(message));
  await folder.create();
  const lock = await RunLock.take(folder.path);
  try {
    await folder.removeUnfinished();
    const before = recordBefore(folder, warn);
    return await distill(options, folder, before, (say) => {
      warn = say;
      warnings.forEach(say);
    });
  } finally {
    await lock.release();
  }
}

/** What a run in this folder was before; of a damaged record, what else is known of it. */
function recordBefore(folder: RunFolder, warn: (message: string) => void): RunBefore | null {
  if (!folder.exists()) return null;
  let record: RunRecord;
  try {
    record = folder.readRecord();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    warn(
      `${folder.file('record')} is damaged; it is written anew from what the run has reported and the weights that it left.`,
    );
    return folder.rebuiltRecord();
  }
  requireFree(folder, record);
  return record;
}

type RunBefore = Pick<RunRecord, 'started' | 'stages' | 'scale'>;

/** The run itself, in a folder that is this process's; `listen` is given who takes warnings once the log has begun. */
async function distill(
  options: RunOptions,
  folder: RunFolder,
  before: RunBefore | null,
  listen: (say: (message: string) => void) => void,
): Promise<RunOutcome> {
  const { signal } = options;
  const scale = (options.resume ? before?.scale : undefined) ?? 1;
  const config = scaledConfig(options.config, scale);
  await writeWhole(folder.file('config'), options.text);

  let ended = false;
  const emit = (event: EngineEvent) => {
    // Of work that was left when the run was cancelled.
    if (ended) return;
    folder.log({ time: new Date().toISOString(), ...event });
    options.onEvent(event);
  };
  const plan = planOf(config);
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
    ...(scale < 1 ? { scale } : {}),
    plan,
    stages: before?.stages ?? {},
  };
  await folder.writeRecord(record);
  emit({
    type: 'run',
    folder: folder.path,
    config: config.file,
    seed: config.training.seed,
    resumed: options.resume && before !== null,
    plan,
  });
  listen((message) => emit({ type: 'log', level: 'warning', message }));
  const end = async (state: RunRecord['state'], event: EngineEvent, error?: string) => {
    record.state = state;
    record.ended = new Date().toISOString();
    delete record.pid;
    if (error !== undefined) record.error = error;
    await folder.writeRecord(record);
    emit(event);
    ended = true;
  };
  const isLonger = options.time !== undefined && options.resume && before !== null;
  if (isLonger)
    emit({
      type: 'log',
      level: 'warning',
      message: `The run goes on with the length that it has${scale < 1 ? ` (${Math.round(100 * scale)}% of the config's steps)` : ''}; a time is for one that begins.`,
    });
  const time = isLonger ? undefined : options.time;
  const run = new Run({ ...options, config, time }, folder, record, emit);
  try {
    const report = await orCancelled(run.all(), signal, () => run.canBeLeft);
    const { path } = folder;
    await removeSoftLabels(path);
    await end('finished', { type: 'finished', folder: path, report: folder.file('report') });
    return { state: 'finished', folder: path, report };
  } catch (error) {
    if (error instanceof Cancelled || signal.aborted) {
      await end('cancelled', { type: 'cancelled', folder: folder.path });
      return { state: 'cancelled', folder: folder.path };
    }
    const { message } = error as Error;
    // On a full disk not even that can be written: the record is then as that of a run that was killed, and the reason is thrown.
    await end('failed', { type: 'log', level: 'error', message }, message).catch(() => {});
    throw error;
  }
}

/** How long work that is asked to stop has to do so by itself, in ms. */
const grace = 1000;

/** What work gives; once the signal has come and its grace is over, it is left where it can be. @throws Cancelled then */
function orCancelled<T>(work: Promise<T>, signal: AbortSignal, canBeLeft: () => boolean) {
  return new Promise<T>((done, fail) => {
    const leave = () =>
      canBeLeft() ? fail(new Cancelled()) : void (timer = setTimeout(leave, 50));
    let timer: NodeJS.Timeout | undefined;
    const asked = () => void (timer = setTimeout(leave, grace));
    if (signal.aborted) asked();
    else signal.addEventListener('abort', asked, { once: true });
    work.then(done, fail).finally(() => {
      signal.removeEventListener('abort', asked);
      clearTimeout(timer);
    });
  });
}

/** Of versions that took no lock. */
function requireFree(folder: RunFolder, record: RunRecord): void {
  if (record.state !== 'running' || record.pid === process.pid || !isAtWork(record)) return;
  throw new UserError(
    `Process ${record.pid} is working on the run ${folder.path}; stop it first, or choose another folder.`,
  );
}

/** One run at work: the state that its steps share. */
class Run {
  private cohort!: PreparedCohort;
  private device!: Device;
  private watcher!: Watcher;
  private readonly weights = new Map<string, Weights>();
  private gap: PairedComparison | undefined;
  private readonly signals: Record<string, Signal> = {};
  /** The training cases with the teacher's soft labels, and what it took to predict them. */
  private softLabelled: { cases: PreparedCase[]; seconds: number } | undefined;
  /** False while a stage is trained: asked to stop, it leaves a checkpoint. */
  canBeLeft = true;
  private readonly began = performance.now();
  /** With its stages at the length that they are run at. */
  private config: DistillConfig;

  constructor(
    private readonly options: RunOptions,
    private readonly folder: RunFolder,
    private readonly record: RunRecord,
    private readonly emit: (event: EngineEvent) => void,
  ) {
    this.config = options.config;
  }

  async all(): Promise<Report> {
    const { config } = this.options;
    this.cohort = await PreparedCohort.prepare(config, this.emit, () => this.stopIfAsked());
    await this.tryNames();
    this.device = await openDevice(config.device, config.threads);
    const { name, description, threads, note } = this.device;
    this.record.device = { name, description, threads };
    const runtime = runtimeOf(name);
    this.record.versions[runtime.name] = runtime.version();
    await this.folder.writeRecord(this.record);
    this.emit({ type: 'device', device: name, name: description, threads, note });

    this.watcher = new Watcher(config, this.cohort, this.device, this.folder.path, this.emit);
    const { stages } = await this.planned();
    for (const [i, { name }] of stages.entries()) {
      stages[i] = await this.lengthened(stages[i]);
      const hashes = await stageHashes(this.config, this.cohort.cohort, stages);
      await this.stage(stages[i], hashes.get(name)!);
      await this.lookAround(stages[i]);
    }
    return this.evaluate();
  }

  /** Its stages, with what they will take where that is asked for; shortened where they are to fit into a time. */
  private async planned(): Promise<PlannedRun> {
    const { options, record, config } = this;
    const { cohort } = this.cohort;
    if (!options.estimate && options.time === undefined) return unplannedRun(config, cohort);
    const costs = new StageCosts({
      config,
      cohort: this.cohort,
      device: this.device,
      stopIfAsked: () => this.stopIfAsked(),
    });
    const left = (stage: Stage, hash: string) => this.stepsLeft(stage, hash);
    const { time } = options;
    const available =
      time === undefined ? null : () => time - (performance.now() - this.began) / 1000;
    const run = await plannedRun(config, cohort, costs, left, available);
    const { scale } = run.estimate!;
    const estimate = { ...run.estimate!, scale: scale * (record.scale ?? 1) };
    this.config = run.config;
    record.plan = planOf(run.config);
    record.estimate = estimate;
    if (scale < 1) {
      record.scale = scale;
      const steps = Object.entries(config.training.stages).map(
        ([name, stage]) =>
          `${name} ${stage.steps} -> ${run.config.training.stages[name as StageName].steps}`,
      );
      this.emit({
        type: 'log',
        level: 'info',
        message: `To fit into ${formatDuration(options.time!)}, all stages have ${Math.round(100 * scale)}% of their steps: ${steps.join(', ')}.`,
      });
    }
    await this.folder.writeRecord(record);
    this.emit({ type: 'estimate', ...estimate });
    return run;
  }

  /** Steps of a stage that are to be trained yet. */
  private async stepsLeft(stage: Stage, hash: string): Promise<number> {
    const { folder } = this;
    const { name, steps } = stage;
    this.stopIfAsked();
    if (stage.weights !== undefined) return 0;
    // What is damaged is said when it is read to be used.
    if (await new RunFolder(folder.path).readWeightsOf(name, hash, new Map())) return 0;
    if (await isBeside(folder, name, hash)) return 0;
    const checkpoint = this.options.resume ? await folder.readCheckpoint(name, hash) : null;
    return steps - (checkpoint?.step ?? 0);
  }

  /** Predictions that cannot be written are no news for the end of a run. */
  private async tryNames(): Promise<void> {
    const { output, domains } = this.options.config;
    if (!output.predictions && !output.probabilities && !output.errors) return;
    for (const domain of Object.keys(domains)) {
      const cases = this.cohort.casesOf(domain, 'test').map(({ geometry }) => geometry);
      await tryPredictionNames(cases, this.folder.path);
    }
  }

  private stopIfAsked(): void {
    if (this.options.signal.aborted) throw new Cancelled();
  }

  /** A stage with as many steps as it takes where it is to last as long as others. */
  private async lengthened(stage: Stage): Promise<Stage> {
    const { atLeastAsLongAs: others = [] } = stage;
    if (!others.length) return stage;
    this.stopIfAsked();
    const { stages } = this.record;
    const longest = Math.max(...others.map((name) => trainingSecondsOf(stages[name])));
    const { config } = this;
    const steps = await stepsToLast(stage, longest, stages[stage.name], {
      config,
      device: this.device,
      cases: this.trainingCases,
      given: this.weightsFor(stage),
    });
    return { ...stage, steps };
  }

  /** What is measured between the stages: the gap once both networks are trained, and the signal before and after distillation. */
  private async lookAround(stage: Stage): Promise<void> {
    const { name } = stage;
    const say = (message: string | null) => {
      if (message !== null) this.emit({ type: 'log', level: 'warning', message });
    };
    const of = (network: string) => ({ name: network, weights: this.weights.get(network)! });
    if (name === 'warmup') {
      this.stopIfAsked();
      this.gap = await this.watcher.gap(of('teacher'), of(name));
      say(gapWarning(this.gap));
    }
    const isBefore = name === alignmentStageName;
    if (!isBefore && !stage.contrastiveGraphs) return;
    this.stopIfAsked();
    const network = isBefore ? 'warmup' : name;
    const weights = ['teacher', network, alignmentStageName];
    const signal = await this.watcher.signal(
      name,
      stage.steps,
      network,
      new Map(weights.flatMap((key) => [...this.weights.get(key)!])),
    );
    this.signals[network] = signal;
    if (isBefore) signalFaults(signal).forEach(say);
  }

  private get trainingCases(): PreparedCase[] {
    return this.cohort.sourceCases('train').map(({ prepared }) => prepared);
  }

  /** Weights that the stage takes from others. */
  private weightsFor({ needs }: Stage): Weights {
    return new Map(needs.flatMap((other) => [...this.weights.get(other)!]));
  }

  /** Trains a stage, or takes its weights from where they are already. */
  private async stage(stage: Stage, hash: string): Promise<void> {
    const { signal, resume } = this.options;
    const { folder, record, config } = this;
    const { name, steps } = stage;
    this.stopIfAsked();
    const known = await this.knownWeights(stage, hash);
    if (known) {
      this.weights.set(name, known);
      this.emit({ type: 'stage', stage: name, state: 'skipped', step: steps, steps });
      return folder.writeRecord(record);
    }
    record.stages[name] = { state: 'running', hash, step: 0, steps, seconds: 0 };
    await folder.writeRecord(record);
    const given = this.weightsFor(stage);
    const { cases, seconds: secondsBefore } = stage.softLabels
      ? await this.softLabels()
      : { cases: this.trainingCases, seconds: 0 };
    this.canBeLeft = false;
    const trained = await trainStage(stage, given, hash, {
      config,
      device: this.device,
      store: folder,
      cases,
      secondsBefore,
      validate: async (at, step, weights) => {
        this.canBeLeft = true;
        const dice = await this.watcher.judge(at, step, weights);
        this.canBeLeft = false;
        return dice;
      },
      emit: this.emit,
      signal,
      resume,
    });
    // Should the process end between the weights and the record, the stage is known to be finished by both.
    record.stages[name] = { ...trained.record, state: 'running' };
    await folder.writeRecord(record);
    await folder.writeStageWeights(name, trained.weights, trained.shapes, hash);
    this.canBeLeft = true;
    this.weights.set(name, trained.weights);
    record.stages[name] = trained.record;
    await folder.writeRecord(record);
    const { seconds, step: reached } = trained.record;
    this.emit({
      type: 'stage',
      stage: name,
      state: 'finished',
      step: reached,
      steps: reached,
      seconds,
    });
  }

  /** Predicted when the first stage learns by them; every stage that does is charged with what that took. */
  private async softLabels(): Promise<{ cases: PreparedCase[]; seconds: number }> {
    if (this.softLabelled) return this.softLabelled;
    const began = performance.now();
    const { config, device, folder } = this;
    const cases = this.trainingCases;
    this.emit({
      type: 'log',
      level: 'info',
      message: `The teacher predicts ${cases.length} training ${cases.length === 1 ? 'case' : 'cases'}.`,
    });
    const teacher = await Segmenter.open(config, 'teacher', this.weights.get('teacher')!, device);
    try {
      const labelled = await withSoftLabels(cases, teacher, folder.path, () => this.stopIfAsked());
      const seconds = (performance.now() - began) / 1000;
      return (this.softLabelled = { cases: labelled, seconds });
    } finally {
      await teacher.release();
    }
  }

  /** Weights of a stage that need not be trained: given as a file, left here before, or in a run beside this one. */
  private async knownWeights(stage: Stage, hash: string): Promise<Weights | null> {
    const { folder, record, config } = this;
    const { name, network } = stage;
    const shapes: Shapes = network ? shapesOf(config, network.architecture) : new Map();
    if (stage.weights !== undefined && network) {
      const { architecture } = network;
      const weights = await loadNetworkWeights(config, architecture, stage.weights, this.device);
      await folder.writeStageWeights(name, weights, shapes, hash);
      record.stages[name] = { state: 'finished', hash, step: 0, steps: 0, seconds: 0 };
      return weights;
    }
    const left = await folder.readWeightsOf(name, hash, shapes);
    if (left) {
      const { steps } = stage;
      const done = record.stages[name];
      const isWhole = done && (done.step === steps || done.stoodStill);
      const known = isWhole ? done : { step: steps, steps, seconds: 0 };
      record.stages[name] = { ...known, state: 'finished', hash };
      await folder.removeCheckpoints(name);
      return left;
    }
    const beside = await takeFromBeside(folder, name, hash, this.options.alsoBeside);
    if (!beside) return null;
    record.stages[name] = beside.record;
    this.emit({
      type: 'log',
      level: 'info',
      message: `Stage ${name} was trained from the same inputs in ${beside.folder}; its weights are taken from there.`,
    });
    return folder.readStageWeights(name, shapes);
  }

  private async evaluate(): Promise<Report> {
    const { cohort, folder, record, config } = this;
    const { networks, stages } = record.plan;
    const count = networks.length * Object.keys(config.domains).length;
    const progress = (state: 'started' | 'finished', step: number, seconds?: number) =>
      this.emit({
        type: 'stage',
        stage: 'evaluate',
        state,
        step,
        steps: count,
        ...(seconds === undefined ? {} : { seconds }),
      });
    await folder.truncateLog('evaluate', -1);
    progress('started', 0);
    const began = performance.now();
    let done = 0;
    const weights = new Map(networks.map(({ name, stage }) => [name, this.weights.get(stage)!]));
    const found = await evaluateNetworks({
      config,
      networks,
      weights,
      alignment: this.weights.get(alignmentStageName) ?? null,
      device: this.device,
      tests: (domain) => cohort.casesOf(domain, 'test'),
      validation: cohort.sourceCases('validation'),
      output: (kind, domain, network) => folder.outputFolder(kind, domain, network),
      stopIfAsked: () => this.stopIfAsked(),
      onNetwork: (network, domain, dice, cases) =>
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
        }),
    });
    const seconds = (performance.now() - began) / 1000;
    record.stages['evaluate'] = { state: 'finished', hash: '', step: count, steps: count, seconds };
    const report: Report = {
      meddistill: version,
      seed: config.training.seed,
      device: record.device,
      classes: config.classes,
      confidence: config.evaluation.confidence,
      networks,
      parameters: parametersOf(config),
      seconds: Object.fromEntries(
        [...stages.map(({ name }) => name), 'evaluate'].map((name) => [
          name,
          record.stages[name]?.seconds ?? 0,
        ]),
      ),
      ...(this.gap && { gap: this.gap }),
      ...(Object.keys(this.signals).length ? { signal: this.signals } : {}),
      ...found,
    };
    await writeStudents(folder.path, config, networks, weights);
    await writeWhole(folder.file('cases'), casesCsv(report));
    await writeWhole(folder.file('report'), `${JSON.stringify(report, null, 1)}\n`);
    progress('finished', count, seconds);
    return report;
  }
}
