import { luminance } from '../preparation/intensity';
import { SampleEvidence } from '../preparation/sample-evidence';
import { UserError } from '../errors';
import type { Volume } from '../images/volume';
import type { Voxels } from './voxels';

/** What an unknown file that is laid over an image holds: labels, or probabilities of one class or of several (frames). */
export type OverlayContent = { kind: 'labels'; values: number[] } | { kind: 'probabilities' };

/** More labels than this cannot be told apart. */
const maxLabels = 255;

/** The samples by which an overlay's labels are told apart: the marks of a picture, the luminance of colours. */
async function overlayPlane(
  voxels: Voxels,
  axis: 0 | 1 | 2,
  index: number,
): Promise<Volume['data']> {
  if (voxels.marks) return voxels.marks(axis, index);
  const plane = await voxels.plane(axis, index, 0);
  return voxels.channels === 3 ? luminance(plane).map(Math.round) : plane;
}

/**
 * Goes through a file, plane by plane, to find the labels that occur in it; fractions from 0 to 1 are probabilities, as all of
 * its samples say.
 * @throws UserError where it is neither
 */
export async function readOverlayContent(
  voxels: Voxels,
  signal: { isCancellationRequested: boolean },
): Promise<OverlayContent> {
  const found = new Set<number>();
  const evidence = new SampleEvidence(voxels.step);
  for (let k = 0; k < voxels.shape[2]; k++) {
    if (signal.isCancellationRequested)
      throw new UserError(`${voxels.path} was not read to its end.`);
    const data = await overlayPlane(voxels, 2, k);
    evidence.add(data);
    for (let n = 0; n < data.length; n++) {
      if (n > 0 && data[n] === data[n - 1]) continue;
      const value = Math.round(data[n]);
      if (!Number.isNaN(value) && found.size <= maxLabels + 1) found.add(value);
    }
  }
  const { content, low, high } = evidence;
  if (content === 'probabilities') return { kind: 'probabilities' };
  if (content === 'neither')
    throw new UserError(
      `${voxels.path} has samples from ${low} to ${high} with fractions; an overlay is a label map of whole numbers, or holds probabilities from 0 to 1.`,
    );
  found.delete(0);
  if (found.size > maxLabels)
    throw new UserError(
      `${voxels.path} has more than ${maxLabels} different values, which looks like an image; an overlay is a label map of whole numbers, or holds probabilities from 0 to 1.`,
    );
  return { kind: 'labels', values: [...found].sort((a, b) => a - b) };
}
