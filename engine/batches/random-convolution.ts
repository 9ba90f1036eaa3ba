import type { Random } from '../random';

const layers = 3;
const hidden = 2;
/** Slope below zero, as of a leaky rectifier. */
const slope = 0.1;

/**
 * Another appearance of the same anatomy, in place on [channels][rows][columns]: a network of three convolutions (1 x 1 or 3 x 3) with
 * fresh random weights, mixed with the image in a random share and brought back to the image's mean and deviation. After global
 * intensity non-linear augmentation (Ouyang et al., IEEE TMI 2023, arXiv 2111.12525).
 */
export function convolveRandomly(
  image: Float32Array,
  [channels, rows, columns]: readonly [number, number, number],
  random: Random,
): void {
  const share = random.uniform();
  let x = image;
  let width = channels;
  for (let layer = 0; layer < layers; layer++) {
    const out = layer === layers - 1 ? channels : hidden;
    x = convolution(x, [width, rows, columns], out, random.chance(0.5) ? 1 : 3, random);
    width = out;
    if (layer < layers - 1) for (let i = 0; i < x.length; i++) if (x[i] < 0) x[i] *= slope;
  }
  const before = moments(image);
  const changed = moments(x);
  const scale = changed.deviation > 0 ? before.deviation / changed.deviation : 0;
  for (let i = 0; i < image.length; i++)
    image[i] = (1 - share) * image[i] + share * (before.mean + scale * (x[i] - changed.mean));
}

/** With normal weights and shifts, edges replicated. */
function convolution(
  x: Float32Array,
  [channels, rows, columns]: readonly [number, number, number],
  out: number,
  kernel: 1 | 3,
  random: Random,
): Float32Array {
  const pixels = rows * columns;
  const y = new Float32Array(out * pixels);
  const reach = (kernel - 1) / 2;
  for (let o = 0; o < out; o++) {
    const plane = y.subarray(o * pixels, (o + 1) * pixels).fill(random.normal());
    for (let c = 0; c < channels; c++)
      for (let dr = -reach; dr <= reach; dr++)
        for (let dc = -reach; dc <= reach; dc++) {
          const weight = random.normal() / kernel;
          for (let r = 0; r < rows; r++) {
            const from = c * pixels + Math.min(rows - 1, Math.max(0, r + dr)) * columns;
            for (let k = 0; k < columns; k++)
              plane[r * columns + k] +=
                weight * x[from + Math.min(columns - 1, Math.max(0, k + dc))];
          }
        }
  }
  return y;
}

function moments(values: Float32Array): { mean: number; deviation: number } {
  let sum = 0;
  let squares = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / values.length) };
}

/** A smooth change of brightness over the image, as of a coil: each pixel times 1 + amount p, p a random quadric between -1 and 1. In place. */
export function addBiasField(
  image: Float32Array,
  [channels, rows, columns]: readonly [number, number, number],
  amount: number,
  random: Random,
): void {
  const a = Array.from({ length: 5 }, () => random.uniform(-1, 1));
  const largest = a.reduce((sum, term) => sum + Math.abs(term), 0) || 1;
  const at = (i: number, size: number) => (size > 1 ? (2 * i) / (size - 1) - 1 : 0);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const [y, x] = [at(r, rows), at(c, columns)];
      const p = (a[0] * y + a[1] * x + a[2] * y * x + a[3] * y * y + a[4] * x * x) / largest;
      for (let k = 0; k < channels; k++) image[(k * rows + r) * columns + c] *= 1 + amount * p;
    }
}
