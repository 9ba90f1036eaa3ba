import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig, readConfigText } from '../../../engine/config/load';
import { makePhantom } from '../../../engine/demo/phantom';
import { writeVolume } from '../../../engine/images/write-volume';
import type { EngineEvent } from '../../../engine/contract/events';
import { Random } from '../../../engine/random';
import { runDistillation } from '../../../engine/runs/run';

/** A config that runs in seconds, as an object to change before it is written. */
export function tinyRunConfig() {
  const domain = (name: string, role: string) => ({
    role,
    images: `${name}/images/{case}.nii.gz`,
    labels: `${name}/labels/{case}.nii.gz`,
    intensity: { normalize: 'percentile' } as object,
    maxSlices: 3,
  });
  return {
    classes: ['liver'],
    domains: {
      ct: { ...domain('ct', 'source'), split: { train: 0.5, validation: 0.25, test: 0.25 } },
      mr: domain('mr', 'target'),
    } as Record<string, Record<string, unknown>>,
    input: { size: 32 as number | number[] },
    teacher: { network: 'unet', width: 4, depth: 2 },
    student: { network: 'unet', width: 2, depth: 2 },
    method: { psae: { channels: 8 }, augmentations: 2, fsd: { dims: 4 } } as Record<
      string,
      unknown
    >,
    // Its length is no matter of the clock, so that equal runs end with equal weights.
    baselines: ['control-steps'],
    training: {
      seed: 3,
      batchSize: 2,
      evaluateEvery: 8,
      checkpointEvery: 5,
      stages: Object.fromEntries(
        ['teacher', 'warmup', 'psae', 'act', 'distill'].map((name) => [name, { steps: 16 }]),
      ),
    } as Record<string, unknown>,
    device: 'cpu',
    threads: 1,
  };
}

/** Writes four CT and two MR abdomens and a config into a folder; returns the config's path. */
export async function writeTinyCohort(
  folder: string,
  config: object = tinyRunConfig(),
): Promise<string> {
  for (const [domain, count] of [
    ['ct', 4],
    ['mr', 2],
  ] as const)
    for (let n = 1; n <= count; n++) {
      const { shape, affine, image, label } = makePhantom(domain, new Random(1, domain, n));
      const at = (part: string) => join(folder, domain, part, `${domain}${n}.nii.gz`);
      await writeVolume(at('images'), { shape, affine, data: image });
      await writeVolume(at('labels'), { shape, affine, data: label });
    }
  return writeConfig(folder, config);
}

export async function writeConfig(folder: string, config: object): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'tiny.distill.jsonc');
  await writeFile(path, JSON.stringify(config, null, 2));
  return path;
}

/** Runs a config in this process; returns its events. */
export async function runTiny(
  configFile: string,
  out: string,
  o: {
    resume?: boolean;
    signal?: AbortSignal;
    seed?: number;
    estimate?: boolean;
    time?: number;
    onEvent?: (event: EngineEvent) => void;
  } = {},
): Promise<EngineEvent[]> {
  const events: EngineEvent[] = [];
  const text = readConfigText(configFile);
  await runDistillation({
    config: loadConfig(configFile, { out, seed: o.seed }, text),
    text,
    variables: {},
    estimate: o.estimate ?? false,
    time: o.time,
    resume: o.resume ?? false,
    signal: o.signal ?? new AbortController().signal,
    onEvent(event) {
      events.push(event);
      o.onEvent?.(event);
    },
  });
  return events;
}
