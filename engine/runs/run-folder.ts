import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DistillConfig, StageName } from '../config/config';
import { writeWhole } from '../files';
import { UserError } from '../errors';
import { readWeights, writeWeights } from '../weights';
import type { NetworkName, Report } from '../contract/report';

/** `run.json`: where a run comes from and how far it is. */
export interface RunRecord {
  meddistill: string;
  state: 'running' | 'finished' | 'cancelled' | 'failed';
  /** One sentence, for a run that failed. */
  error?: string;
  /** Absolute path of the config that was run; the folder's own copy is `config.distill.jsonc`. */
  config: string;
  variables: Record<string, string>;
  seed: number;
  /** First start, in ISO form; `since` is that of the process that works on it. */
  started: string;
  since?: string;
  ended?: string;
  /** Process that works on the run, while it is running. */
  pid?: number;
  device: { name: string; description: string; threads: number };
  versions: Record<string, string>;
  stages: Partial<Record<StageName | 'evaluate', StageRecord>>;
}

export interface StageRecord {
  state: 'running' | 'finished';
  /** Of everything that the stage's result depends on. */
  hash: string;
  step: number;
  steps: number;
  /** Time spent in it, in seconds, over all sessions that worked on it. */
  seconds: number;
  /** The checkpoint that was chosen, where validation chose one. */
  best?: { step: number; dice: number };
}

/** Label maps, probabilities, and where prediction and reference differ. */
export type OutputKind = 'predictions' | 'probabilities' | 'errors';

export type Weights = Map<string, Float32Array>;

/** A stage in progress: state of weights and optimiser after `step` steps, and the best weights so far. */
export interface Checkpoint {
  hash: string;
  step: number;
  seconds: number;
  state: Weights;
  best: { step: number; dice: number; weights: Weights } | null;
}

/** The folder that holds all of a run. Every file in it is whole, whatever ends the process. */
export class RunFolder {
  readonly recordFile: string;
  readonly metricsFile: string;
  readonly reportFile: string;

  constructor(readonly path: string) {
    this.recordFile = join(path, 'run.json');
    this.metricsFile = join(path, 'metrics.jsonl');
    this.reportFile = join(path, 'report.json');
  }

  async create(): Promise<void> {
    for (const folder of ['weights', 'checkpoints'])
      await mkdir(join(this.path, folder), { recursive: true });
  }

  exists(): boolean {
    return existsSync(this.recordFile);
  }

  /** @throws UserError where the folder holds no run, or a damaged one */
  readRecord(): RunRecord {
    if (!this.exists()) throw new UserError(`${this.path} is not a run: it has no run.json.`);
    try {
      return JSON.parse(readFileSync(this.recordFile, 'utf8')) as RunRecord;
    } catch (error) {
      throw new UserError(`${this.recordFile} is damaged: ${(error as Error).message}.`);
    }
  }

  /** @throws UserError where the run has no report yet, or a damaged one */
  readReport(): Report {
    const { state } = this.readRecord();
    let text: string;
    try {
      text = readFileSync(this.reportFile, 'utf8');
    } catch {
      throw new UserError(
        `The run ${this.path} has no report yet: it is ${state}; a run writes it when it has finished.`,
      );
    }
    try {
      return JSON.parse(text) as Report;
    } catch (error) {
      throw new UserError(`${this.reportFile} is damaged: ${(error as Error).message}.`);
    }
  }

  /** Folder of what evaluation writes of a network in a domain, files of the label maps' names. */
  outputFolder(kind: OutputKind, domain: string, network: NetworkName): string {
    return join(this.path, kind, domain, network);
  }

  async writeRecord(record: RunRecord): Promise<void> {
    await writeWhole(this.recordFile, `${JSON.stringify(record, null, 2)}\n`);
  }

  /** Adds a line to `metrics.jsonl`. */
  log(row: object): void {
    appendFileSync(this.metricsFile, `${JSON.stringify(row)}\n`);
  }

  /** Drops the lines of a stage after `step`, which a resumed stage writes again, and a last line cut short. */
  async truncateLog(stage: StageName, step: number): Promise<void> {
    if (!existsSync(this.metricsFile)) return;
    const kept = readFileSync(this.metricsFile, 'utf8')
      .split('\n')
      .filter((line) => {
        try {
          const row = JSON.parse(line) as { stage?: string; step?: number };
          return row.stage !== stage || (row.step ?? 0) <= step;
        } catch {
          return false;
        }
      });
    await writeWhole(this.metricsFile, kept.map((line) => `${line}\n`).join(''));
  }

  weightsFile = (stage: StageName) => join(this.path, 'weights', `${stage}.safetensors`);
  private checkpointFile = (stage: StageName) =>
    join(this.path, 'checkpoints', `${stage}.safetensors`);

  /** The weights that a finished stage left. */
  async readStageWeights(stage: StageName): Promise<Weights> {
    return (await readWeightFile(this.weightsFile(stage))).weights;
  }

  hasStageWeights(stage: StageName): boolean {
    return existsSync(this.weightsFile(stage));
  }

  async writeStageWeights(
    stage: StageName,
    weights: Weights,
    shapes: Shapes,
    hash: string,
  ): Promise<void> {
    await writeWeightFile(this.weightsFile(stage), weights, shapes, { stage, hash });
    await rm(this.checkpointFile(stage), { force: true });
  }

  /** The checkpoint of a stage in progress, if there is one that has this hash. */
  async readCheckpoint(stage: StageName, hash: string): Promise<Checkpoint | null> {
    if (!existsSync(this.checkpointFile(stage))) return null;
    const { weights, metadata } = await readWeightFile(this.checkpointFile(stage));
    if (metadata.hash !== hash) return null;
    const part = (prefix: string) =>
      new Map(
        [...weights].flatMap(([name, data]) =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), data] as const] : [],
        ),
      );
    return {
      hash,
      step: Number(metadata.step),
      seconds: Number(metadata.seconds),
      state: part('state:'),
      best: metadata.bestStep
        ? {
            step: Number(metadata.bestStep),
            dice: Number(metadata.bestDice),
            weights: part('best:'),
          }
        : null,
    };
  }

  async writeCheckpoint(
    stage: StageName,
    c: Checkpoint,
    shapes: Shapes,
    config: DistillConfig,
  ): Promise<void> {
    const all: Weights = new Map();
    const allShapes = new Map<string, readonly number[]>();
    const put = (prefix: string, weights: Weights) => {
      for (const [name, data] of weights) {
        all.set(prefix + name, data);
        allShapes.set(prefix + name, shapes.get(name) ?? [data.length]);
      }
    };
    put('state:', c.state);
    if (c.best) put('best:', c.best.weights);
    await writeWeightFile(this.checkpointFile(stage), all, allShapes, {
      stage,
      hash: c.hash,
      step: String(c.step),
      seconds: String(c.seconds),
      config: JSON.stringify(config),
      // Batches are drawn from (seed, stage, step), so that seed and step are the whole random state.
      seed: String(config.training.seed),
      ...(c.best ? { bestStep: String(c.best.step), bestDice: String(c.best.dice) } : {}),
    });
  }
}

export type Shapes = ReadonlyMap<string, readonly number[]>;

/** @throws UserError for a file that holds anything but float32 tensors */
export async function readWeightFile(
  path: string,
): Promise<{ weights: Weights; metadata: Record<string, string> }> {
  const { tensors, metadata } = await readWeights(path);
  const weights: Weights = new Map();
  for (const [name, tensor] of Object.entries(tensors)) {
    if (!(tensor.data instanceof Float32Array))
      throw new UserError(`${path}: tensor "${name}" is ${tensor.dtype}; weights are F32.`);
    weights.set(name, tensor.data);
  }
  return { weights, metadata };
}

async function writeWeightFile(
  path: string,
  weights: Weights,
  shapes: Shapes,
  metadata: Record<string, string>,
): Promise<void> {
  await writeWeights(
    path,
    Object.fromEntries(
      [...weights].map(([name, data]) => [
        name,
        { dtype: 'F32' as const, shape: [...(shapes.get(name) ?? [data.length])], data },
      ]),
    ),
    metadata,
  );
}
