import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import type { ContrastiveSnapshot } from '../contract/contrastive-snapshot';
import type { TimedEvent } from '../contract/events';
import type { Report } from '../contract/report';
import type { RunRecord } from '../contract/run-record';
import { UserError } from '../errors';
import type { OutputKind } from '../evaluation/evaluation';
import { removeUnfinished, unwritable, writePieces, writeWhole } from '../files';
import type { Checkpoint, CheckpointStore } from '../training/stage';
import {
  readWeightFile,
  requireShapes,
  writeWeightFile,
  type Shapes,
  type Weights,
} from '../weights';
import { pathInside, readInside } from './inside';
import { readJson } from './json-file';
import { dropBegunLine, linesOf } from './lines';
import {
  checkpointFile,
  earlierCheckpointFile,
  largestBytes,
  outputFolder,
  runFiles,
  weightsFile,
} from './run-files';
import { contrastiveSnapshotShape, eventOf, runRecord, runReport } from './run-shapes';

/** The folder that holds all of a run. Every file in it is whole, whatever ends the process; none is reached through a link. */
export class RunFolder implements CheckpointStore {
  /** `warn` is told what is damaged and what is done instead. */
  constructor(
    readonly path: string,
    private readonly warn: (message: string) => void = () => {},
  ) {}

  /** @throws UserError where the file is a symbolic link */
  file(name: keyof typeof runFiles): string {
    return pathInside(this.path, runFiles[name]);
  }

  async create(): Promise<void> {
    try {
      await mkdir(this.path, { recursive: true });
      for (const folder of ['weights', 'checkpoints/earlier'])
        await mkdir(pathInside(this.path, folder), { recursive: true });
    } catch (error) {
      throw unwritable(this.path, error);
    }
  }

  /** Removes what a process that was killed had begun to write. */
  async removeUnfinished(): Promise<void> {
    await removeUnfinished(this.path);
    if (existsSync(this.file('metrics'))) dropBegunLine(this.file('metrics'));
  }

  exists(): boolean {
    return existsSync(this.file('record'));
  }

  /** @throws UserError where the folder holds no run, or a damaged one */
  readRecord(): RunRecord {
    if (!this.exists()) throw new UserError(`${this.path} is not a run: it has no run.json.`);
    const remedy = 'meddistill run --resume with the config mends it';
    return readJson(this.path, runFiles.record, runRecord, {
      largest: largestBytes.record,
      remedy,
    });
  }

  /** What is known of a run whose record is damaged or gone: its start and its stages, by what it has reported. */
  rebuiltRecord(): Pick<RunRecord, 'started' | 'stages' | 'scale'> {
    const rebuilt: Pick<RunRecord, 'started' | 'stages' | 'scale'> = {
      started: new Date().toISOString(),
      stages: {},
    };
    let first = true;
    for (const event of this.events()) {
      if (first && typeof event.time === 'string') rebuilt.started = event.time;
      first = false;
      if (event.type === 'estimate') rebuilt.scale = event.scale;
      if (event.type !== 'stage' || event.state !== 'finished') continue;
      const { stage, step, steps, seconds = 0 } = event;
      // Which inputs it was trained from is told by the weights that it left.
      rebuilt.stages[stage] = { state: 'running', hash: '', step, steps, seconds };
    }
    return rebuilt;
  }

  /** Its own copy of its config; null where it has none. @throws UserError where that cannot be read */
  readConfigText(): string | null {
    return readInside(this.path, runFiles.config, largestBytes.config)?.toString('utf8') ?? null;
  }

  /** @throws UserError where the run has no report yet, or a damaged one */
  readReport(): Report {
    const { state } = this.readRecord();
    if (!existsSync(this.file('report')))
      throw new UserError(
        `The run ${this.path} has no report yet: it is ${state}; a run writes it when it has finished.`,
      );
    const remedy = 'meddistill run --resume with the config writes it anew';
    return readJson(this.path, runFiles.report, runReport, {
      largest: largestBytes.report,
      remedy,
    });
  }

  /** @throws UserError where the file that an event names is no such graphs */
  readSnapshot(file: string): ContrastiveSnapshot {
    return readJson(this.path, file, contrastiveSnapshotShape, { largest: largestBytes.snapshot });
  }

  /** All that it has reported, so many at once; a line cut short by a crash is left out. */
  *eventsInPieces(count = 4096): Generator<TimedEvent[]> {
    let piece: TimedEvent[] = [];
    for (const event of this.events()) {
      piece.push(event);
      if (piece.length < count) continue;
      yield piece;
      piece = [];
    }
    yield piece;
  }

  private *events(): Generator<TimedEvent> {
    const file = this.file('metrics');
    if (!existsSync(file)) return;
    for (const line of linesOf(file)) {
      const event = eventOf(line);
      if (event) yield event;
    }
  }

  outputFolder(kind: OutputKind, domain: string, network: string): string {
    return pathInside(this.path, outputFolder(kind, domain, network));
  }

  async writeRecord(record: RunRecord): Promise<void> {
    await writeWhole(this.file('record'), `${JSON.stringify(record, null, 2)}\n`);
  }

  /** Adds a line to `metrics.jsonl`, whole or not at all. @throws UserError */
  log(row: object): void {
    const path = this.file('metrics');
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
    try {
      const file = openSync(path, flags | (constants.O_NOFOLLOW ?? 0), 0o666);
      try {
        const { size } = fstatSync(file);
        try {
          writeFileSync(file, `${JSON.stringify(row)}\n`);
        } catch (error) {
          ftruncateSync(file, size);
          throw error;
        }
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  async truncateLog(stage: string, step: number): Promise<void> {
    const path = this.file('metrics');
    if (!existsSync(path)) return;
    const isKept = (line: string) => {
      const row = rowOf(line);
      if (row?.stage !== stage) return row !== undefined;
      const { step: at = 0 } = row;
      // Gradients are of before the step, and that a stage goes on from here is said again.
      const isOfNext = row.type === 'gradients' || (row as { state?: string }).state === 'resumed';
      return isOfNext ? at < step : at <= step;
    };
    // Most often there is nothing to drop, and the log may be large.
    for (const line of linesOf(path))
      if (!isKept(line)) {
        await writePieces(path, keptLines(path, isKept));
        return;
      }
  }

  weightsFile(stage: string): string {
    return pathInside(this.path, weightsFile(stage));
  }

  private checkpointFile(stage: string): string {
    return pathInside(this.path, checkpointFile(stage));
  }

  private earlierCheckpointFile(stage: string): string {
    return pathInside(this.path, earlierCheckpointFile(stage));
  }

  /** The weights that a finished stage left, which must be of these shapes. @throws UserError where they are not, or are damaged */
  async readStageWeights(stage: string, shapes: Shapes): Promise<Weights> {
    const path = this.weightsFile(stage);
    const { weights } = await readWeightFile(path);
    requireShapes(path, weights, shapes);
    return weights;
  }

  /** As `readStageWeights`, of a stage with this hash; null where there are none, or damaged ones, of which it warns. */
  async readWeightsOf(stage: string, hash: string, shapes: Shapes): Promise<Weights | null> {
    if (!this.hasStageWeights(stage)) return null;
    const path = this.weightsFile(stage);
    try {
      const { weights, metadata } = await readWeightFile(path);
      if (metadata.hash !== hash) return null;
      requireShapes(path, weights, shapes);
      return weights;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.warn(`${error.message} Stage ${stage} is trained again.`);
      return null;
    }
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
    await this.removeCheckpoints(stage);
  }

  async removeCheckpoints(stage: string): Promise<void> {
    await rm(this.checkpointFile(stage), { force: true });
    await rm(this.earlierCheckpointFile(stage), { force: true });
  }

  /** The newest checkpoint, or the one before it where that is damaged or gone; of what is damaged it warns. */
  async readCheckpoint(
    stage: string,
    hash: string,
    shapes: Shapes = new Map(),
  ): Promise<Checkpoint | null> {
    const [newest, earlier] = [this.checkpointFile(stage), this.earlierCheckpointFile(stage)];
    try {
      const found = await this.checkpointIn(newest, hash, shapes);
      if (found) return found;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const next = existsSync(earlier)
        ? 'the checkpoint before it is used instead'
        : 'there is none before it, and the stage begins anew';
      this.warn(`${error.message} For stage ${stage} ${next}.`);
      await rm(newest, { force: true });
    }
    try {
      const found = await this.checkpointIn(earlier, hash, shapes);
      // It is not to give way to the next one before that is whole.
      if (found) await rename(earlier, newest);
      return found;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.warn(`${error.message} Stage ${stage} begins anew.`);
      return null;
    }
  }

  private async checkpointIn(
    path: string,
    hash: string,
    shapes: Shapes,
  ): Promise<Checkpoint | null> {
    if (!existsSync(path)) return null;
    const { weights, metadata } = await readWeightFile(path);
    if (metadata.hash !== hash) return null;
    const part = (prefix: string) =>
      new Map(
        [...weights].flatMap(([name, data]) =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), data] as const] : [],
        ),
      );
    const number = (key: string): number => {
      const value = Number(metadata[key] || NaN);
      if (!(value >= 0 && value < Infinity))
        throw new UserError(`${path} is damaged: it does not say its ${key}.`);
      return value;
    };
    const [state, best] = [part('state:'), part('best:')];
    for (const weights of [state, best])
      requireShapes(path, weights, new Map([...shapes].filter(([name]) => weights.has(name))));
    return {
      hash,
      step: number('step'),
      seconds: number('seconds'),
      trainingSeconds: number(metadata.trainingSeconds ? 'trainingSeconds' : 'seconds'),
      state,
      best: metadata.bestStep
        ? { step: number('bestStep'), dice: number('bestDice'), weights: best }
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
    const metadata = {
      stage,
      hash: c.hash,
      step: String(c.step),
      seconds: String(c.seconds),
      trainingSeconds: String(c.trainingSeconds),
      ...about,
      ...(c.best ? { bestStep: String(c.best.step), bestDice: String(c.best.dice) } : {}),
    };
    const keep = this.earlierCheckpointFile(stage);
    // Never three of them at once: the newest one was read back when it was written.
    if (existsSync(this.checkpointFile(stage))) await rm(keep, { force: true });
    await writeWeightFile(this.checkpointFile(stage), all, allShapes, metadata, { keep });
  }
}

/** A row of `metrics.jsonl` of any version; undefined for what is none. */
function rowOf(line: string): { type?: string; stage?: string; step?: number } | undefined {
  try {
    const row = JSON.parse(line) as object | null;
    return typeof row === 'object' && row !== null ? row : undefined;
  } catch {
    return undefined;
  }
}

/** The lines of a file that are kept, in pieces to be written. */
function* keptLines(path: string, isKept: (line: string) => boolean): Generator<Buffer> {
  let piece = '';
  for (const line of linesOf(path)) {
    if (isKept(line)) piece += `${line}\n`;
    if (piece.length < writtenAtOnce) continue;
    yield Buffer.from(piece);
    piece = '';
  }
  yield Buffer.from(piece);
}
const writtenAtOnce = 1 << 20;
