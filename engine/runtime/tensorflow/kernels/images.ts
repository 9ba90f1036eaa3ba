import type { Tensor4D } from '@tensorflow/tfjs-core';
import { channelsLast, type Tensor, type TensorFlow } from '../laid-out';
import type { Kernel, Work } from './kernel';

/** Of images with channels last, batch normalisation and its gradient are sums over all axes but the last. */
const overPixels = [0, 1, 2];

/** x times a factor for each channel plus a shift for each. */
const affine = (tf: TensorFlow, x: Tensor, factor: Tensor, shift: Tensor) =>
  tf.add(tf.mul(x, factor), shift);

const inverseDeviation = (tf: TensorFlow, variance: Tensor, { node }: Work) =>
  tf.rsqrt(tf.add(variance, node.attributes['epsilon'] as number));

const image = (work: Work, input = 0) => work.inputs[input].in(channelsLast) as Tensor4D;

const resizeTo = (work: Work): [number, number] => {
  const [, , rows, columns] = work.node.outputs[0].shape;
  return [rows, columns];
};
const windowOf = ({ node }: Work) => (node.attributes['kernel_shape'] as readonly number[])[0];

export const imageKernels: Record<string, Kernel> = {
  ':BatchNormalization': (work) => {
    const { tf, inputs } = work;
    const [scale, shift, mean, variance] = inputs.slice(1).map((x) => x.plain);
    const factor = tf.mul(scale, inverseDeviation(tf, variance, work));
    return work.output(
      affine(tf, image(work), factor, tf.sub(shift, tf.mul(mean, factor))),
      channelsLast,
    );
  },
  'meddistill:BatchNormalizationInTraining': (work) => {
    const { tf, inputs } = work;
    const x = image(work);
    const [scale, shift] = inputs.slice(1).map(({ plain }) => plain);
    const mean = tf.mean(x, overPixels);
    const centred = tf.sub(x, mean);
    const variance = tf.mean(tf.square(centred), overPixels);
    const factor = tf.mul(scale, inverseDeviation(tf, variance, work));
    return [
      work.output(affine(tf, centred, factor, shift), channelsLast),
      work.output(mean, undefined, 1),
      work.output(variance, undefined, 2),
    ];
  },
  // dx = scale i (dy - mean(dy) - centred i^2 mean(dy centred)), i = 1 / sqrt(variance + epsilon)
  'meddistill:BatchNormalizationGradient': (work) => {
    const { tf, inputs } = work;
    const [x, dy] = [image(work), image(work, 4)];
    const [scale, mean, variance] = inputs.slice(1, 4).map(({ plain }) => plain);
    const centred = tf.sub(x, mean);
    const sum = tf.sum(dy, overPixels);
    const inverse = inverseDeviation(tf, variance, work);
    const inScale = tf.mul(tf.sum(tf.mul(dy, centred), overPixels), inverse);
    const share = -scale.size / x.size;
    const ofGradient = tf.mul(scale, inverse);
    const ofCentred = tf.mul(tf.mul(tf.mul(ofGradient, inverse), inScale), share);
    const constant = tf.mul(tf.mul(ofGradient, sum), share);
    return [
      work.output(
        tf.add(tf.mul(dy, ofGradient), affine(tf, centred, ofCentred, constant)),
        channelsLast,
      ),
      work.output(inScale, undefined, 1),
      work.output(sum, undefined, 2),
    ];
  },
  ':MaxPool': (work) => {
    const k = windowOf(work);
    return work.output(work.tf.maxPool(image(work), k, k, 'valid'), channelsLast);
  },
  ':AveragePool': (work) => {
    const k = windowOf(work);
    return work.output(work.tf.avgPool(image(work), k, k, 'valid'), channelsLast);
  },
  ':Resize': (work) => {
    const { tf, node } = work;
    // At the centres of pixels the nearest one is the same that the graph's corners have, and no rounding moves it.
    const resize =
      node.attributes['mode'] === 'nearest'
        ? tf.image.resizeNearestNeighbor
        : tf.image.resizeBilinear;
    return work.output(resize(image(work), resizeTo(work), false, true), channelsLast);
  },
};
