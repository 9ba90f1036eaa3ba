import { join } from 'node:path';
import { Random } from '../random';
import { blurGaussian } from '../batches/augmentation';
import { writeVolume } from '../images/write-volume';

/** Cases that `writePhantoms` makes of each domain. */
export const phantomCases = { ct: 12, mr: 6 } as const;

const shape: [number, number, number] = [64, 64, 10];

/** Tissues, in the order in which they are laid over each other. */
const tissues = [
  'air',
  'fat',
  'muscle',
  'mesentery',
  'bowel',
  'stomach',
  'kidney',
  'spleen',
  'liver',
  'vessel',
  'bone',
] as const;
type Tissue = (typeof tissues)[number];

/** A grid of 64 x 64 x 10 voxels in the world (mm, RAS+), and a case's samples in it, [k][j][i]. */
export interface Phantom {
  shape: [number, number, number];
  affine: number[][];
  /** Hounsfield units for CT, arbitrary units for MR. */
  image: Int16Array;
  /** 1 in the liver. */
  label: Uint8Array;
}

/**
 * A small cohort of synthetic abdomens in two domains: `ct`, meant as the source, and `mr`, meant as a target that a
 * network trained on `ct` half recognises. Writes `ct/images/{case}.nii.gz`, `ct/labels/{case}.nii.gz` (liver = 1) and
 * the same under `mr` into `folder`. A seed gives the same files again.
 */
export async function writePhantoms(folder: string, seed: number): Promise<void> {
  for (const domain of ['ct', 'mr'] as const)
    for (let n = 1; n <= phantomCases[domain]; n++) {
      const { affine, image, label } = makePhantom(domain, new Random(seed, 'phantom', domain, n));
      const name = `${domain}${String(n).padStart(2, '0')}.nii.gz`;
      await writeVolume(join(folder, domain, 'images', name), { shape, affine, data: image });
      await writeVolume(join(folder, domain, 'labels', name), { shape, affine, data: label });
    }
}

/**
 * One abdomen of varying size and proportions, as CT or MR would show it. CT: stored as LPS, Hounsfield units, Gaussian
 * noise. MR: stored as RAS and tilted, other grey values, coarser and smoother, a bias field and Rician noise.
 */
export function makePhantom(domain: 'ct' | 'mr', random: Random): Phantom {
  const affine = domain === 'ct' ? ctAffine(random) : mrAffine(random);
  const tissueAt = makeAnatomy(random);
  const voxels = shape[0] * shape[1] * shape[2];
  const tissue = new Uint8Array(voxels);
  let n = 0;
  for (let k = 0; k < shape[2]; k++)
    for (let j = 0; j < shape[1]; j++)
      for (let i = 0; i < shape[0]; i++)
        tissue[n++] = tissueAt(
          ...([0, 1, 2].map(
            (row) => affine[row][0] * i + affine[row][1] * j + affine[row][2] * k + affine[row][3],
          ) as [number, number, number]),
        );
  const liver = tissues.indexOf('liver');
  return {
    shape,
    affine,
    image: domain === 'ct' ? ctImage(tissue, random) : mrImage(tissue, random),
    label: tissue.map((index) => (index === liver ? 1 : 0)),
  };
}

/** Grid of `size` mm voxels, first two axes reversed by `sign`, tilted about x, its centre at the body's. */
function gridAffine(size: [number, number, number], sign: 1 | -1, tilt: number, z: number) {
  const [cos, sin] = [Math.cos(tilt), Math.sin(tilt)];
  const affine = [
    [sign * size[0], 0, 0, 0],
    [0, sign * size[1] * cos, -size[2] * sin, 0],
    [0, sign * size[1] * sin, size[2] * cos, 0],
    [0, 0, 0, 1],
  ];
  for (let row = 0; row < 3; row++)
    affine[row][3] =
      (row === 2 ? z : 0) -
      [0, 1, 2].reduce((sum, c) => sum + (affine[row][c] * (shape[c] - 1)) / 2, 0);
  return affine;
}

const ctAffine = (random: Random) => {
  const pixel = random.uniform(5.6, 6);
  return gridAffine([pixel, pixel, 8], -1, 0, random.uniform(-8, 8));
};
const mrAffine = (random: Random) => {
  const pixel = random.uniform(5.8, 6.2);
  return gridAffine([pixel, pixel, 9], 1, random.uniform(-0.08, 0.08), random.uniform(-8, 8));
};

/** The tissue at a point of the world, for one person. */
function makeAnatomy(random: Random): (x: number, y: number, z: number) => number {
  const index = (tissue: Tissue) => tissues.indexOf(tissue);
  const near = (value: number, by: number) => value + random.uniform(-by, by);
  const halfWidth = near(158, 14);
  const halfDepth = near(115, 12);
  const wall = near(0.9, 0.03);
  const cavity = near(0.8, 0.02);
  const around = (x: number, y: number, share: number) =>
    Math.abs(x / (halfWidth * share)) ** 2.3 + Math.abs(y / (halfDepth * share)) ** 2.3 < 1;

  interface Ellipsoid {
    tissue: Tissue;
    centre: number[];
    size: number[];
  }
  const grown = halfWidth / 158;
  const organ = (tissue: Tissue, centre: number[], size: number[], by = 6): Ellipsoid => ({
    tissue,
    centre: centre.map((value) => near(value * grown, by)),
    size: size.map((value) => value * grown * random.uniform(0.88, 1.12)),
  });
  const organs = [
    ...Array.from({ length: 7 }, () =>
      organ('bowel', [random.uniform(-70, 70), random.uniform(0, 60), -45], [26, 20, 26], 10),
    ),
    organ('stomach', [-62, 38, 8], [42, 36, 46]),
    organ('kidney', [62, -52, -28], [26, 22, 46]),
    organ('kidney', [-62, -52, -20], [26, 22, 46]),
    organ('spleen', [-94, -22, 14], [32, 46, 42]),
    organ('liver', [72, 16, 14], [62, 72, 62]),
    organ('liver', [8, 46, 20], [58, 32, 36], 10),
    organ('vessel', [-12, -38, 0], [10, 10, 400], 3),
    organ('vessel', [20, -36, 0], [12, 10, 400], 3),
    organ('bone', [0, -72, 0], [24, 22, 400], 3),
  ];
  // A smooth displacement, so that no organ is an ellipsoid.
  const waves = Array.from({ length: 9 }, (_, n) => ({
    axis: n % 3,
    amplitude: near(0, 5),
    frequency: [0, 1, 2].map(() => near(0, 0.05)),
    phase: random.uniform(0, 2 * Math.PI),
  }));

  return (x, y, z) => {
    if (!around(x, y, 1)) return index('air');
    const point = [x, y, z];
    for (const { axis, amplitude, frequency, phase } of waves)
      point[axis] +=
        amplitude * Math.sin(frequency[0] * x + frequency[1] * y + frequency[2] * z + phase);
    let found = !around(x, y, wall) ? 'fat' : !around(x, y, cavity) ? 'muscle' : 'mesentery';
    for (const { tissue, centre, size } of organs) {
      const distance = [0, 1, 2].reduce(
        (sum, axis) => sum + ((point[axis] - centre[axis]) / size[axis]) ** 2,
        0,
      );
      if (distance < 1 && (found !== 'fat' || tissue === 'bone')) {
        // Organs stay within the wall of the abdomen; the spine may cut into it.
        if (found !== 'muscle' || tissue === 'bone') found = tissue;
      }
    }
    return index(found as Tissue);
  };
}

function ctImage(tissue: Uint8Array, random: Random): Int16Array {
  const phase = random.uniform(-12, 12);
  const units: Record<Tissue, number> = {
    air: -1000,
    fat: -105,
    muscle: 55,
    mesentery: -70,
    bowel: random.uniform(20, 70),
    stomach: random.uniform(10, 45),
    kidney: 165 + phase,
    spleen: 120 + phase,
    liver: 105 + phase,
    vessel: 150 + 2 * phase,
    bone: 320,
  };
  const image = paint(tissue, units, 0.6);
  addTexture(image, random, 8, 2);
  addTexture(image, random, 14, 0.6);
  return Int16Array.from(image, (value) => Math.round(Math.max(-1024, value)));
}

function mrImage(tissue: Uint8Array, random: Random): Int16Array {
  const vary = (value: number) => value * random.uniform(0.93, 1.07);
  const signal: Record<Tissue, number> = {
    air: 0,
    fat: vary(350),
    muscle: vary(290),
    mesentery: vary(275),
    bowel: vary(random.uniform(200, 330)),
    stomach: vary(200),
    kidney: vary(360),
    spleen: vary(385),
    liver: vary(420),
    vessel: vary(240),
    bone: vary(400),
  };
  const image = paint(tissue, signal, 0.9);
  addTexture(image, random, 14, 2);
  // A bias field: a slow wave across the body, the receiver coil's.
  const [across, down] = [random.uniform(-0.4, 0.4), random.uniform(-0.4, 0.4)];
  const bow = random.uniform(-0.25, 0.25);
  const noise = random.uniform(18, 28);
  return Int16Array.from(image, (value, n) => {
    const u = ((n % shape[0]) / shape[0]) * 2 - 1;
    const v = ((Math.floor(n / shape[0]) % shape[1]) / shape[1]) * 2 - 1;
    const biased = Math.max(0, value) * Math.exp(across * u + down * v + bow * (u * u + v * v));
    // The magnitude of a complex signal with noise in both parts.
    return Math.round(Math.hypot(biased + noise * random.normal(), noise * random.normal()));
  });
}

/** Each tissue's value, blurred in the slice by `deviation` voxels. */
function paint(tissue: Uint8Array, values: Record<Tissue, number>, deviation: number) {
  const image = Float32Array.from(tissue, (index) => values[tissues[index]]);
  blurGaussian(image, shape[2], shape[1], shape[0], deviation);
  return image;
}

/** Adds noise of standard deviation `strength`, correlated over `deviation` voxels in the slice. */
function addTexture(image: Float32Array, random: Random, strength: number, deviation: number) {
  const texture = Float32Array.from(image, () => random.normal());
  blurGaussian(texture, shape[2], shape[1], shape[0], deviation);
  // White noise shrinks by 2 sqrt(pi) sigma under a Gaussian.
  const gain = strength * Math.max(1, 2 * Math.sqrt(Math.PI) * deviation);
  for (let n = 0; n < image.length; n++) image[n] += gain * texture[n];
}
