import type { DistillConfig } from '../config/config';
import type { PreparedCase } from '../preparation/prepared-case';
import { drawBatch, drawViews } from '../batches/sampler';
import { UserError } from '../errors';
import { Graph } from '../graph/graph';
import { initialize } from '../networks/initialization';
import type { EngineEvent } from '../contract/events';
import type { TermInfo } from '../contract/plan';
import type { StageRecord } from '../contract/run-record';
import { Random } from '../random';
import { compile } from '../runtime/compile';
import type { Device, Program } from '../runtime/runtime';
import { stepFactors } from './optimizer';
import { learningRateAt } from './schedule';
import type { Shapes, Weights } from '../weights';
import { feedsOf } from './feeds';
import type { CheckpointStore, Loss, Stage } from './stage';
import { addGradientNorms, addTrainingStep } from './training-graph';

/** Thrown where the user has asked the run to stop; everything that is needed to go on is in the run folder. */
export class Cancelled extends Error {}

export interface TrainingContext {
  config: DistillConfig;
  device: Device;
  /** Where the stage is kept while it goes on. */
  store: CheckpointStore;
  /** The source's training cases. */
  cases: PreparedCase[];
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
  const { steps, batchSize, learningRate } = stage;

  // What is trained starts from an earlier stage's weights where there are any, else fresh; the rest is frozen.
  const graph = new Graph();
  const loss = stage.build(graph, batchSize);
  addTrainingStep(graph, loss, training);
  const shapes = new Map([...graph.parameters.values()].map((p) => [p.name, p.value.shape]));
  const isTrained = (name: string) => loss.trains.some((prefix) => name.startsWith(prefix));
  const frozen: Weights = new Map([...given].filter(([name]) => !isTrained(name)));
  const checkpoint = context.resume ? await store.readCheckpoint(stage.name, hash, shapes) : null;
  const start = initialize(graph, training.seed, ['']);
  for (const name of frozen.keys()) start.delete(name);
  for (const [name, data] of checkpoint?.state ?? given) if (start.has(name)) start.set(name, data);

  const program = await compile(graph, { device, frozen, state: start });
  let norms: Program | null = null;
  const weightsOf = (state: Weights): Weights =>
    new Map([...state].filter(([name]) => isTrained(name) && !name.includes('@')));

  let best = checkpoint?.best ?? null;
  const first = checkpoint?.step ?? 0;
  const earlier = checkpoint?.seconds ?? 0;
  const began = performance.now();
  const seconds = () => earlier + (performance.now() - began) / 1000;
  await store.truncateLog(stage.name, checkpoint ? first : -1);
  emit({
    type: 'stage',
    stage: stage.name,
    state: checkpoint ? 'resumed' : 'started',
    step: first,
    steps,
    terms: termInfos(loss),
  });

  const save = async (step: number) =>
    store.writeCheckpoint(
      stage.name,
      { hash, step, seconds: seconds(), state: await program.state(), best },
      shapes,
      // Batches are drawn from (seed, stream, step), so that seed and step are the whole random state.
      { config: JSON.stringify(config), seed: String(training.seed) },
    );

  const evaluate = async (step: number) => {
    if (!stage.network) return;
    const weights = weightsOf(await program.state());
    const dice = await context.validate(stage, step, new Map([...frozen, ...weights]));
    if (!best || (dice ?? 0) >= best.dice) best = { step, dice: dice ?? 0, weights };
  };

  try {
    for (let step = first; step < steps; step++) {
      if (signal.aborted) {
        await save(step);
        throw new Cancelled();
      }
      const { stream } = stage;
      const spec = { ...config.input, batchSize, augmentation: training.augmentation };
      const batch = drawBatch(
        context.cases,
        spec,
        new Random(training.seed, stream, 'batch', step),
      );
      const random = new Random(training.seed, stream, 'views', step);
      const seen = stage.views
        ? drawViews(batch, stage.views, training.augmentation, random)
        : batch;
      const feeds = feedsOf(seen, config.classes.length);

      const due = training.evaluateEvery > 0 && step % training.evaluateEvery === 0;
      if (step === 0 || due) {
        if (!norms) {
          const diagnosis = new Graph();
          addGradientNorms(diagnosis, stage.build(diagnosis, batchSize));
          norms = await compile(diagnosis, {
            device,
            frozen,
            state: await program.state(),
          });
        } else norms.load(await program.state());
        const found = namedScalars(await norms.run(feeds), 'norm:');
        emit({ type: 'gradients', stage: stage.name, step, norms: found });
        if (step === 0) requireAction(stage.name, found);
      }

      const rate = learningRateAt(training.schedule, learningRate, step, steps);
      const t = performance.now();
      const results = await program.run({
        ...feeds,
        ...stepFactors(training.optimizer, step, rate),
      });
      const losses = { loss: results['loss'][0], ...namedScalars(results, 'term:') };
      requireFinite(stage.name, step, { ...losses, gradientNorm: results['gradientNorm'][0] });
      emit({
        type: 'step',
        stage: stage.name,
        step: step + 1,
        steps,
        losses,
        learningRate: rate,
        imagesPerSecond: (1000 * batch.shape[0]) / (performance.now() - t),
        memory: process.memoryUsage.rss(),
      });

      const done = step + 1;
      if (done < steps && training.evaluateEvery > 0 && done % training.evaluateEvery === 0)
        await evaluate(done);
      if (done < steps && training.checkpointEvery > 0 && done % training.checkpointEvery === 0)
        await save(done);
    }
    await evaluate(steps);
    const weights = best?.weights ?? weightsOf(await program.state());
    const record: StageRecord = {
      state: 'finished',
      hash,
      step: steps,
      steps,
      seconds: seconds(),
      ...(best ? { best: { step: best.step, dice: best.dice } } : {}),
    };
    return { weights, shapes, record };
  } finally {
    await program.release();
    await norms?.release();
  }
}

const termInfos = ({ terms }: Loss): Record<string, TermInfo> =>
  Object.fromEntries(
    Object.entries(terms).map(([name, { title, color, dashed }]) => [
      name,
      { title, color, ...(dashed ? { dashed } : {}) },
    ]),
  );

function namedScalars(
  results: Record<string, Float32Array>,
  prefix: string,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(results).flatMap(([name, [value]]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  );
}

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
