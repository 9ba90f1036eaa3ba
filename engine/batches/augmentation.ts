import Type, { type Static } from 'typebox';
import { settings } from '../options';
import type { Random } from '../random';
import { addBiasField, convolveRandomly } from './random-convolution';

const share = (markdownDescription: string, value: number) =>
  Type.Number({ markdownDescription, default: value, minimum: 0, exclusiveMaximum: 1 });
const chance = (markdownDescription: string, value = 0) =>
  Type.Number({ markdownDescription, default: value, minimum: 0, maximum: 1 });
const amount = (markdownDescription: string, value: number) =>
  Type.Number({ markdownDescription, default: value, minimum: 0 });

/** What changes the look of an image and not its anatomy. */
function appearance(defaults: Record<Appearance, number>) {
  return {
    contrast: share('Factor, as a share either way.', defaults.contrast),
    brightness: amount('Added, in units of the normalised input.', defaults.brightness),
    gamma: amount('Exponent from 1 / (1 + gamma) to 1 + gamma.', defaults.gamma),
    noise: amount('Largest standard deviation of Gaussian noise.', defaults.noise),
    blur: amount('Largest standard deviation of Gaussian blur, in pixels.', defaults.blur),
    bias: share('Largest share of a smooth change of brightness over the image.', defaults.bias),
    randomConvolution: chance(
      'Chance of another look: random convolutions, mixed with the image.',
      defaults.randomConvolution,
    ),
  };
}
type Appearance =
  'contrast' | 'brightness' | 'gamma' | 'noise' | 'blur' | 'bias' | 'randomConvolution';

/** Probabilities and ranges; each is drawn uniformly in its range, gamma log-uniformly, and 0 switches it off. */
export const augmentationOptions = settings(
  {
    flip: settings(
      { horizontal: chance('Left to right.'), vertical: chance('Top to bottom.') },
      { markdownDescription: 'Chance of mirroring.' },
    ),
    rotate: Type.Number({
      markdownDescription: 'Degrees, either way.',
      default: 15,
      minimum: 0,
      maximum: 180,
    }),
    scale: share('Zoom, as a share either way.', 0.15),
    translate: share('Share of the size, either way.', 0.05),
    ...appearance({
      contrast: 0.25,
      brightness: 0.1,
      gamma: 0.3,
      noise: 0.05,
      blur: 0.7,
      bias: 0,
      randomConvolution: 0,
    }),
  },
  { markdownDescription: 'Random changes of training images.' },
);

/** Of the augmented views that methods compare. */
export const viewAppearanceOptions = settings(
  appearance({
    contrast: 0.25,
    brightness: 0.1,
    gamma: 0.3,
    noise: 0.05,
    blur: 0.7,
    bias: 0.2,
    randomConvolution: 0.25,
  }),
  {
    markdownDescription:
      'Changes of appearance of the augmented views; their place and shape change as `training.augmentation` says. **Our choice.** ',
  },
);

export type AugmentationConfig = Static<typeof augmentationOptions>;

/**
 * Image [channels][rows][columns], label and field of view [rows][columns] (null: background, everywhere), and where a teacher has predicted
 * it the probabilities of the classes, [classes][rows][columns].
 */
export interface Sample {
  channels: number;
  rows: number;
  columns: number;
  image: Float32Array;
  label: Uint8Array | null;
  fov: Uint8Array | null;
  softLabel?: Float32Array;
}

/** A sample in which neither label nor field of view is missing. */
export type WholeSample = Sample & { label: Uint8Array; fov: Uint8Array };

/** Output offset from the centre to source offset from the point under it: rows (y) and columns (x). */
interface Affine {
  yy: number;
  yx: number;
  xy: number;
  xx: number;
  /** Shift in pixels of the output. */
  y: number;
  x: number;
}

const identity: Affine = { yy: 1, yx: 0, xy: 0, xx: 1, y: 0, x: 0 };

/**
 * A randomly changed copy of a sample, of the same size: one affine map (flip, rotation, zoom, shift), then blur,
 * gamma, contrast, brightness and noise. A pure function of the sample and of what `random` draws.
 */
export function augment(sample: Sample, config: AugmentationConfig, random: Random): WholeSample {
  const centre = [(sample.rows - 1) / 2, (sample.columns - 1) / 2] as const;
  return augmentAt(sample, centre, [sample.rows, sample.columns], config, random);
}

/**
 * As `augment`, for the window of `size` round `centre` (row and column, halves allowed) of a larger sample: what a
 * rotation or a shift brings into the window comes from the sample, not from nowhere. Beyond the sample, image and label
 * are mirrored and the field of view is 0. `config` null: a plain crop.
 */
export function augmentAt(
  sample: Sample,
  centre: readonly [row: number, column: number],
  size: readonly [rows: number, columns: number],
  config: AugmentationConfig | null,
  random: Random,
): WholeSample {
  const affine = config ? drawAffine(config, size, random) : identity;
  const result = warp(sample, affine, centre, size);
  if (config) changeIntensity(result, config, random);
  return result;
}

function drawAffine(
  config: AugmentationConfig,
  [rows, columns]: readonly [number, number],
  random: Random,
): Affine {
  const flipX = random.chance(config.flip.horizontal) ? -1 : 1;
  const flipY = random.chance(config.flip.vertical) ? -1 : 1;
  const angle = (random.uniform(-config.rotate, config.rotate) * Math.PI) / 180;
  const zoom = random.uniform(1 - config.scale, 1 + config.scale);
  const y = random.uniform(-config.translate, config.translate) * rows;
  const x = random.uniform(-config.translate, config.translate) * columns;
  const cos = Math.cos(angle) / zoom;
  const sin = Math.sin(angle) / zoom;
  return { yy: flipY * cos, yx: flipY * sin, xy: -flipX * sin, xx: flipX * cos, y, x };
}

/** Samples the source under an affine map: image and soft label bilinear, label and field of view from the nearest pixel. */
function warp(
  source: Sample,
  { yy, yx, xy, xx, y, x }: Affine,
  [centreRow, centreColumn]: readonly [number, number],
  [rows, columns]: readonly [number, number],
): WholeSample {
  const { channels, rows: sourceRows, columns: sourceColumns, label, fov, softLabel } = source;
  const plane = sourceRows * sourceColumns;
  const pixels = rows * columns;
  const out: WholeSample = {
    channels,
    rows,
    columns,
    image: new Float32Array(channels * pixels),
    label: new Uint8Array(pixels),
    fov: new Uint8Array(pixels),
    ...(softLabel && { softLabel: new Float32Array((softLabel.length / plane) * pixels) }),
  };
  const interpolated: [from: Float32Array, to: Float32Array][] = [[source.image, out.image]];
  if (softLabel) interpolated.push([softLabel, out.softLabel!]);
  const lastRow = sourceRows - 1;
  const lastColumn = sourceColumns - 1;
  let n = 0;
  for (let r = 0; r < rows; r++) {
    const dy = r - (rows - 1) / 2 - y;
    for (let c = 0; c < columns; c++, n++) {
      const dx = c - (columns - 1) / 2 - x;
      const wantedRow = centreRow + yy * dy + yx * dx;
      const wantedColumn = centreColumn + xy * dy + xx * dx;
      const row = mirrored(wantedRow, lastRow);
      const column = mirrored(wantedColumn, lastColumn);
      const top = row | 0;
      const left = column | 0;
      const v = row - top;
      const u = column - left;
      const at = top * sourceColumns + left;
      const down = top < lastRow ? sourceColumns : 0;
      const right = left < lastColumn ? 1 : 0;
      for (const [from, to] of interpolated)
        for (let p = at, o = n; o < to.length; p += plane, o += pixels) {
          const upper = from[p] + u * (from[p + right] - from[p]);
          const lower = from[p + down] + u * (from[p + down + right] - from[p + down]);
          to[o] = upper + v * (lower - upper);
        }
      const nearest = at + (v >= 0.5 ? down : 0) + (u >= 0.5 ? right : 0);
      if (label) out.label[n] = label[nearest];
      const inside =
        wantedRow >= -0.5 &&
        wantedRow <= lastRow + 0.5 &&
        wantedColumn >= -0.5 &&
        wantedColumn <= lastColumn + 0.5;
      out.fov[n] = inside && (!fov || fov[nearest] !== 0) ? 1 : 0;
    }
  }
  return out;
}

/** A coordinate beyond the first or last sample, mirrored about it. */
function mirrored(at: number, last: number): number {
  const inside = at < 0 ? -at : at > last ? 2 * last - at : at;
  return inside < 0 ? 0 : inside > last ? last : inside;
}

/**
 * Random convolutions, a bias field, blur, gamma over the image's own range, contrast about its mean, brightness, noise; in place.
 */
function changeIntensity(sample: Sample, config: AugmentationConfig, random: Random): void {
  const { image, channels, rows, columns } = sample;
  const shape = [channels, rows, columns] as const;
  if (config.randomConvolution > 0 && random.chance(config.randomConvolution))
    convolveRandomly(image, shape, random);
  if (config.bias > 0) addBiasField(image, shape, random.uniform(0, config.bias), random);
  const blur = random.uniform(0, config.blur);
  const contrast = random.uniform(1 - config.contrast, 1 + config.contrast);
  const brightness = random.uniform(-config.brightness, config.brightness);
  const logGamma = random.uniform(-1, 1) * Math.log(1 + config.gamma);
  const noise = random.uniform(0, config.noise);
  if (blur > 0.1) blurGaussian(image, channels, rows, columns, blur);
  let sum = 0;
  let min = Infinity;
  let max = -Infinity;
  for (const value of image) {
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const mean = sum / image.length;
  const range = max - min;
  const gamma = range > 0 ? Math.exp(logGamma) : 1;
  // The curve of all three at 256 places, linear between them.
  const curve = Float64Array.from({ length: 257 }, (_, n) => {
    const value = min + range * Math.pow(n / 256, gamma);
    return (value - mean) * contrast + mean + brightness;
  });
  const toPlace = range > 0 ? 256 / range : 0;
  for (let n = 0; n < image.length; n++) {
    const place = (image[n] - min) * toPlace;
    const low = place >= 256 ? 255 : place | 0;
    image[n] = curve[low] + (place - low) * (curve[low + 1] - curve[low]);
  }
  if (noise > 0)
    for (let n = 0; n < image.length; n++) image[n] += noise * nearNormal(random.bits());
}

/** A standard normal number, nearly: the sum of the four bytes of a random word (Irwin-Hall), four times as fast. */
function nearNormal(word: number): number {
  const sum = (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24);
  return (sum - 510) / byteSumDeviation;
}
const byteSumDeviation = Math.sqrt((4 * (256 * 256 - 1)) / 12);

/** Separable Gaussian blur in place on [channels][rows][columns], cut at 3 standard deviations, edges replicated. */
export function blurGaussian(
  image: Float32Array,
  channels: number,
  rows: number,
  columns: number,
  deviation: number,
): void {
  const radius = Math.max(1, Math.ceil(3 * deviation));
  const kernel = Float64Array.from({ length: radius + 1 }, (_, n) =>
    Math.exp(-(n * n) / (2 * deviation * deviation)),
  );
  const total = kernel.reduce((sum, weight, n) => sum + (n === 0 ? weight : 2 * weight), 0);
  kernel.forEach((weight, n) => (kernel[n] = weight / total));
  const line = new Float32Array(columns + 2 * radius);
  const across = new Float32Array(rows * columns);
  for (let channel = 0; channel < channels; channel++) {
    const plane = image.subarray(channel * rows * columns, (channel + 1) * rows * columns);
    for (let r = 0; r < rows; r++) {
      const start = r * columns;
      line.fill(plane[start], 0, radius);
      line.set(plane.subarray(start, start + columns), radius);
      line.fill(plane[start + columns - 1], radius + columns);
      for (let c = 0; c < columns; c++) {
        let sum = kernel[0] * line[c + radius];
        for (let k = 1; k <= radius; k++)
          sum += kernel[k] * (line[c + radius - k] + line[c + radius + k]);
        across[start + c] = sum;
      }
    }
    for (let r = 0; r < rows; r++) {
      const start = r * columns;
      for (let c = 0; c < columns; c++) plane[start + c] = kernel[0] * across[start + c];
      for (let k = 1; k <= radius; k++) {
        const above = Math.max(0, r - k) * columns;
        const below = Math.min(rows - 1, r + k) * columns;
        for (let c = 0; c < columns; c++)
          plane[start + c] += kernel[k] * (across[above + c] + across[below + c]);
      }
    }
  }
}
