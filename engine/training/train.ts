import type { DistillConfig } from '../config/config';
import type { PreparedCase } from '../preparation/prepared-case';
import { UserError } from '../errors';
import type { EngineEvent } from '../contract/events';
import type { TermInfo } from '../contract/plan';
import type { StageRecord } from '../contract/run-record';
import { nodesText } from '../presentation/devices-table';
import type { Device } from '../runtime/runtime';
import { learningRateAt } from './schedule';
import type { Shapes, Weights } from '../weights';
import type { Checkpoint, CheckpointStore, Loss, Stage } from './stage';
import { stageBatch } from './stage-batch';
import { StageProgram } from './stage-program';

/** Thrown where the user has asked the run to stop; everything that is needed to go on is in the run folder. */
export class Cancelled extends Error {}

export interface TrainingContext {
  config: DistillConfig;
  device: Device;
  /** Where the stage is kept while it goes on. */
  store: CheckpointStore;
  /** The source's training cases, with soft labels where the stage learns by them. */
  cases: PreparedCase[];
  /** What the stage has taken before its first step, which counts as training, in seconds. */
  secondsBefore?: number;
  /**
   * Evaluates a stage's network with these weights and reports what it finds. Returns the mean Dice on the source's
   * validation cases, by which a checkpoint is chosen; null where undefined.
   */
  validate: (stage: Stage, step: number, weights: Weights) => Promise<number | null>;
  emit: (event: EngineEvent) => void;
  signal: AbortSignal;
  /** Continue from a checkpoint with the same hash, where there is one. */
  resume: boolean;
}

/**
 * Runs a stage to its end and returns the weights that it leaves: those of the best step on the source's validation cases,
 * or the last ones where the stage has no such choice. `given` holds the weights of earlier stages.
 * @throws Cancelled; UserError for a loss that is not finite, and for a term that does not act
 */
export async function trainStage(
  stage: Stage,
  given: Weights,
  hash: string,
  context: TrainingContext,
): Promise<{ weights: Weights; shapes: Shapes; record: StageRecord }> {
  const { config, device, store, emit, signal } = context;
  const { training } = config;
  const { steps, learningRate } = stage;

  // What is trained starts from an earlier stage's weights where there are any, else fresh; the rest is frozen.
  let checkpoint = null as Checkpoint | null;
  const program = await StageProgram.open(stage, {
    device,
    training,
    classes: config.classes.length,
    given,
    kept: async (shapes) => {
      if (context.resume) checkpoint = await store.readCheckpoint(stage.name, hash, shapes);
      return checkpoint?.state;
    },
    onPlacement(left) {
      const nodes = nodesText(left);
      if (nodes === null) return;
      const message = `Stage ${stage.name}: ${device.name} leaves ${nodes} to the processor, which costs time at every step.`;
      emit({ type: 'log', level: 'warning', message });
    },
  });
  const { shapes } = program;

  let best = checkpoint?.best ?? null;
  const first = checkpoint?.step ?? 0;
  const began = performance.now() - 1000 * (context.secondsBefore ?? 0);
  let evaluating = 0;
  const times = () => {
    const sinceThen = (performance.now() - began) / 1000;
    return {
      seconds: (checkpoint?.seconds ?? 0) + sinceThen,
      trainingSeconds:
        (checkpoint?.trainingSeconds ?? 0) + sinceThen - evaluating - program.compileSeconds,
    };
  };
  await store.truncateLog(stage.name, checkpoint ? first : -1);
  emit({
    type: 'stage',
    stage: stage.name,
    state: checkpoint ? 'resumed' : 'started',
    step: first,
    steps,
    terms: termInfos(program.loss),
  });

  const save = async (step: number) =>
    store.writeCheckpoint(
      stage.name,
      { hash, step, ...times(), state: await program.state(), best },
      shapes,
      // Batches are drawn from (seed, stream, step), so that seed and step are the whole random state.
      { config: JSON.stringify(config), seed: String(training.seed) },
    );

  const evaluate = async (step: number) => {
    if (!stage.network) return;
    const start = performance.now();
    const weights = await program.trained();
    const dice = await context.validate(stage, step, new Map([...program.frozen, ...weights]));
    if (!best || (dice ?? 0) >= best.dice) best = { step, dice: dice ?? 0, weights };
    evaluating += (performance.now() - start) / 1000;
  };

  /** True once the latest evaluations have found nothing better. */
  const standsStill = (step: number): boolean =>
    training.patience > 0 &&
    best !== null &&
    step - best.step >= training.patience * training.evaluateEvery;

  let reached = steps;
  try {
    for (let step = first; step < steps; step++) {
      if (signal.aborted) {
        await save(step);
        throw new Cancelled();
      }
      const batch = stageBatch(stage, config, context.cases, step);
      const due = training.evaluateEvery > 0 && step % training.evaluateEvery === 0;
      if (step === 0 || due || program.rescalesAt(step)) {
        const { norms, scales } = await program.gradients(batch, step);
        if (step === 0) requireAction(stage.name, norms);
        emit({ type: 'gradients', stage: stage.name, step, norms, ...(scales && { scales }) });
      }

      const rate = learningRateAt(training.schedule, learningRate, step, steps);
      const t = performance.now();
      const { losses, gradientNorm } = await program.step(batch, step, rate);
      requireFinite(stage.name, step, { ...losses, gradientNorm });
      emit({
        type: 'step',
        stage: stage.name,
        step: step + 1,
        steps,
        losses,
        learningRate: rate,
        imagesPerSecond: (1000 * stage.batchSize) / (performance.now() - t),
        memory: process.memoryUsage.rss(),
        gradientNorm,
      });

      const done = step + 1;
      if (done < steps && training.evaluateEvery > 0 && done % training.evaluateEvery === 0)
        await evaluate(done);
      if (training.evaluateEvery > 0 && done < steps && standsStill(done)) {
        reached = done;
        break;
      }
      if (done < steps && training.checkpointEvery > 0 && done % training.checkpointEvery === 0)
        await save(done);
    }
    if (reached === steps) await evaluate(steps);
    const weights = best?.weights ?? (await program.trained());
    const record: StageRecord = {
      state: 'finished',
      hash,
      step: reached,
      steps,
      ...(reached < steps ? { stoodStill: true } : {}),
      ...times(),
      ...(best ? { best: { step: best.step, dice: best.dice } } : {}),
    };
    return { weights, shapes, record };
  } finally {
    await program.release();
  }
}

const termInfos = ({ terms }: Loss): Record<string, TermInfo> =>
  Object.fromEntries(
    Object.entries(terms).map(([name, { title, color, dashed }]) => [
      name,
      { title, color, ...(dashed ? { dashed } : {}) },
    ]),
  );

function requireFinite(stage: string, step: number, values: Record<string, number>): void {
  const [bad] = Object.entries(values).filter(
    ([name, v]) => name !== 'loss' && !Number.isFinite(v),
  );
  if (bad)
    throw new UserError(
      `Stage ${stage}, step ${step + 1}: ${bad[0]} is ${bad[1]}; the last checkpoint is kept. ` +
        'A smaller learning rate or training.clipNorm usually helps.',
    );
}

function requireAction(stage: string, norms: Record<string, number>): void {
  for (const [name, norm] of Object.entries(norms))
    if (norm === 0)
      throw new UserError(
        `Stage ${stage}: the term "${name}" has no gradient on what it should train, so it would do nothing; ` +
          'set its weight to 0 or change what it compares.',
      );
}
