import type { Tensor4D as Tensor } from '@tensorflow/tfjs-core';
import type { ConvAttributes } from '../../../graph/operators/convolution';
import { channelsLast, kernelsLast, type LaidOut, type TensorFlow } from '../laid-out';
import type { Kernel } from './kernel';

/** Rows and columns. */
type Size = readonly number[];
type Padding = 'valid' | 'same';

const pair = ([rows, columns]: Size): [number, number] => [rows, columns];

/** TensorFlow.js has the gradients of convolutions as kernels, without functions of their own. `shape`: of the result. */
const gradient = (
  tf: TensorFlow,
  kernel: string,
  inputs: Record<string, Tensor>,
  shape: { inputShape: number[] } | { filterShape: number[] },
  strides: Size,
  pad: Padding,
): Tensor =>
  tf.engine().runKernel(kernel, inputs, {
    ...shape,
    strides: [...strides],
    dilations: [1, 1],
    pad,
    dataFormat: 'NHWC',
  });

/** Where a convolution's zeros are those that TensorFlow puts around by itself: how it calls them; else null. */
function ownPadding({ pads, strides }: ConvAttributes, size: Size, kernel: Size): Padding | null {
  if (pads.every((n) => n === 0)) return 'valid';
  const same = [0, 1].every((i) => {
    const out = Math.ceil(size[i] / strides[i]);
    const total = Math.max((out - 1) * strides[i] + kernel[i] - size[i], 0);
    return pads[i] === total >> 1 && pads[2 + i] === total - (total >> 1);
  });
  return same ? 'same' : null;
}

const aroundRows = (g: ConvAttributes): [number, number][] => [
  [0, 0],
  [g.pads[0], g.pads[2]],
  [g.pads[1], g.pads[3]],
  [0, 0],
];

/** Rows and columns of kernels [rows, columns, ...] with the zeros of a dilation between them. */
const reach = (kernel: Size, { dilations }: ConvAttributes): [number, number] => [
  (kernel[0] - 1) * dilations[0] + 1,
  (kernel[1] - 1) * dilations[1] + 1,
];

/** Kernels with a dilation's zeros in them: not every device of TensorFlow dilates, and none with a stride or in gradients. */
function dilated(tf: TensorFlow, w: Tensor, g: ConvAttributes): Tensor {
  const [kh, kw, inner, outer] = w.shape;
  const [down, right] = g.dilations;
  if ((down === 1 || kh === 1) && (right === 1 || kw === 1)) return w;
  // Each row and column becomes the first of as many, and what follows the last one is left out.
  const apart: Tensor = tf.pad(tf.reshape(w, [kh, 1, kw, inner * outer]), [
    [0, 0],
    [0, down - 1],
    [0, 0],
    [0, 0],
  ]);
  const rows: Tensor = tf.reshape(apart, [kh * down, kw, 1, inner * outer]);
  const both: Tensor = tf.pad(rows, [
    [0, 0],
    [0, 0],
    [0, right - 1],
    [0, 0],
  ]);
  const all: Tensor = tf.reshape(both, [kh * down, kw * right, inner, outer]);
  return tf.slice(all, [0, 0, 0, 0], [...reach([kh, kw], g), inner, outer]);
}

/** The kernels of a gradient in dilated ones. */
function undilated(
  tf: TensorFlow,
  w: Tensor,
  { dilations: [down, right] }: ConvAttributes,
): Tensor {
  if (down === 1 && right === 1) return w;
  return tf.stridedSlice(w, [0, 0, 0, 0], w.shape, [down, right, 1, 1]) as Tensor;
}

/** `part` of each group's share of the last axes of a and b, joined along that axis. */
function byGroup(
  tf: TensorFlow,
  groups: number,
  a: Tensor,
  b: Tensor,
  part: (a: Tensor, b: Tensor) => Tensor,
): Tensor {
  if (groups === 1) return part(a, b);
  const parts = (x: Tensor): Tensor[] => tf.split(x, groups, 3);
  const others = parts(b);
  return tf.concat(
    parts(a).map((x, i) => part(x, others[i])),
    3,
  );
}

/** A tensor of rank 4: an image or kernels. */
const image = (x: LaidOut) => x.in(channelsLast) as Tensor;
const weights = (w: LaidOut) => w.in(kernelsLast) as Tensor;

const isDepthwise = (channels: number, groups: number) => groups > 1 && groups === channels;

/** [rows, columns, 1, out] <-> [rows, columns, channels, out / channels] */
const regrouped = (tf: TensorFlow, w: Tensor, channels: number): Tensor =>
  tf.reshape(w, [w.shape[0], w.shape[1], channels, (w.shape[2] * w.shape[3]) / channels]);

/** x [n, rows, columns, in], w [rows, columns, in / groups, out] */
function convolve(tf: TensorFlow, x: Tensor, w: Tensor, g: ConvAttributes): Tensor {
  const size = x.shape.slice(1, 3);
  const kernels = dilated(tf, w, g);
  const own = ownPadding(g, size, kernels.shape);
  const wide = own ? x : tf.pad(x, aroundRows(g));
  const [channels, pad] = [x.shape[3], own ?? 'valid'];
  if (isDepthwise(channels, g.group))
    return tf.depthwiseConv2d(wide, regrouped(tf, kernels, channels), pair(g.strides), pad);
  return byGroup(tf, g.group, wide, kernels, (a, b) => tf.conv2d(a, b, pair(g.strides), pad));
}

/** The gradient of `convolve` in an image of n x `size` x `channels`, from that of its result and its kernels. */
function inImage(
  tf: TensorFlow,
  dy: Tensor,
  w: Tensor,
  channels: number,
  size: Size,
  g: ConvAttributes,
): Tensor {
  const kernels = dilated(tf, w, g);
  const own = ownPadding(g, size, kernels.shape);
  const [rows, columns] = own
    ? size
    : [size[0] + g.pads[0] + g.pads[2], size[1] + g.pads[1] + g.pads[3]];
  const [n, pad] = [dy.shape[0], own ?? 'valid'];
  const part = (kernel: string, from: Tensor, filter: Tensor, width: number) =>
    gradient(
      tf,
      kernel,
      { dy: from, filter },
      { inputShape: [n, rows, columns, width] },
      g.strides,
      pad,
    );
  const wide = isDepthwise(channels, g.group)
    ? part('DepthwiseConv2dNativeBackpropInput', dy, regrouped(tf, kernels, channels), channels)
    : byGroup(tf, g.group, dy, kernels, (a, b) =>
        part('Conv2DBackpropInput', a, b, channels / g.group),
      );
  return own ? wide : tf.slice(wide, [0, g.pads[0], g.pads[1], 0], [n, ...pair(size), channels]);
}

/** The gradient of `convolve` in its kernels of `kernel` rows and columns, [rows, columns, in / groups, out]. */
function inKernels(tf: TensorFlow, x: Tensor, dy: Tensor, kernel: Size, g: ConvAttributes): Tensor {
  const all = reach(kernel, g);
  const own = ownPadding(g, x.shape.slice(1, 3), all);
  const wide = own ? x : tf.pad(x, aroundRows(g));
  const [channels, out, pad] = [x.shape[3], dy.shape[3], own ?? 'valid'];
  const part = (kernel: string, from: Tensor, to: Tensor, filterShape: number[]) =>
    gradient(tf, kernel, { x: from, dy: to }, { filterShape }, g.strides, pad);
  const found: Tensor = isDepthwise(channels, g.group)
    ? tf.reshape(
        part('DepthwiseConv2dNativeBackpropFilter', wide, dy, [...all, channels, out / channels]),
        [...all, 1, out],
      )
    : byGroup(tf, g.group, wide, dy, (a, b) =>
        part('Conv2DBackpropFilter', a, b, [...all, channels / g.group, out / g.group]),
      );
  return undilated(tf, found, g);
}

export const convolutionKernels: Record<string, Kernel> = {
  ':Conv': (work) => {
    const { tf, inputs, node } = work;
    const [x, w, bias] = inputs;
    const g = node.attributes as ConvAttributes;
    const y = convolve(tf, image(x), weights(w), g);
    return work.output(bias ? tf.add(y, bias.plain) : y, channelsLast);
  },
  // Of weights [in, out / groups, rows, columns]: the gradient in the image of a convolution from out to in channels.
  ':ConvTranspose': (work) => {
    const { tf, inputs, node } = work;
    const [x, w, bias] = inputs;
    const [, channels, ...size] = node.outputs[0].shape;
    const g = node.attributes as ConvAttributes;
    const y = inImage(tf, image(x), weights(w), channels, size, g);
    return work.output(bias ? tf.add(y, bias.plain) : y, channelsLast);
  },
  'meddistill:ConvInputGradient': (work) => {
    const [dy, w] = work.inputs;
    const [, channels, ...size] = work.node.outputs[0].shape;
    const g = work.node.attributes as ConvAttributes;
    const dx = inImage(work.tf, image(dy), weights(w), channels, size, g);
    return work.output(dx, channelsLast);
  },
  'meddistill:ConvWeightGradient': (work) => {
    const [x, dy] = work.inputs;
    const [, , ...kernel] = work.node.outputs[0].shape;
    const g = work.node.attributes as ConvAttributes;
    const dw = inKernels(work.tf, image(x), image(dy), kernel, g);
    return work.output(dw, kernelsLast);
  },
};
