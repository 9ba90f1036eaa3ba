import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TimedEvent } from '../contract/events';
import type { Report } from '../contract/report';
import type { RunRecord } from '../contract/run-record';
import { UserError } from '../errors';
import { writeWhole } from '../files';
import { upgradedRecord, upgradedReport } from '../presentation/old-runs';
import type { Checkpoint, CheckpointStore } from '../training/stage';
import { readWeightFile, writeWeightFile, type Shapes, type Weights } from '../weights';
import { checkpointFile, outputFolder, runFiles, weightsFile, type OutputKind } from './run-files';

/** The folder that holds all of a run. Every file in it is whole, whatever ends the process. */
export class RunFolder implements CheckpointStore {
  constructor(readonly path: string) {}

  file(name: keyof typeof runFiles): string {
    return join(this.path, runFiles[name]);
  }

  async create(): Promise<void> {
    for (const folder of ['weights', 'checkpoints'])
      await mkdir(join(this.path, folder), { recursive: true });
  }

  exists(): boolean {
    return existsSync(this.file('record'));
  }

  /** @throws UserError where the folder holds no run, or a damaged one */
  readRecord(): RunRecord {
    if (!this.exists()) throw new UserError(`${this.path} is not a run: it has no run.json.`);
    return upgradedRecord(parsed<RunRecord>(this.file('record'), this.text('record')));
  }

  /** @throws UserError where the run has no report yet, or a damaged one */
  readReport(): Report {
    const { state } = this.readRecord();
    if (!existsSync(this.file('report')))
      throw new UserError(
        `The run ${this.path} has no report yet: it is ${state}; a run writes it when it has finished.`,
      );
    return upgradedReport(parsed<Report>(this.file('report'), this.text('report')));
  }

  /** All that it has reported; a line cut short by a crash is left out. */
  readEvents(): TimedEvent[] {
    return existsSync(this.file('metrics')) ? eventsOf(this.text('metrics').split('\n')) : [];
  }

  private text(name: keyof typeof runFiles): string {
    return readFileSync(this.file(name), 'utf8');
  }

  outputFolder(kind: OutputKind, domain: string, network: string): string {
    return join(this.path, outputFolder(kind, domain, network));
  }

  async writeRecord(record: RunRecord): Promise<void> {
    await writeWhole(this.file('record'), `${JSON.stringify(record, null, 2)}\n`);
  }

  /** Adds a line to `metrics.jsonl`. */
  log(row: object): void {
    appendFileSync(this.file('metrics'), `${JSON.stringify(row)}\n`);
  }

  async truncateLog(stage: string, step: number): Promise<void> {
    if (!existsSync(this.file('metrics'))) return;
    const kept = this.text('metrics')
      .split('\n')
      .filter((line) => {
        try {
          const row = JSON.parse(line) as { stage?: string; step?: number };
          return row.stage !== stage || (row.step ?? 0) <= step;
        } catch {
          return false;
        }
      });
    await writeWhole(this.file('metrics'), kept.map((line) => `${line}\n`).join(''));
  }

  weightsFile(stage: string): string {
    return join(this.path, weightsFile(stage));
  }

  private checkpointFile(stage: string): string {
    return join(this.path, checkpointFile(stage));
  }

  /** The weights that a finished stage left. */
  async readStageWeights(stage: string): Promise<Weights> {
    return (await readWeightFile(this.weightsFile(stage))).weights;
  }

  hasStageWeights(stage: string): boolean {
    return existsSync(this.weightsFile(stage));
  }

  async writeStageWeights(
    stage: string,
    weights: Weights,
    shapes: Shapes,
    hash: string,
  ): Promise<void> {
    await writeWeightFile(this.weightsFile(stage), weights, shapes, { stage, hash });
    await rm(this.checkpointFile(stage), { force: true });
  }

  async readCheckpoint(stage: string, hash: string): Promise<Checkpoint | null> {
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
    stage: string,
    c: Checkpoint,
    shapes: Shapes,
    about: Record<string, string>,
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
      ...about,
      ...(c.best ? { bestStep: String(c.best.step), bestDice: String(c.best.dice) } : {}),
    });
  }
}

/** The events in lines of `metrics.jsonl`; what is none, a line cut short by a crash for one, is left out. */
export const eventsOf = (lines: readonly string[]): TimedEvent[] =>
  lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as TimedEvent];
    } catch {
      return [];
    }
  });

function parsed<T>(path: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new UserError(`${path} is damaged: ${(error as Error).message}.`);
  }
}
