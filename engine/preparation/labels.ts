import Type, { type Static } from 'typebox';
import { luminance } from './intensity';
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

/** Class indices [k][j][i] of a label file, and the sample values that occur in it, for messages. */
export interface MappedLabels {
  labels: Uint8Array;
  values: Set<number>;
}

/**
 * Turns a label file into class indices: 0 where no class's value is met, else the place of the first class that is,
 * counted from 1. Numbers and thresholds compare with the sample, in colour files with its luminance rounded to a whole
 * number; a colour is met within `tolerance` a component, a grey file's sample counting for all three.
 */
export function mapLabels(
  volume: Pick<Volume, 'data' | 'channels'>,
  classes: readonly string[],
  values: Record<string, LabelValue>,
): MappedLabels {
  const { data, channels } = volume;
  const voxels = data.length / channels;
  const grey = channels === 1 ? data : luminance(data).map(Math.round);
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
  return { labels, values: occurring };
}

/** A mask as 0 and 1: above half of its greatest sample, so that 0/1, 0/255 and JPEG masks all work. */
export function mapMask(volume: Pick<Volume, 'data' | 'channels'>): Uint8Array {
  const grey = volume.channels === 1 ? volume.data : luminance(volume.data);
  let greatest = 0;
  for (let n = 0; n < grey.length; n++) if (grey[n] > greatest) greatest = grey[n];
  const mask = new Uint8Array(grey.length);
  for (let n = 0; n < grey.length; n++) mask[n] = grey[n] > greatest / 2 ? 1 : 0;
  return mask;
}
