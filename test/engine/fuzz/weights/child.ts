/** Reads damaged weights wherever a run and its commands read some; ../../weights-fuzz.test.ts watches it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../../../engine/config/load';
import type { DistillConfig } from '../../../../engine/config/config';
import { openRun, predict } from '../../../../engine/runs/finished-run';
import { loadNetworkWeights, shapesOf } from '../../../../engine/runs/reuse';
import { RunFolder } from '../../../../engine/runs/run-folder';
import { readWeightFile } from '../../../../engine/weights';
import { cpu } from '../../graph/shared';
import { runTiny, tinyRunConfig, writeTinyCohort } from '../../runs/tiny-cohort';
import { faultOfRefusal } from '../refusal';
import { tryMutants, type Outcome } from '../try-mutants';
import { mutate } from './mutate';

/** A student of two steps, with a checkpoint of the first. */
const tiny = () => {
  const config = tinyRunConfig();
  const stages = Object.fromEntries(
    ['teacher', 'warmup', 'distill'].map((name) => [name, { steps: 2 }]),
  );
  return { ...config, methods: ['kd'], baselines: [], training: { ...config.training, stages } };
};

let config: DistillConfig;
let run: RunFolder;
let image: string;
let originals: Record<'student' | 'checkpoint', Buffer>;

/** The warnings of the folder's reader, which says so where it passes over a damaged file. */
const warned: string[] = [];

type Use = (bytes: Buffer, name: string) => Promise<boolean>;

/** As a person meets it; it takes longest. */
const predicting = 'an image segmented';

/** Each reads a mutant as one thing; true where it is used, false where it is passed over with a warning. */
const uses: Record<string, { of: 'student' | 'checkpoint'; use: Use }> = {
  'a network from a file': {
    of: 'student',
    use: async (bytes, path) => {
      writeFileSync(path, bytes);
      await loadNetworkWeights(config, 'student', path, cpu);
      return true;
    },
  },
  "a finished stage's weights": {
    of: 'student',
    use: async (bytes) => {
      writeFileSync(run.weightsFile('kd'), bytes);
      return (await run.readWeightsOf('kd', hashOf('kd'), shapesOf(config, 'student'))) !== null;
    },
  },
  [predicting]: {
    of: 'student',
    use: async (bytes) => {
      writeFileSync(run.weightsFile('kd'), bytes);
      await predict(openRun(run.path), [image], { network: 'student', out: join(run.path, 'out') });
      return true;
    },
  },
  'a checkpoint': {
    of: 'checkpoint',
    use: async (bytes) => {
      writeFileSync(join(run.path, 'checkpoints/kd.safetensors'), bytes);
      const found = await run.readCheckpoint('kd', 'hash', shapesOf(config, 'student'));
      if (found && !(found.step >= 0 && found.seconds >= 0))
        throw new Error(`step ${found.step}, ${found.seconds} s`);
      return found !== null;
    },
  },
};
const ways = Object.keys(uses).filter((way) => way !== predicting);

const hashOf = (stage: string) => run.readRecord().stages[stage]!.hash;

void tryMutants(
  async (folder) => {
    const file = await writeTinyCohort(folder, tiny());
    const path = join(folder, 'run');
    await runTiny(file, path);
    config = loadConfig(file, { out: path });
    run = new RunFolder(path, (message) => warned.push(message));
    image = join(folder, 'mr/images/mr1.nii.gz');
    const { weights } = await readWeightFile(run.weightsFile('kd'));
    await run.writeCheckpoint(
      'kd',
      {
        hash: 'hash',
        step: 1,
        seconds: 1,
        trainingSeconds: 1,
        state: weights,
        best: { step: 1, dice: 0.5, weights },
      },
      shapesOf(config, 'student'),
      {},
    );
    originals = {
      student: readFileSync(run.weightsFile('kd')),
      checkpoint: readFileSync(join(path, 'checkpoints/kd.safetensors')),
    };
    await uses[predicting].use(originals.student, '');
  },
  async (n, random, folder): Promise<Outcome> => {
    const way = n % 20 === 0 ? predicting : ways[n % ways.length];
    const { of, use } = uses[way];
    const bytes = mutate(originals[of], Object.values(originals), random);
    warned.length = 0;
    try {
      const used = await use(bytes, join(folder, 'a.safetensors'));
      const wrong = warned.find((message) => !message.includes('.safetensors'));
      return { of: way, refused: !used, fault: wrong ?? null };
    } catch (error) {
      return { of: way, refused: true, fault: faultOfRefusal(error, '.safetensors') };
    }
  },
);
