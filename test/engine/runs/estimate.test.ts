import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../../engine/config/load';
import type { EngineEvent } from '../../../engine/contract/events';
import type { Estimate } from '../../../engine/contract/estimate';
import type { RunRecord } from '../../../engine/contract/run-record';
import { secondsOf } from '../../../engine/presentation/estimate-table';
import { estimateRun } from '../../../engine/runs/estimate';
import { RunFolder } from '../../../engine/runs/run-folder';
import { readWeights } from '../../../engine/weights';
import { withFolder } from '../images/shared';
import { runTiny, tinyRunConfig, writeConfig, writeTinyCohort } from './tiny-cohort';

const recordOf = (run: string) =>
  JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')) as RunRecord;
const estimatesIn = (events: EngineEvent[]) =>
  events.flatMap((e) => (e.type === 'estimate' ? [e] : []));
const stepsOf = (estimate: Estimate) =>
  Object.fromEntries(estimate.stages.map(({ stage, steps }) => [stage, steps]));
const secondsLeftOf = (estimate: Estimate, name: string) =>
  estimate.stages.find(({ stage }) => stage === name)!.seconds;

/** Two students without stages before them, short. */
const quickConfig = () => ({
  ...tinyRunConfig(),
  methods: ['kd'],
  training: {
    seed: 3,
    batchSize: 2,
    evaluateEvery: 0,
    stages: {
      teacher: { steps: 40 },
      warmup: { steps: 30 },
      distill: { steps: 20 },
    },
  },
});
const weightsOf = (run: string, stage: string) =>
  readWeights(join(run, 'weights', `${stage}.safetensors`));

describe('what a run will take', function () {
  this.timeout(240_000);

  it('is said before the first step, and changes nothing of what is trained', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder, quickConfig());
      const [said, silent] = [join(folder, 'a/run'), join(folder, 'b/run')];
      const events = await runTiny(config, said, { estimate: true });
      const [estimate, ...more] = estimatesIn(events);
      assert.equal(more.length, 0);
      const first = events.findIndex(({ type }) => type === 'stage');
      assert.ok(events.indexOf(estimate) < first);

      assert.deepEqual(stepsOf(estimate), {
        teacher: 40,
        warmup: 30,
        'control-steps': 20,
        kd: 20,
        evaluate: 0,
      });
      for (const { stage, left, steps, secondsPerStep, seconds, memory } of estimate.stages) {
        assert.equal(left, steps, stage);
        assert.ok(seconds > 0 && seconds >= left * (secondsPerStep ?? 0), stage);
        assert.ok(memory! > 50e6 && memory! < 8e9, `${stage}: ${memory}`);
      }
      assert.equal(estimate.scale, 1);
      assert.deepEqual(recordOf(said).estimate!.stages, estimate.stages);
      // As the folder's readers see it.
      const read = [...new RunFolder(said).eventsInPieces()].flat();
      const logged = read.find(({ type }) => type === 'estimate')!;
      assert.deepEqual({ ...logged, time: undefined }, { ...estimate, time: undefined });
      assert.deepEqual(new RunFolder(said).readRecord().estimate!.stages, estimate.stages);

      await runTiny(config, silent);
      for (const stage of ['teacher', 'warmup', 'control-steps', 'kd'])
        assert.deepEqual(
          (await weightsOf(said, stage)).tensors,
          (await weightsOf(silent, stage)).tensors,
          stage,
        );

      // What is trained already takes nothing, also in a run beside it.
      const { estimate: beside } = await estimateRun(
        loadConfig(config, { out: join(folder, 'a/other') }),
      );
      for (const name of ['teacher', 'warmup', 'control-steps', 'kd'])
        assert.equal(secondsLeftOf(beside, name), 0, name);
      assert.ok(secondsLeftOf(beside, 'evaluate') > 0);
      assert.equal(secondsLeftOf(beside, 'prepare'), 0, 'all cases are in the cache');
      const { estimate: elsewhere } = await estimateRun(
        loadConfig(config, { out: join(folder, 'c/run') }),
      );
      assert.ok(secondsLeftOf(elsewhere, 'teacher') > 0);
    }));

  it('of a config that was never run counts its preparation, from a few cases', () =>
    withFolder(async (folder) => {
      const config = await writeTinyCohort(folder, quickConfig());
      const { estimate, plan, device } = await estimateRun(
        loadConfig(config, { out: join(folder, 'runs/run') }),
      );
      assert.equal(device.name, 'cpu');
      assert.ok(plan.stages.some(({ name }) => name === 'kd'));
      assert.equal(estimate.stages[0].stage, 'prepare');
      // Two of the four cases of ct and one of mr's two are still to be prepared.
      assert.ok(secondsLeftOf(estimate, 'prepare') > 0);
    }));

  it('can be made to fit a time: all stages shorter by one factor, which a run that is resumed keeps', () =>
    withFolder(async (folder) => {
      const long = quickConfig();
      long.training.stages = {
        teacher: { steps: 40_000 },
        warmup: { steps: 30_000 },
        distill: { steps: 20_000 },
      };
      const config = await writeTinyCohort(folder, long);
      const out = join(folder, 'runs/run');
      const { estimate: whole } = await estimateRun(loadConfig(config, { out }));
      const fixed = secondsLeftOf(whole, 'evaluate') + secondsLeftOf(whole, 'prepare');
      const time = fixed + 0.4 * (secondsOf(whole) - fixed);
      const { estimate } = await estimateRun(loadConfig(config, { out }), { seconds: time });
      const { scale } = estimate;
      assert.ok(scale > 0.02 && scale < 0.99, `${scale}`);
      assert.ok(Math.abs(100 * scale - Math.round(100 * scale)) < 1e-9, 'whole percents');
      assert.ok(secondsOf(estimate) <= time, `${secondsOf(estimate)} in ${time}`);
      assert.deepEqual(stepsOf(estimate), {
        prepare: 0,
        teacher: Math.round(40_000 * scale),
        warmup: Math.round(30_000 * scale),
        'control-steps': Math.round(20_000 * scale),
        kd: Math.round(20_000 * scale),
        evaluate: 0,
      });
      const { estimate: roomy } = await estimateRun(loadConfig(config, { out }), { seconds: 1e7 });
      assert.equal(roomy.scale, 1, 'it is never made longer');
      await assert.rejects(estimateRun(loadConfig(config, { out }), { seconds: 0.5 }), {
        name: 'ConfigError',
        message:
          /^The run does not fit into \d+ s: also with 1% of its steps \(no stage below 10\) it takes about .* on this device/,
      });
    }));

  it('stopped and resumed, a shortened run ends with the weights of one of that length', () =>
    withFolder(async (folder) => {
      const long = quickConfig();
      long.training.stages = {
        teacher: { steps: 15_000 },
        warmup: { steps: 10_000 },
        distill: { steps: 5000 },
      };
      const config = await writeTinyCohort(folder, long);
      const run = join(folder, 'a/run');
      const stop = new AbortController();
      // Stopped as soon as its length is known; whatever this machine does in the time, it is shorter.
      const signal = stop.signal;
      const stopped = runTiny(config, run, {
        time: 25,
        signal,
        onEvent: (event) => {
          if (event.type === 'step' && event.step === 3) stop.abort();
        },
      });
      const [estimate] = estimatesIn(await stopped);
      const { scale } = recordOf(run);
      assert.ok(scale !== undefined && scale < 1 && estimate.scale === scale, `${scale}`);
      assert.equal(recordOf(run).state, 'cancelled');
      const lengths = recordOf(run).plan.stages.map(({ name, steps }) => [name, steps]);
      assert.deepEqual(
        lengths,
        Object.entries(stepsOf(estimate)).filter(([name]) => name !== 'evaluate'),
      );

      const resumed = await runTiny(config, run, { resume: true, time: 1e6 });
      assert.ok(resumed.some((e) => e.type === 'log' && /goes on with the length/.test(e.message)));
      assert.ok(resumed.some((e) => e.type === 'stage' && e.state === 'resumed' && e.step === 3));
      assert.equal(recordOf(run).scale, scale);
      assert.equal(recordOf(run).state, 'finished');
      const plain = quickConfig();
      const { teacher, warmup, kd } = stepsOf(estimate);
      plain.training.stages = {
        teacher: { steps: teacher },
        warmup: { steps: warmup },
        distill: { steps: kd },
      };
      const other = join(folder, 'b/run');
      await runTiny(await writeConfig(folder, plain), other);
      for (const stage of ['teacher', 'warmup', 'control-steps', 'kd'])
        assert.deepEqual(
          (await weightsOf(run, stage)).tensors,
          (await weightsOf(other, stage)).tensors,
          stage,
        );
    }));
});
