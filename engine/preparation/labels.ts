import Type, { type Static } from 'typebox';
import { luminance } from './intensity';
import { areGraded, SampleEvidence } from './sample-evidence';
import { UserError } from '../errors';
import type { Volume } from '../images/volume';
import { anyOf, settings } from '../options';

/** What means a class in label files: a sample value, several, everything above a threshold, or a colour. */
export const labelValue = anyOf([
  Type.Number(),
  Type.Array(Type.Number(), { minItems: 1 }),
  settings(
    { above: Type.Number({ markdownDescription: 'The threshold, not itself included.' }) },
    {
      title: 'Above',
      markdownDescription: 'Every value above a threshold: for JPEG labels and grey edges.',
    },
  ),
  settings(
    {
      color: Type.Unsafe<[red: number, green: number, blue: number]>(
        Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), {
          minItems: 3,
          maxItems: 3,
          markdownDescription: 'Red, green, blue.',
        }),
      ),
      tolerance: Type.Number({
        markdownDescription: 'Largest difference in a channel.',
        default: 0,
        minimum: 0,
        maximum: 255,
      }),
    },
    { title: 'Color', markdownDescription: 'A colour in a colour or palette image.' },
  ),
]);

export type LabelValue = Static<typeof labelValue>;

/** What of a file counts where it is read for its labels; without a path it is a part of one. */
export type LabelFile = Pick<Volume, 'data' | 'channels'> &
  Partial<Pick<Volume, 'path' | 'marks' | 'step' | 'unchosen'>>;

/** Class indices [k][j][i] of a label file, and the sample values that occur in it, for messages. */
export interface MappedLabels {
  labels: Uint8Array;
  values: Set<number>;
  /** What is unusual about the file, and how it was taken: sentences. */
  warnings: string[];
}

/**
 * Turns a label file into class indices: 0 where no class's value is met, else the place of the first class that is,
 * counted from 1. Numbers and thresholds compare with the samples of `labelSamples`; a colour is met within `tolerance` a
 * component, a grey file's sample counting for all three.
 * @throws UserError for a file of several frames, and where whole numbers are compared with samples that have fractions
 */
export function mapLabels(
  volume: LabelFile,
  classes: readonly string[],
  values: Record<string, LabelValue>,
): MappedLabels {
  const { data, channels } = volume;
  const voxels = data.length / channels;
  const named = classes.flatMap((name) => {
    const value = values[name] ?? [];
    return typeof value === 'number' ? [value] : Array.isArray(value) ? value : [];
  });
  const { samples: grey, fraction, warnings } = labelSamples(volume);
  // Whoever names a fraction knows of them.
  if (fraction !== null && named.length > 0 && named.every(Number.isInteger))
    throw new UserError(
      `${volume.path ?? 'The label file'} has samples with fractions, such as ${fraction}, which are no labels; labels are whole numbers, and where a class is everything above a threshold, "values" can say so.`,
    );
  if (named.length > 0 && areGraded(grey))
    warnings.push(
      `${volume.path ?? 'The label file'} has many values that change from sample to sample, as those of a JPEG or a picture; only the values that are named count, and where a class is everything above a threshold, "values" can say so.`,
    );
  const labels = new Uint8Array(voxels);
  // Last class first, so that an earlier class has the last word.
  for (let index = classes.length; index >= 1; index--) {
    const value = values[classes[index - 1]];
    if (value === undefined) continue;
    if (typeof value === 'number') {
      for (let n = 0; n < voxels; n++) if (grey[n] === value) labels[n] = index;
    } else if (Array.isArray(value)) {
      const set = new Set(value);
      for (let n = 0; n < voxels; n++) if (set.has(grey[n])) labels[n] = index;
    } else if ('above' in value) {
      for (let n = 0; n < voxels; n++) if (grey[n] > value.above) labels[n] = index;
    } else {
      const { color, tolerance } = value;
      const plane = channels === 1 ? [0, 0, 0] : [0, voxels, 2 * voxels];
      for (let n = 0; n < voxels; n++)
        if (
          Math.abs(data[n + plane[0]] - color[0]) <= tolerance &&
          Math.abs(data[n + plane[1]] - color[1]) <= tolerance &&
          Math.abs(data[n + plane[2]] - color[2]) <= tolerance
        )
          labels[n] = index;
    }
  }
  const occurring = new Set<number>();
  // Labels come in runs, and comparing is faster than the set.
  for (let n = 0; n < voxels; n++) if (n === 0 || grey[n] !== grey[n - 1]) occurring.add(grey[n]);
  return { labels, values: occurring, warnings };
}

/** The samples of a label file by which labels are told apart, one a voxel. */
export interface LabelSamples {
  samples: Volume['data'];
  /** A sample that is not whole; null where all are, to within their precision, and have been rounded. */
  fraction: number | null;
  warnings: string[];
}

/**
 * Palette pictures are told by their indices, a picture whose alpha alone says what is inside by that, colours by their
 * luminance rounded. Samples that are all whole to within their precision are rounded; what is not a number is 0.
 * @throws UserError for a file of several frames of which none was chosen
 */
export function labelSamples(volume: LabelFile): LabelSamples {
  const { data, channels, marks, unchosen, path = 'The label file' } = volume;
  if (unchosen)
    throw new UserError(
      `${path} has ${unchosen.frames} frames, and a label map has one: ${unchosen.how}.`,
    );
  if (marks) return { samples: marks, fraction: null, warnings: [] };
  if (channels > 1)
    return { samples: luminance(data).map(Math.round), fraction: null, warnings: [] };
  if (!(data instanceof Float32Array || data instanceof Float64Array))
    return { samples: data, fraction: null, warnings: [] };
  const { missing, uneven, fraction } = new SampleEvidence(volume.step).add(data);
  const warnings: string[] = [];
  if (missing > 0)
    warnings.push(
      `${path}: ${missing} of ${data.length} samples are not a number; they count as background.`,
    );
  const rounds = uneven > 0 && fraction === null;
  if (rounds)
    warnings.push(
      `${path}: ${uneven} of ${data.length} samples are whole numbers but for a rounding, as of a slope; they are taken for the whole numbers.`,
    );
  if (missing === 0 && !rounds) return { samples: data, fraction, warnings };
  const samples = data.map((value) =>
    Number.isNaN(value) ? 0 : rounds ? Math.round(value) : value,
  );
  return { samples, fraction, warnings };
}

/** @throws UserError for a label file, read as a whole, without a sample that is a number */
export function requireNumbers({ path, data }: Pick<Volume, 'path' | 'data'>): void {
  if (data.every(Number.isNaN))
    throw new UserError(
      `${path}: none of its ${data.length} samples is a number, so that it is no label map.`,
    );
}

/**
 * A mask as 0 and 1: above half of its greatest sample, so that 0/1, 0/255 and JPEG masks all work; of a picture of one
 * colour by its alpha.
 */
export function mapMask(volume: Pick<Volume, 'data' | 'channels' | 'marks'>): Uint8Array {
  const { data, channels, marks } = volume;
  const shown = channels === 1 ? data : luminance(data);
  const grey = marks && shown.every((value) => value === shown[0]) ? marks : shown;
  let greatest = 0;
  for (let n = 0; n < grey.length; n++) if (grey[n] > greatest) greatest = grey[n];
  const mask = new Uint8Array(grey.length);
  for (let n = 0; n < grey.length; n++) mask[n] = grey[n] > greatest / 2 ? 1 : 0;
  return mask;
}
