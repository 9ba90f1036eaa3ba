import {
  constantNumbers,
  sameShape,
  type Attributes,
  type Node,
  type Value,
} from '../../graph/graph';
import type { Rule } from '../../graph/lower';
import { inputGradientPads, type ConvAttributes } from '../../graph/operators/convolution';
import { mul, neg } from '../../graph/operators/elementwise';
import { matmul } from '../../graph/operators/matmul';
import { gradientFactors, inverseDeviation } from '../../graph/operators/normalization';
import { reduceMean } from '../../graph/operators/reduction';
import { concat, gather, reshape, slice, transpose } from '../../graph/operators/shape';
import {
  blockedAveragePoolOperator,
  blockedConvOperator,
  blockedMaxPoolOperator,
  blockedMeanOperator,
  blockedUpsampleOperator,
  fromBlockedOperator,
  hardSigmoidOperator,
  toBlockedOperator,
  volumeConvOperator,
} from './processor-operators';

/**
 * How ONNX Runtime's processor programs compute faster than by the operators' own expansions: weights' gradients as one convolution
 * of volumes instead of a product for each tap, limits without booleans, and, where the machine has a `block`, images in the blocked
 * layout. Weights that are constants of the program, `frozen`, are left to the runtime, which lays them out itself.
 */
export function processorRule(block: number | null, frozen: ReadonlySet<string>): Rule {
  const layout = block === null ? null : new Blocked(block, frozen);
  return (node, inputs) =>
    layout?.apply(node, inputs) ?? plainRules[node.operator.name]?.(node, inputs) ?? null;
}

type Rules = Record<string, (node: Node, inputs: readonly Value[]) => readonly Value[] | null>;

const plainRules: Rules = {
  Inside({ attributes }, [x]) {
    const { low, high } = attributes as { low: number; high: number };
    if (low === -Infinity) return null;
    return [insideLimits(x, low, high)];
  },

  ConvWeightGradient(node, [x, dy]) {
    const { group } = node.attributes as ConvAttributes;
    if (group !== 1) return null;
    if (isPointwise(node)) return productOfAllImages(node, x, dy);
    return convolutionOfVolumes(node, transpose(x, [0, 2, 3, 1]), dy);
  },
};

/**
 * A steep line between 0 and 1 is one pass where comparison, choice and conversion are three. It is exact but within 2^-100 of a
 * limit, or of a limit's share.
 */
function insideLimits(x: Value, low: number, high: number): Value {
  const line = (limit: number, up: 1 | -1) => {
    const steep = up * 2 ** (100 - Math.max(0, Math.ceil(Math.log2(Math.abs(limit)))));
    return x.graph.apply(hardSigmoidOperator, [x], { alpha: steep, beta: -limit * steep });
  };
  const above = line(low, 1);
  return high === Infinity ? above : mul(above, line(high, -1));
}

/**
 * The gradient in a kernel [out, in, kh, kw] as one convolution of the image, its channels as a last axis that the kernel does
 * not reach into, with the output's gradient as the kernel: `image` [n, h, w, in]. Null where the image has rows or columns that the
 * kernel never reached.
 */
function convolutionOfVolumes(node: Node, image: Value, dy: Value): readonly Value[] | null {
  const { strides, pads, dilations } = node.attributes as ConvAttributes;
  const kernel = node.outputs[0].shape.slice(2);
  const [n, h, w, channels] = image.shape;
  const [, out, oh, ow] = dy.shape;
  const after = trailingPads([h, w], [oh, ow], kernel, node.attributes as ConvAttributes);
  if (!after) return null;
  const volume = reshape(image, [1, n, h, w, channels]);
  const kernels = reshape(transpose(dy, [1, 0, 2, 3]), [out, n, oh, ow, 1]);
  const taps = image.graph.apply(volumeConvOperator, [volume, kernels], {
    strides: [...dilations, 1],
    pads: [pads[0], pads[1], 0, ...after, 0],
    dilations: [...strides, 1],
    group: 1,
  });
  return [reshape(transpose(taps, [0, 1, 4, 2, 3]), [out, channels, ...kernel])];
}

/** True for the gradient in a kernel of one pixel that reads every one. */
function isPointwise(node: Node): boolean {
  const { strides, pads } = node.attributes as ConvAttributes;
  const [, , kh, kw] = node.outputs[0].shape;
  return kh * kw * strides[0] * strides[1] === 1 && pads.every((n) => n === 0);
}

/**
 * That gradient as one product over the pixels of all images. Null where a product for each image costs less than to lay the pixels
 * of all out together.
 */
function productOfAllImages(node: Node, x: Value, dy: Value): readonly Value[] | null {
  const [n, channels, h, w] = x.shape;
  const out = dy.shape[1];
  if (n > 1 && out * channels < 32 * h * w) return null;
  const left = reshape(transpose(dy, [1, 0, 2, 3]), [out, n * h * w]);
  const right = reshape(transpose(x, [0, 2, 3, 1]), [n * h * w, channels]);
  return [reshape(matmul(left, right), node.outputs[0].shape)];
}

/** The zeros behind the image with which a convolution by the output's gradient has just the kernel's size; null where it would take fewer than none. */
function trailingPads(
  size: readonly number[],
  outputSize: readonly number[],
  kernel: readonly number[],
  { strides, pads, dilations }: ConvAttributes,
): number[] | null {
  const after = kernel.map(
    (k, i) => (k - 1) * dilations[i] + (outputSize[i] - 1) * strides[i] + 1 - size[i] - pads[i],
  );
  return after.every((n) => n >= 0) ? after : null;
}

/** Operators that treat every element alike, so that they do not mind how an image lies in memory. */
const elementwise = new Set([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Neg',
  'Relu',
  'Clip',
  'Sqrt',
  'Exp',
  'Log',
  'Abs',
  'Sign',
  'Sigmoid',
  'Inside',
]);

/**
 * The blocked layout. Every value has its plain form; one that is computed in blocked form is read back only where something needs it
 * plain.
 */
class Blocked {
  private readonly forms = new Map<Value, Value>();

  constructor(
    private readonly block: number,
    private readonly frozen: ReadonlySet<string>,
  ) {}

  apply(node: Node, inputs: readonly Value[]): readonly Value[] | null {
    const rule = this.rules[node.operator.name];
    if (rule) return rule(node, inputs);
    return elementwise.has(node.operator.name) ? this.elementwise(node, inputs) : null;
  }

  private readonly rules: Rules = {
    Conv: (node, [x, w, bias]) => {
      const g = node.attributes as ConvAttributes;
      const [y] = node.outputs;
      if (this.frozen.has(w.name)) return null;
      if (this.isDepthwise(x, w, g))
        return this.conv(this.in(x), this.depthwiseWeights(w), bias, g);
      const few = x.shape[1] < this.block;
      if (g.group !== 1 || !(few || this.fits(x)) || !this.fits(y) || w.size > y.size) return null;
      return this.conv(few ? x : this.in(x), this.weights(w), bias, g);
    },

    ConvInputGradient: (node, [dy, w]) => {
      const g = node.attributes as ConvAttributes;
      const [dx] = node.outputs;
      const pads = inputGradientPads(g, w.shape);
      if (!pads || this.frozen.has(w.name)) return null;
      if (this.isDepthwise(dy, w, g))
        return this.conv(this.in(dy), this.depthwiseWeights(w, true), undefined, { ...g, pads });
      if (g.group !== 1 || !this.fits(dy) || !this.fits(dx) || w.size > dx.size) return null;
      return this.conv(this.in(dy), this.turnedWeights(w), undefined, { ...g, pads });
    },

    ConvWeightGradient: (node, [x, dy]) => {
      const g = node.attributes as ConvAttributes;
      const [dw] = node.outputs;
      if (this.isDepthwise(x, dw, g)) return this.depthwiseWeightGradient(node, x, dy);
      const image = this.forms.get(x);
      if (g.group !== 1 || isPointwise(node) || !image) return null;
      const [n, c, h, w] = x.shape;
      const parts = reshape(image, [n, c / this.block, h, w, this.block]);
      const channelsLast = reshape(transpose(parts, [0, 2, 3, 1, 4]), [n, h, w, c]);
      return convolutionOfVolumes(node, channelsLast, dy);
    },

    BatchNormalizationInTraining: (node, [x, scale, shift]) => {
      const image = this.forms.get(x);
      if (!image) return null;
      const { epsilon } = node.attributes as { epsilon: number };
      const mean = this.mean(image);
      const centred = this.centred(image, mean);
      const variance = this.meanOfProduct(centred, centred);
      const factor = mul(scale, inverseDeviation(variance, epsilon));
      const y = this.affine(centred, factor, shift);
      return [this.out(y), mean, variance];
    },

    BatchNormalizationGradient: (node, [x, scale, mean, variance, dy]) => {
      const image = this.forms.get(x);
      if (!image) return null;
      const { epsilon } = node.attributes as { epsilon: number };
      const count = x.graph.scalar(x.size / x.shape[1]);
      const gradient = this.in(dy);
      const centred = this.centred(image, mean);
      const sums = {
        ofGradient: mul(this.mean(gradient), count),
        ofProduct: mul(this.meanOfProduct(gradient, centred), count),
      };
      const g = gradientFactors(x, scale, variance, epsilon, sums);
      const constant = this.affine(centred, g.ofCentred, g.constant);
      return [
        this.out(this.affine(gradient, g.ofGradient, null, constant)),
        g.inScale,
        sums.ofGradient,
      ];
    },

    Relu: (node, [x]) => this.limited(node, [x], { activation: 'Relu' }),

    Clip: (node, inputs) => {
      const limits = node.inputs.slice(1).map((limit) => constantNumbers('Clip', limit)[0]);
      return this.limited(node, inputs, { activation: 'Clip', activation_params: limits });
    },

    MaxPool: (node, [x]) => this.windows(blockedMaxPoolOperator, node, x),
    AveragePool: (node, [x]) => this.windows(blockedAveragePoolOperator, node, x),

    Resize: (node, [x]) => {
      const image = this.forms.get(x);
      const { mode } = node.attributes as { mode: string };
      if (!image || mode !== 'nearest') return null;
      const factor = node.outputs[0].shape[2] / x.shape[2];
      return [
        this.out(
          x.graph.apply(blockedUpsampleOperator, [image], { scales: [1, 1, factor, factor] }),
        ),
      ];
    },

    Concat: (node, inputs) => {
      const { axis } = node.attributes as { axis: number };
      if (
        axis !== 1 ||
        !inputs.every((x) => this.fits(x)) ||
        !inputs.some((x) => this.forms.has(x))
      )
        return null;
      return [
        this.out(
          concat(
            inputs.map((x) => this.in(x)),
            1,
          ),
        ),
      ];
    },

    Slice: (node, [x]) => {
      const image = this.forms.get(x);
      if (!image) return null;
      const [starts, ends, axes, steps] = node.inputs
        .slice(1)
        .map((range) => constantNumbers('Slice', range));
      if (axes.length !== 1 || axes[0] !== 1 || steps[0] !== 1) return null;
      if (starts[0] % this.block || ends[0] % this.block) return null;
      return [this.out(slice(image, axes, starts, ends))];
    },
  };

  /** True for an image whose channels fill blocks. */
  private fits({ type, shape }: Value): boolean {
    return type === 'float32' && shape.length === 4 && shape[1] % this.block === 0;
  }

  private isDepthwise(x: Value, { shape }: Value, { group }: ConvAttributes): boolean {
    return group === x.shape[1] && shape[0] === group && shape[1] === 1 && this.fits(x);
  }

  private in(x: Value): Value {
    const existing = this.forms.get(x);
    if (existing) return existing;
    const image = x.graph.apply(toBlockedOperator, [x]);
    this.forms.set(x, image);
    return image;
  }

  private out(image: Value): Value {
    const plain = image.graph.apply(fromBlockedOperator, [image], { channels: image.shape[1] });
    this.forms.set(plain, image);
    return plain;
  }

  private conv(x: Value, w: Value, bias: Value | undefined, g: ConvAttributes): readonly Value[] {
    const { strides, pads, dilations, group } = g;
    const inputs = bias ? [x, w, bias] : [x, w];
    return [
      this.out(x.graph.apply(blockedConvOperator, inputs, { strides, pads, dilations, group })),
    ];
  }

  /** [out, in, kh, kw] as [out / block, in / block, kh, kw, block in, block out]; few channels in are not blocked. */
  private weights(w: Value): Value {
    const [o, i, kh, kw] = w.shape;
    const b = this.block;
    const few = i < b;
    const parts = reshape(w, few ? [o / b, b, i, kh * kw] : [o / b, b, i / b, b, kh * kw]);
    return reshape(transpose(parts, few ? [0, 2, 3, 1] : [0, 2, 4, 3, 1]), w.shape);
  }

  /** The weights of the gradient in the image: turned by 180 degrees, channels in and out exchanged. */
  private turnedWeights(w: Value): Value {
    const [o, i, kh, kw] = w.shape;
    const b = this.block;
    const parts = transpose(reshape(w, [o / b, b, i / b, b, kh * kw]), [2, 0, 4, 1, 3]);
    return reshape(gather(parts, reversed(kh * kw), 2), [i, o, kh, kw]);
  }

  private depthwiseWeights(w: Value, turned = false): Value {
    const [c, , kh, kw] = w.shape;
    const parts = transpose(reshape(w, [c / this.block, this.block, kh * kw]), [0, 2, 1]);
    return reshape(turned ? gather(parts, reversed(kh * kw), 1) : parts, w.shape);
  }

  /** A convolution of each channel of each image with that of the output's gradient, which lies as its weights would. */
  private depthwiseWeightGradient(node: Node, x: Value, dy: Value): readonly Value[] | null {
    const g = node.attributes as ConvAttributes;
    const [n, c, h, w] = x.shape;
    const [, , oh, ow] = dy.shape;
    const kernel = node.outputs[0].shape.slice(2);
    const after = trailingPads([h, w], [oh, ow], kernel, g);
    if (!after) return null;
    const all = n * c;
    const taps = x.graph.apply(
      blockedConvOperator,
      [reshape(this.in(x), [1, all, h, w]), reshape(this.in(dy), [all, 1, oh, ow])],
      {
        strides: g.dilations,
        pads: [g.pads[0], g.pads[1], ...after],
        dilations: g.strides,
        group: all,
      },
    );
    const plain = x.graph.apply(fromBlockedOperator, [taps], { channels: all });
    const mean = reduceMean(reshape(plain, [n, c, ...kernel]), [0]);
    return [mul(reshape(mean, [c, 1, ...kernel]), x.graph.scalar(n))];
  }

  /** The mean of each channel, [channels]. */
  private mean(image: Value): Value {
    return this.meanOfImages(image.graph.apply(blockedMeanOperator, [image]), image);
  }

  /** The mean of each channel of the product of two images: a convolution of one with the other as its kernel, without a product to store. */
  private meanOfProduct(image: Value, other: Value): Value {
    const [n, c, h, w] = image.shape;
    const all = n * c;
    const sums = image.graph.apply(
      blockedConvOperator,
      [reshape(image, [1, all, h, w]), reshape(other, [all, 1, h, w])],
      { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: all },
    );
    return mul(this.meanOfImages(sums, image), image.graph.scalar(1 / (h * w)));
  }

  /** The mean over images of numbers for each of their channels, [channels]. One pixel lies alike in both layouts. */
  private meanOfImages(perImage: Value, { shape: [n, c] }: Value): Value {
    const means = reshape(perImage, [n, c]);
    return reshape(n > 1 ? reduceMean(means, [0]) : means, [c]);
  }

  private centred(image: Value, mean: Value): Value {
    const c = mean.size;
    return this.affine(image, image.graph.constant(new Float32Array(c).fill(1), [c]), neg(mean));
  }

  /** The image times a factor per channel, plus a shift per channel, plus another image. */
  private affine(image: Value, factor: Value, shift: Value | null, sum?: Value): Value {
    const c = image.shape[1];
    const zero = () => image.graph.constant(new Float32Array(c), [c]);
    return image.graph.apply(
      blockedConvOperator,
      [image, reshape(factor, [c, 1, 1, 1]), shift ?? zero(), ...(sum ? [sum] : [])],
      { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: c },
    );
  }

  /** A map of each channel limits its result in the same pass. (A whole convolution might be computed twice.) */
  private limited(
    node: Node,
    inputs: readonly Value[],
    limits: Attributes,
  ): readonly Value[] | null {
    const maker = this.forms.get(inputs[0])?.node;
    if (maker?.operator !== blockedConvOperator) return this.elementwise(node, inputs);
    const { group, activation } = maker.attributes;
    if (group !== inputs[0].shape[1] || activation) return this.elementwise(node, inputs);
    const [limited] = inputs[0].graph.add(maker.operator, maker.inputs, {
      ...maker.attributes,
      ...limits,
    });
    return [this.out(limited)];
  }

  private windows(
    operator: typeof blockedMaxPoolOperator,
    node: Node,
    x: Value,
  ): readonly Value[] | null {
    const image = this.forms.get(x);
    if (!image) return null;
    const { kernel_shape, strides } = node.attributes as Attributes & {
      kernel_shape: number[];
      strides: number[];
    };
    return [this.out(x.graph.apply(operator, [image], { kernel_shape, strides }))];
  }

  /** Of images of one shape and single numbers, one of them blocked already. */
  private elementwise(node: Node, inputs: readonly Value[]): readonly Value[] | null {
    const [y] = node.outputs;
    const images = inputs.filter(({ size }) => size !== 1);
    if (
      !this.fits(y) ||
      !images.some((x) => this.forms.has(x)) ||
      !images.every((x) => x.type === 'float32' && sameShape(x.shape, y.shape))
    )
      return null;
    const blocked = inputs.map((x) => (x.size === 1 ? x : this.in(x)));
    const own = plainRules[node.operator.name]?.(node, blocked);
    return [this.out(own?.[0] ?? blocked[0].graph.add(node.operator, blocked, node.attributes)[0])];
  }
}

const reversed = (n: number): number[] => Array.from({ length: n }, (_, i) => n - 1 - i);
