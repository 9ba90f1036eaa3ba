import Type, { type Static } from 'typebox';
import { clahe, type ClaheOptions } from './clahe';
import type { Volume } from '../images/volume';
import { anyOf, choice, pair, settings } from '../options';

/** What becomes the network's channel(s). */
export const channelChoice = choice(
  {
    grey: 'Luminance.',
    red: 'Red alone.',
    green: 'Green alone: vessels show best.',
    blue: 'Blue alone.',
    rgb: 'All three.',
  },
  { markdownDescription: 'What of a colour image the network sees.', default: 'grey' },
);

export type Channel = Static<typeof channelChoice>;

/** How intensities become network input; see `normalizeIntensity`. */
export const intensityChoice = anyOf(
  [
    settings(
      {
        window: pair(Type.Number(), {
          markdownDescription: 'Low and high.',
          examples: [[-100, 300]],
        }),
      },
      {
        title: 'Window',
        markdownDescription:
          'Intensities from low to high become 0 to 1, clipped: Hounsfield units of a CT window, for one.',
      },
    ),
    settings(
      {
        normalize: choice(
          {
            zscore: 'Mean 0, standard deviation 1.',
            minmax: 'Smallest 0, largest 1.',
            percentile: 'Percentiles 0.5 and 99.5 become 0 and 1, clipped.',
          },
          { markdownDescription: 'How.' },
        ),
      },
      {
        title: 'Normalize',
        markdownDescription:
          "Normalised from the case's own intensities, inside the field of view.",
      },
    ),
  ],
  {
    markdownDescription: 'How intensities become network input.',
    default: { normalize: 'percentile' },
  },
);

export type Intensity = Static<typeof intensityChoice>;

/** Luminance of planar RGB after ITU-R BT.601. */
export function luminance(data: Volume['data']): Float32Array {
  const voxels = data.length / 3;
  const grey = new Float32Array(voxels);
  for (let n = 0; n < voxels; n++)
    grey[n] = 0.299 * data[n] + 0.587 * data[n + voxels] + 0.114 * data[n + 2 * voxels];
  return grey;
}

/**
 * The wanted channel(s), [channels][...]: a colour file's luminance, one of its planes or all three; a grey file's only
 * plane, three times for `rgb`.
 */
export function chooseChannels(
  volume: Pick<Volume, 'data' | 'channels'>,
  channel: Channel,
): Float32Array {
  const { data, channels } = volume;
  if (channels === 1) {
    const plane = new Float32Array(data);
    if (channel !== 'rgb') return plane;
    const out = new Float32Array(3 * plane.length);
    for (let c = 0; c < 3; c++) out.set(plane, c * plane.length);
    return out;
  }
  if (channel === 'rgb') return new Float32Array(data);
  if (channel === 'grey') return luminance(data);
  const voxels = data.length / channels;
  const c = { red: 0, green: 1, blue: 2 }[channel];
  return new Float32Array(data.subarray(c * voxels, (c + 1) * voxels));
}

/**
 * Network input from intensities, in place on [channels][slices][rows][columns]. Each channel: CLAHE slice by slice
 * where the domain asks for it (on 8-bit samples as they are, on others stretched from their range to 0..255; the
 * result is 0..255), then
 * - `window` [low, high]: to 0..1, clipped;
 * - `minmax`: the range to 0..1, clipped; `percentile`: from the 0.5th to the 99.5th percentile, clipped;
 * - `zscore`: minus the mean, over the standard deviation.
 * Statistics are taken over the whole volume or picture inside the field of view (`fov`, [slices][rows][columns]), and
 * values that are not finite become the least finite one first. A constant image becomes 0.
 */
export function normalizeIntensity(
  image: Float32Array,
  shape: readonly [channels: number, slices: number, rows: number, columns: number],
  domain: { intensity: Intensity; clahe: ClaheOptions | null },
  fov: Uint8Array | null,
  dtype: string,
): void {
  const [channels, slices, rows, columns] = shape;
  const voxels = slices * rows * columns;
  for (let c = 0; c < channels; c++) {
    const plane = image.subarray(c * voxels, (c + 1) * voxels);
    replaceNonFinite(plane);
    if (domain.clahe) equalize(plane, slices, rows, columns, domain.clahe, dtype);
    normalizePlane(plane, domain.intensity, fov);
  }
}

function replaceNonFinite(plane: Float32Array): void {
  if (plane.every(Number.isFinite)) return;
  let least = Infinity;
  for (const value of plane) if (Number.isFinite(value) && value < least) least = value;
  for (let n = 0; n < plane.length; n++)
    if (!Number.isFinite(plane[n])) plane[n] = least === Infinity ? 0 : least;
}

function equalize(
  plane: Float32Array,
  slices: number,
  rows: number,
  columns: number,
  options: ClaheOptions,
  dtype: string,
): void {
  const { min, max } = rangeOf(plane);
  const stretch = dtype !== 'uint8' || max > 255 || min < 0;
  const [low, gain] = stretch ? [min, max > min ? 255 / (max - min) : 0] : [0, 1];
  const bytes = new Uint8Array(plane.length);
  for (let n = 0; n < plane.length; n++) bytes[n] = Math.round((plane[n] - low) * gain);
  for (let slice = 0; slice < slices; slice++) {
    const start = slice * rows * columns;
    const end = start + rows * columns;
    plane.set(clahe(bytes.subarray(start, end), rows, columns, options), start);
  }
}

function normalizePlane(plane: Float32Array, intensity: Intensity, fov: Uint8Array | null): void {
  if ('window' in intensity) return rescale(plane, intensity.window[0], intensity.window[1]);
  const sample = fov ? insideOf(plane, fov) : plane;
  switch (intensity.normalize) {
    case 'minmax': {
      const { min, max } = rangeOf(sample);
      return rescale(plane, min, max);
    }
    case 'percentile':
      return rescale(plane, ...(percentiles(sample, [0.5, 99.5]) as [number, number]));
    case 'zscore': {
      let sum = 0;
      for (const value of sample) sum += value;
      const mean = sum / sample.length;
      let squares = 0;
      for (const value of sample) squares += (value - mean) ** 2;
      const deviation = Math.sqrt(squares / sample.length);
      const gain = deviation > 1e-6 * Math.max(1, Math.abs(mean)) ? 1 / deviation : 0;
      for (let n = 0; n < plane.length; n++) plane[n] = (plane[n] - mean) * gain;
    }
  }
}

/** The values inside the field of view; all of them where it is empty. */
function insideOf(plane: Float32Array, fov: Uint8Array): Float32Array {
  const inside = new Float32Array(plane.length);
  let count = 0;
  for (let n = 0; n < plane.length; n++) if (fov[n] !== 0) inside[count++] = plane[n];
  return count > 0 ? inside.subarray(0, count) : plane;
}

/** [low, high] to [0, 1], clipped. */
function rescale(plane: Float32Array, low: number, high: number): void {
  const gain = high > low ? 1 / (high - low) : 0;
  for (let n = 0; n < plane.length; n++)
    plane[n] = Math.min(1, Math.max(0, (plane[n] - low) * gain));
}

function rangeOf(values: Float32Array): { min: number; max: number } {
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

/** Percentiles with linear interpolation; of more than two million values every so manieth is taken. */
export function percentiles(values: Float32Array, percents: readonly number[]): number[] {
  const stride = Math.ceil(values.length / 2e6);
  const sorted =
    stride > 1 ? values.filter((_, n) => n % stride === 0).sort() : values.slice().sort();
  return percents.map((percent) => {
    const at = (percent / 100) * (sorted.length - 1);
    const low = Math.floor(at);
    const high = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
  });
}
