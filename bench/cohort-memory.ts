/**
 * Memory of a process that prepares a cohort of volumes and draws training batches from it, by the number of volumes.
 * `npx tsx bench/cohort-memory.ts [volumes ...]` (default 20 and 200): each number in a process of its own, its files and
 * cache in a temporary folder. Prints a table.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { link, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DistillConfig } from '../engine/config/config';
import { loadConfig } from '../engine/config/load';
import { scanCohort } from '../engine/cohort/cohort';
import { affineOf } from '../engine/images/orientation';
import { prepareCohort } from '../test/engine/preparation/prepare-cohort';
import { drawBatch } from '../engine/batches/sampler';
import { writeVolume } from '../engine/images/write-volume';
import { writeWhole } from '../engine/files';
import { Random } from '../engine/random';

const [columns, rows, slices] = [256, 256, 64];
const batches = 200;

interface Figures {
  prepareSeconds: number;
  againSeconds: number;
  drawMs: number;
  peakMb: number;
}

/** In the process that is measured. */
async function measure(file: string): Promise<Figures> {
  const config: DistillConfig = loadConfig(file);
  const cohort = await scanCohort(config);
  const timed = async <T>(run: () => T | Promise<T>): Promise<[T, number]> => {
    const began = performance.now();
    const value = await run();
    return [value, performance.now() - began];
  };
  const [, first] = await timed(() => prepareCohort(config, cohort));
  const [{ ct }, again] = await timed(() => prepareCohort(config, cohort));
  const cases = ct.map(({ prepared }) => prepared);
  const { size, fit } = config.input;
  const spec = { size, fit, batchSize: 4, augmentation: config.training.augmentation };
  const [, drawn] = await timed(() => {
    for (let n = 0; n < batches; n++) drawBatch(cases, spec, new Random('bench', n));
  });
  return {
    prepareSeconds: first / 1000,
    againSeconds: again / 1000,
    drawMs: drawn / batches,
    peakMb: process.resourceUsage().maxRSS / 1024,
  };
}

async function writeCohort(folder: string, volumes: number): Promise<string> {
  const random = new Random('volume');
  const image = Int16Array.from(
    { length: columns * rows * slices },
    () => random.integer(2000) - 1000,
  );
  const label = Uint8Array.from(image, (value) => (value > 900 ? 1 : 0));
  const grid = { shape: [columns, rows, slices] as const, affine: affineOf()! };
  await writeVolume(join(folder, 'image.nii.gz'), { ...grid, data: image });
  await writeVolume(join(folder, 'label.nii.gz'), { ...grid, data: label });
  for (const kind of ['image', 'label']) {
    await mkdir(join(folder, kind));
    for (let n = 0; n < volumes; n++)
      await link(join(folder, `${kind}.nii.gz`), join(folder, kind, `${n}.nii.gz`));
  }
  const file = join(folder, 'bench.distill.jsonc');
  const config = {
    classes: ['organ'],
    domains: {
      ct: {
        role: 'source',
        images: 'image/{case}.nii.gz',
        labels: 'label/{case}.nii.gz',
        intensity: { window: [-1000, 1000] },
      },
    },
    input: { size: 128, fit: 'patch' },
    teacher: 'unet',
    student: 'mobilenetv2-unet',
    cache: { folder: 'cache' },
  };
  await writeWhole(file, JSON.stringify(config));
  return file;
}

async function bench(volumes: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'meddistill-bench-'));
  try {
    const file = await writeCohort(folder, volumes);
    const child = fork(__filename, ['--measure', file], { execArgv: ['-r', 'tsx/cjs'] });
    const [figures] = (await once(child, 'message')) as [Figures];
    const cache = join(folder, 'cache');
    const sizes = await Promise.all(
      (await readdir(cache)).map(async (name) => (await stat(join(cache, name))).size),
    );
    const onDisk = sizes.reduce((sum, size) => sum + size, 0) / 1e9;
    console.log(
      `| ${volumes} | ${onDisk.toFixed(2)} | ${figures.prepareSeconds.toFixed(1)} | ${figures.againSeconds.toFixed(2)} | ${figures.drawMs.toFixed(1)} | ${figures.peakMb.toFixed(0)} |`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const counts = process.argv.slice(2).map(Number);
  console.log(`Volumes of ${columns} x ${rows} x ${slices} int16, patches of 128, batches of 4.\n`);
  console.log(
    '| volumes | prepared on disk, GB | prepare, s | again, s | draw a batch, ms | peak memory, MB |',
  );
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const volumes of counts.length > 0 ? counts : [20, 200]) await bench(volumes);
}

const [, , mode, file] = process.argv;
if (mode === '--measure')
  void measure(file).then((figures) => process.send!(figures, () => process.exit()));
else void main();
