import type { Metric } from './metric';
import { skeletonOf } from './skeleton';
import type { Shape } from './shape';

/**
 * Centreline Dice of two masks [slices][rows][columns], nonzero inside (Shit et al., CVPR 2021): the harmonic mean of the share
 * of the prediction's skeleton that lies in the reference and the share of the reference's skeleton that lies in the
 * prediction. Skeletons as `skeletonOf` has them (Lee, Kashyap and Chu 1994). 0 with one mask empty, null with both.
 */
export function centrelineDice(
  prediction: Uint8Array,
  reference: Uint8Array,
  shape: Shape,
): number | null {
  const ofPrediction = skeletonOf(prediction, shape);
  const ofReference = skeletonOf(reference, shape);
  if (ofPrediction.length === 0 && ofReference.length === 0) return null;
  const precision = shareWithin(ofPrediction, reference);
  const sensitivity = shareWithin(ofReference, prediction);
  return precision + sensitivity === 0
    ? 0
    : (2 * precision * sensitivity) / (precision + sensitivity);
}

function shareWithin(skeleton: Int32Array, mask: Uint8Array): number {
  let within = 0;
  for (const voxel of skeleton) if (mask[voxel] !== 0) within++;
  return skeleton.length === 0 ? 0 : within / skeleton.length;
}

export const cldice: Metric = {
  name: 'cldice',
  title: 'clDice',
  digits: 3,
  of(c) {
    if (!c.centrelines || !c.shape) return null;
    const { prediction, reference } = c.masks();
    return centrelineDice(prediction, reference, c.shape);
  },
};
