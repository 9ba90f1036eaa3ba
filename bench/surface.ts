/**
 * Times every metric on a pair of masks of 512 x 512 x 200, and beside it, in the same run, the surface distances by SciPy's
 * distance_transform_edt: over the whole grid, as MedPy takes them, and within the masks' bounding box, as MONAI does.
 * `npx tsx bench/surface.ts [runs]`; PYTHON names a Python with SciPy (default: python3).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { areaUnderRoc } from '../engine/metrics/auc';
import { centrelineDice } from '../engine/metrics/cldice';
import { confusion, overlap } from '../engine/metrics/overlap';
import { surfaceMetrics } from '../engine/metrics/surface';
import { type Shape, type Spacing } from '../engine/metrics/shape';

const shape: Shape = [200, 512, 512];
const spacing: Spacing = [2, 0.7, 0.7];
const runs = Number(process.argv[2] ?? 3);

/** A ball with a wavy surface, about the size of a large liver in its scan. */
function organ(centre: readonly number[], radii: readonly number[], wave: number): Uint8Array {
  const mask = new Uint8Array(shape[0] * shape[1] * shape[2]);
  for (let z = 0, n = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++)
      for (let x = 0; x < shape[2]; x++, n++) {
        const [dz, dy, dx] = [z - centre[0], y - centre[1], x - centre[2]];
        const limit = 1 + wave * Math.sin(7 * Math.atan2(dy, dx) + z / 9);
        const r = (dz / radii[0]) ** 2 + (dy / radii[1]) ** 2 + (dx / radii[2]) ** 2;
        if (r < limit) mask[n] = 1;
      }
  return mask;
}

const prediction = organ([100, 256, 256], [90, 220, 220], 0.08);
const reference = organ([102, 250, 260], [92, 215, 225], 0.1);
const probabilities = new Float32Array(prediction.length);
for (let n = 0; n < probabilities.length; n++)
  probabilities[n] = ((n * 7919) % 4999) / 10000 + prediction[n] / 2;

interface Times {
  /** By the clock, in seconds. */
  wall: number;
  /** Of the processor, which other programs beside this one disturb less. */
  processor: number;
}

/** Medians over the runs, and what the last run gave. */
function time<T>(work: () => T): Times & { result: T } {
  const wall: number[] = [];
  const processor: number[] = [];
  let result!: T;
  for (let n = 0; n < runs; n++) {
    const start = performance.now();
    const used = process.cpuUsage();
    result = work();
    wall.push((performance.now() - start) / 1000);
    const { user, system } = process.cpuUsage(used);
    processor.push((user + system) / 1e6);
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];
  return { wall: median(wall), processor: median(processor), result };
}

const total = (...parts: Times[]): Times => ({
  wall: parts.reduce((sum, part) => sum + part.wall, 0),
  processor: parts.reduce((sum, part) => sum + part.processor, 0),
});
const line = (name: string, { wall, processor }: Times, more = '') =>
  console.log(
    `${name.padEnd(42)} ${wall.toFixed(2).padStart(7)} ${processor.toFixed(2).padStart(9)}  ${more}`,
  );
const megabytes = (kilobytes: number) => `${Math.round(kilobytes / 1024)} MB`;

console.log(`${shape.join(' x ')} voxels of ${spacing.join(' x ')} mm, median of ${runs} runs`);
console.log(`${' '.repeat(42)}  wall s  processor s`);
const before = process.resourceUsage().maxRSS;
const counts = time(() => overlap(confusion(prediction, reference, 1)));
line('overlap', counts, `Dice ${counts.result.dice!.toFixed(4)}`);
const surface = time(() => surfaceMetrics(prediction, reference, shape, spacing)!);
const described = ({ assd, hd95, hd }: { assd: number; hd95: number; hd: number }) =>
  `ASSD ${assd.toFixed(4)}, HD95 ${hd95.toFixed(4)}, HD ${hd.toFixed(4)} mm`;
line('surface distances', surface, described(surface.result));
const centrelines = time(() => centrelineDice(prediction, reference, shape));
line('clDice', centrelines, centrelines.result!.toFixed(4));
const peak = process.resourceUsage().maxRSS;
const auc = time(() => areaUnderRoc(probabilities, (n) => reference[n] === 1));
line('AUC, from probabilities', auc, auc.result!.toFixed(4));
line('all', total(counts, surface, centrelines, auc));
console.log(
  `memory: ${megabytes(before)} with the inputs, at most ${megabytes(peak)} up to clDice, ${megabytes(process.resourceUsage().maxRSS)} with the AUC`,
);

const folder = mkdtempSync(join(tmpdir(), 'meddistill-bench-'));
try {
  writeFileSync(join(folder, 'prediction'), prediction);
  writeFileSync(join(folder, 'reference'), reference);
  const python = process.env.PYTHON ?? 'python3';
  const { stdout, stderr, status, error } = spawnSync(
    python,
    [join(__dirname, 'surface.py'), folder, shape.join(), spacing.join()],
    { encoding: 'utf8' },
  );
  if (status !== 0)
    console.log(
      `${python} with SciPy is not there, so there is nothing beside it: ${(error?.message ?? stderr).trim().split('\n').at(-1)}`,
    );
  else
    for (const [name, found] of Object.entries(JSON.parse(stdout) as Record<string, Peer>))
      line(
        `surface distances, SciPy ${name}`,
        found,
        `${described(found)}; ${(found.processor / surface.processor).toFixed(1)} times the processor time; at most ${megabytes(found.memory)}`,
      );
} finally {
  rmSync(folder, { recursive: true });
}

interface Peer extends Times {
  assd: number;
  hd95: number;
  hd: number;
  /** Peak, in kilobytes. */
  memory: number;
}
