/** Cases on which little can be learnt, and where they are told: as they are prepared, before the first step. */
import type { DistillConfig } from '../config/config';
import { ConfigError } from '../errors';
import type { finiteRange } from '../images/volume';
import type { OccurringLabels } from './prepared-case';
import type { ReadCase } from './read-case';

type Range = ReturnType<typeof finiteRange>;

const named = ({ item }: Pick<ReadCase, 'item'>) => `Case ${item.id} of domain ${item.domain}`;

/** @throws ConfigError for an image of which no sample is a finite number */
export function requireFinite(read: ReadCase, { count, missing }: Range): void {
  if (missing < count) return;
  throw new ConfigError(
    `${named(read)}: none of the ${count} samples of ${read.images[0].path} is a finite number, so that it shows nothing; leave the case out, or give it another image.`,
  );
}

/** Of the samples that a network is to see, before and after the domain's intensity setting: that some are no numbers, or all of them the same. */
export function unusualImage(read: ReadCase, before: Range, after: Range): string[] {
  const [{ path }] = read.images;
  const said: string[] = [];
  if (before.missing > 0)
    said.push(
      `${named(read)}: ${before.missing} of the ${before.count} samples of ${path} are not finite numbers; they count as the least of the others.`,
    );
  if (before.low === before.high)
    said.push(
      `${named(read)}: all samples of ${path} are ${before.low}, so that a network sees nothing in it; leave the case out if that is not meant.`,
    );
  else if (after.low === after.high)
    said.push(
      `${named(read)}: the samples of ${path}, from ${before.low} to ${before.high}, all become the same by the intensity ${JSON.stringify(read.domain.intensity)}, so that a network sees nothing in it.`,
    );
  return said;
}

/** Stretched by more than this, an image is hardly one. */
const mostStretched = 8;

/** That the slices of a case, `scaled` to the network's pixels, are smaller than a patch, or so small that little of them is left. */
export function unusualSize(
  read: ReadCase,
  { size, fit }: DistillConfig['input'],
  scaled: readonly [number, number],
): string[] {
  const { rows, columns } = read;
  if (fit === 'patch' && (scaled[0] < size[0] || scaled[1] < size[1]))
    return [
      `${named(read)}: its slices are ${scaled[1]} x ${scaled[0]} pixels at the network's scale, smaller than a patch of ${size[1]} x ${size[0]}; their last pixels are repeated up to there.`,
    ];
  if (fit === 'resize' && (rows * mostStretched < size[0] || columns * mostStretched < size[1]))
    return [
      `${named(read)}: its slices are ${columns} x ${rows} pixels, and are stretched to ${size[1]} x ${size[0]}.`,
    ];
  return [];
}

/** That no pixel of a case's labels belongs to a class. */
export const withoutForeground = (read: ReadCase, { classes }: OccurringLabels): string[] =>
  read.labels.length > 0 && classes.size === 0
    ? [
        `${named(read)}: no pixel of its label ${read.labels[0].path} belongs to a class; leave the case out if that is not meant.`,
      ]
    : [];
