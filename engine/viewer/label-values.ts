import { luminance } from '../preparation/intensity';
import { UserError } from '../errors';
import type { Voxels } from './voxels';

/** What an unknown file that is laid over an image holds: labels, or probabilities of one class or of several (frames). */
export type OverlayContent = { kind: 'labels'; values: number[] } | { kind: 'probabilities' };

/** More labels than this cannot be told apart. */
const maxLabels = 255;

/**
 * Goes through a file, plane by plane, to find the labels that occur in it; samples between 0 and 1 are probabilities.
 * @throws UserError where it is neither
 */
export async function readOverlayContent(
  voxels: Voxels,
  signal: { isCancellationRequested: boolean },
): Promise<OverlayContent> {
  const found = new Set<number>();
  let fractions = false;
  let low = Infinity;
  let high = -Infinity;
  for (let k = 0; k < voxels.shape[2]; k++) {
    if (signal.isCancellationRequested)
      throw new UserError(`${voxels.path} was not read to its end.`);
    const plane = await voxels.plane(2, k, 0);
    const data = voxels.channels === 3 ? luminance(plane).map(Math.round) : plane;
    for (let n = 0; n < data.length; n++) {
      const value = data[n];
      if (value === data[n - 1]) continue;
      if (value < low) low = value;
      if (value > high) high = value;
      if (!Number.isInteger(value)) fractions = true;
      else if (found.size <= maxLabels + 1) found.add(value);
    }
  }
  if (fractions) {
    if (low >= 0 && high <= 1) return { kind: 'probabilities' };
    throw new UserError(
      `${voxels.path} has samples from ${low} to ${high} with fractions; an overlay is a label map of whole numbers, or holds probabilities from 0 to 1.`,
    );
  }
  found.delete(0);
  if (found.size > maxLabels)
    throw new UserError(
      `${voxels.path} has more than ${maxLabels} different values, which looks like an image; an overlay is a label map of whole numbers, or holds probabilities from 0 to 1.`,
    );
  return { kind: 'labels', values: [...found].sort((a, b) => a - b) };
}
