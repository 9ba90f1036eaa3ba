import { encode } from 'fast-png';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makePhantom } from '../../../engine/demo/phantom';
import { encodePng } from '../../../engine/images/png';
import { writeVolume } from '../../../engine/images/write-volume';
import { caseMetrics } from '../../../engine/metrics/case';
import { Random } from '../../../engine/random';
import type { Report } from '../../../engine/contract/report';
import { networkNames } from './networks';

/** How far each network's label maps are off, in voxels along i. */
const shifts: Record<string, number> = { teacher: 1, warmup: 5, control: 4, student: 2 };

/** Label values in the files of the domain `ct`: deliberately not the class indices. */
const values = { liver: [3, 5], lesion: 7 };
const classes = ['liver', 'lesion'];

export interface RunFixture {
  run: string;
  /** Of case `ct1`: samples [k][j][i] of a volume stored as LPS. */
  shape: [number, number, number];
  affine: number[][];
  image: Int16Array;
  /** Class indices. */
  reference: Uint8Array;
  predictions: Record<string, Uint8Array>;
}

/**
 * A finished run in `folder`/run, with its data beside it: the domain `ct` of two synthetic abdomens with the classes liver and lesion,
 * and the domain `fundus` of one colour picture, 60 x 40. The student's probabilities are stored too.
 */
export async function makeRun(folder: string): Promise<RunFixture> {
  const run = join(folder, 'run');
  const files: Report['domains'] = {};
  let first: RunFixture | null = null;
  const domain = (role: 'source' | 'target') =>
    ({
      role,
      cases: 0,
      fov: 'none',
      networks: Object.fromEntries(
        networkNames.map((name) => [name, { threshold: 'argmax', cases: [], classes: {} }]),
      ),
      files: {},
    }) as unknown as Report['domains'][string];
  const record = (
    name: string,
    id: string,
    network: string,
    prediction: Uint8Array,
    reference: Uint8Array,
  ) =>
    files[name].networks[network]!.cases.push({
      id,
      classes: caseMetrics({ prediction, reference, fov: null, classes }),
    });

  files['ct'] = domain('source');
  for (const [n, id] of ['ct1', 'ct2'].entries()) {
    const { shape, affine, image, label } = makePhantom('ct', new Random(7, 'viewer', n));
    const reference = withLesion(label, shape);
    const stored = reference.map((index) => [0, 3, 7][index]);
    const images = [join(folder, 'ct', 'images', `${id}.nii.gz`)];
    const labels = [join(folder, 'ct', 'labels', `${id}.nii.gz`)];
    await writeVolume(images[0], { shape, affine, data: image });
    await writeVolume(labels[0], { shape, affine, data: stored });
    files['ct'].files[id] = { images, labels, masks: [] };
    files['ct'].cases++;
    const predictions = {} as RunFixture['predictions'];
    for (const network of networkNames) {
      const prediction = shifted(reference, shape, shifts[network] + n);
      predictions[network] = prediction;
      const path = join(run, 'predictions', 'ct', network, `${id}.nii.gz`);
      await writeVolume(path, { shape, affine, data: prediction });
      record('ct', id, network, prediction, reference);
    }
    first ??= { run, shape, affine, image, reference, predictions };
  }

  files['fundus'] = domain('target');
  const [columns, rows] = [60, 40];
  const picture = new Uint8Array(columns * rows * 3);
  const vessel = new Uint8Array(columns * rows);
  for (let n = 0; n < columns * rows; n++) {
    const [row, column] = [Math.floor(n / columns), n % columns];
    vessel[n] = Math.abs(row - 10 - column / 3) < 2 ? 1 : 0;
    picture.set(vessel[n] ? [120, 30, 20] : [200, 110 + column, 60], 3 * n);
  }
  const images = [join(folder, 'fundus', 'images', 'eye.png')];
  const labels = [join(folder, 'fundus', 'labels', 'eye.png')];
  await mkdir(join(folder, 'fundus', 'images'), { recursive: true });
  await mkdir(join(folder, 'fundus', 'labels'), { recursive: true });
  await writeFile(
    images[0],
    encode({ width: columns, height: rows, data: picture, depth: 8, channels: 3 }),
  );
  await writeFile(
    labels[0],
    encodePng(
      vessel.map((v) => 255 * v),
      rows,
      columns,
    ),
  );
  files['fundus'].files['eye'] = { images, labels, masks: [] };
  files['fundus'].cases = 1;
  for (const network of networkNames) {
    const prediction = shifted(vessel, [columns, rows, 1], shifts[network]);
    const path = join(run, 'predictions', 'fundus', network, 'eye.png');
    await writeVolume(path, { shape: [columns, rows, 1], affine: [], data: prediction });
    record('fundus', 'eye', network, prediction, vessel);
  }

  const { shape, affine, reference } = first!;
  const likely = Float32Array.from(reference, (index, n) =>
    index === 1 ? 0.4 + (n % 5) / 10 : 0.1,
  );
  await writeVolume(join(run, 'probabilities', 'ct', 'student', 'ct1.nii.gz'), {
    shape,
    affine,
    data: likely,
  });

  await mkdir(run, { recursive: true });
  const config = join(folder, 'demo.distill.jsonc');
  const text = JSON.stringify({
    classes,
    domains: {
      ct: {
        role: 'source',
        images: 'ct/images/{case}.nii.gz',
        labels: 'ct/labels/{case}.nii.gz',
        values,
        intensity: { window: [-100, 240] },
      },
      fundus: {
        role: 'target',
        images: 'fundus/images/{case}.png',
        labels: 'fundus/labels/{case}.png',
        values: { liver: 255, lesion: 128 },
        channel: 'green',
        intensity: { normalize: 'zscore' },
      },
    },
    input: { size: [64, 64] },
    teacher: { network: 'unet' },
    student: { network: 'unet' },
  });
  await writeFile(join(run, 'config.distill.jsonc'), text);
  await writeFile(
    join(run, 'run.json'),
    JSON.stringify({
      meddistill: '0',
      started: '2026-11-20T08:00:00.000Z',
      state: 'finished',
      config,
      variables: {},
      seed: 1,
      stages: {},
    }),
  );
  await writeFile(
    join(run, 'report.json'),
    JSON.stringify({ meddistill: '0', classes, domains: files }),
  );
  return first!;
}

/** A label map with a ball of class 2 around the middle of class 1. */
function withLesion(label: Uint8Array, [ni, nj]: RunFixture['shape']): Uint8Array {
  const inside = [...label.keys()].filter((n) => label[n] === 1);
  const middle = inside[inside.length >> 1];
  const place = (n: number) => [n % ni, Math.floor(n / ni) % nj, Math.floor(n / (ni * nj))];
  const centre = place(middle);
  return label.map((value, n) => {
    if (value === 0) return 0;
    const [i, j, k] = place(n);
    return Math.hypot(i - centre[0], j - centre[1], 2 * (k - centre[2])) < 3 ? 2 : value;
  });
}

function shifted(label: Uint8Array, [ni]: RunFixture['shape'], by: number): Uint8Array {
  return label.map((_, n) => (n % ni >= by ? label[n - by] : 0));
}
