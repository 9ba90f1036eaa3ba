import { expect, type Operator, type Value } from '../graph';
import { matmul } from './matmul';
import { reduceSum } from './reduction';
import { concat, pad, reshape, slice, transpose } from './shape';

export interface ConvolutionOptions {
  stride?: number;
  /** Zeros on every side. */
  padding?: number;
  dilation?: number;
  groups?: number;
}

/** A convolution's attributes, by ONNX's names. */
export type ConvAttributes = {
  readonly strides: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
  readonly group: number;
};
type ConvTransposeAttributes = ConvAttributes & {
  readonly output_padding: readonly [number, number];
};
const kinds = { strides: 'ints', pads: 'ints', dilations: 'ints', group: 'int' } as const;

const square = (o: ConvolutionOptions): ConvAttributes => ({
  strides: [o.stride ?? 1, o.stride ?? 1],
  pads: [o.padding ?? 0, o.padding ?? 0, o.padding ?? 0, o.padding ?? 0],
  dilations: [o.dilation ?? 1, o.dilation ?? 1],
  group: o.groups ?? 1,
});

const convOperator: Operator<ConvAttributes> = {
  name: 'Conv',
  attributes: kinds,
  infer([x, w, b], g) {
    expect(x.shape.length === 4, 'Conv', 'an image [n, channels, rows, columns]', [x]);
    expect(
      w.shape.length === 4 && w.shape[1] * g.group === x.shape[1] && w.shape[0] % g.group === 0,
      'Conv',
      `weights [out, ${x.shape[1]} / ${g.group} groups, rows, columns]`,
      [w],
    );
    expect(
      !b || (b.shape.length === 1 && b.shape[0] === w.shape[0]),
      'Conv',
      `a bias [${w.shape[0]}]`,
      b ? [b] : [],
    );
    const size = [0, 1].map(
      (i) =>
        Math.floor(
          (x.shape[2 + i] + g.pads[i] + g.pads[2 + i] - g.dilations[i] * (w.shape[2 + i] - 1) - 1) /
            g.strides[i],
        ) + 1,
    );
    expect(
      size[0] > 0 && size[1] > 0,
      'Conv',
      `an image as large as the kernel ${w.shape[2]} x ${w.shape[3]}`,
      [x],
    );
    return [{ type: x.type, shape: [x.shape[0], w.shape[0], ...size] }];
  },
  gradient(node, [dy], needs) {
    const [x, w] = node.inputs;
    const g = node.attributes;
    return [
      needs[0]
        ? dy.graph.apply(convInputGradientOperator, [dy, w], { ...g, size: x.shape.slice(2) })
        : null,
      needs[1] ? weightGradient(x, dy, w, g) : null,
      ...(node.inputs.length > 2
        ? [needs[2] ? reshape(reduceSum(dy, [0, 2, 3]), [w.shape[0]]) : null]
        : []),
    ];
  },
};

const convTransposeOperator: Operator<ConvTransposeAttributes> = {
  name: 'ConvTranspose',
  attributes: { ...kinds, output_padding: 'ints' },
  infer([x, w, b], g) {
    expect(
      x.shape.length === 4 &&
        w.shape.length === 4 &&
        w.shape[0] === x.shape[1] &&
        x.shape[1] % g.group === 0,
      'ConvTranspose',
      `an image [n, channels, rows, columns] and weights [${x.shape[1]}, out / groups, rows, columns]`,
      [x, w],
    );
    const out = w.shape[1] * g.group;
    expect(
      !b || (b.shape.length === 1 && b.shape[0] === out),
      'ConvTranspose',
      `a bias [${out}]`,
      b ? [b] : [],
    );
    const size = [0, 1].map(
      (i) =>
        (x.shape[2 + i] - 1) * g.strides[i] -
        g.pads[i] -
        g.pads[2 + i] +
        g.dilations[i] * (w.shape[2 + i] - 1) +
        g.output_padding[i] +
        1,
    );
    return [{ type: x.type, shape: [x.shape[0], out, ...size] }];
  },
  // The transposed convolution is the input gradient of a convolution; its own gradients are that convolution and its
  // weight gradient with image and output exchanged.
  gradient(node, [dy], needs) {
    const [x, w] = node.inputs;
    const { strides, pads, dilations, group } = node.attributes;
    const g = { strides, pads, dilations, group };
    return [
      needs[0] ? x.graph.apply(convOperator, [dy, w], g) : null,
      needs[1] ? weightGradient(dy, x, w, g) : null,
      ...(node.inputs.length > 2
        ? [needs[2] ? reshape(reduceSum(dy, [0, 2, 3]), [dy.shape[1]]) : null]
        : []),
    ];
  },
};

/** `size`: rows and columns of the image that was convolved. */
type InputGradientAttributes = ConvAttributes & { readonly size: readonly number[] };

/** The gradient of a convolution in its image, from that of its output, dy, and its weights. */
const convInputGradientOperator: Operator<InputGradientAttributes> = {
  name: 'ConvInputGradient',
  domain: 'meddistill',
  attributes: { ...kinds, size: 'ints' },
  infer: ([dy, w], { group, size }) => [
    { type: dy.type, shape: [dy.shape[0], w.shape[1] * group, ...size] },
  ],
  expand({ attributes: { size, ...g } }, [dy, w]) {
    const pads = inputGradientPads(g, w.shape);
    // A convolution with the turned, transposed weights: faster than ConvTranspose.
    if (pads) {
      const turned = transposeKernels(turnKernels(w), g.group);
      return [dy.graph.apply(convOperator, [dy, turned], { ...g, pads })];
    }
    const rest = (i: number) =>
      size[i] -
      ((dy.shape[2 + i] - 1) * g.strides[i] -
        g.pads[i] -
        g.pads[2 + i] +
        g.dilations[i] * (w.shape[2 + i] - 1) +
        1);
    return [
      dy.graph.apply(convTransposeOperator, [dy, w], { ...g, output_padding: [rest(0), rest(1)] }),
    ];
  },
};

/**
 * Where the gradient in the image is itself a convolution, with kernels turned by 180 degrees: that one's pads. Else null.
 * `shape`: of the weights.
 */
export function inputGradientPads(
  { strides, pads, dilations }: ConvAttributes,
  shape: readonly number[],
): [number, number, number, number] | null {
  const reach = [dilations[0] * (shape[2] - 1), dilations[1] * (shape[3] - 1)];
  const rest = pads.map((n, i) => reach[i % 2] - n);
  if (strides[0] !== 1 || strides[1] !== 1 || rest.some((n) => n < 0)) return null;
  return rest as [number, number, number, number];
}

/**
 * [out, in / groups, kh, kw] turned by 180 degrees in the plane: times the matrix that exchanges columns, which is exact and
 * several times as fast as gathering them.
 */
function turnKernels(w: Value): Value {
  const [o, i, kh, kw] = w.shape;
  const n = kh * kw;
  if (n === 1) return w;
  const exchange = new Float32Array(n * n);
  for (let k = 0; k < n; k++) exchange[k * n + (n - 1 - k)] = 1;
  const turned = matmul(reshape(w, [o * i, n]), w.graph.constant(exchange, [n, n]));
  return reshape(turned, w.shape);
}

/** [out, in / groups, kh, kw] -> [in, out / groups, kh, kw]. */
function transposeKernels(w: Value, groups: number): Value {
  const [o, i, kh, kw] = w.shape;
  if (groups === 1) return transpose(w, [1, 0, 2, 3]);
  if (i === 1 && o === groups) return w;
  const grouped = reshape(w, [groups, o / groups, i, kh, kw]);
  return reshape(transpose(grouped, [0, 2, 1, 3, 4]), [groups * i, o / groups, kh, kw]);
}

type WeightGradientAttributes = ConvAttributes & { readonly kernel_shape: readonly number[] };

/** The gradient of a convolution in its weights, [out, in / groups, kh, kw], from its image and its output's gradient. */
const convWeightGradientOperator: Operator<WeightGradientAttributes> = {
  name: 'ConvWeightGradient',
  domain: 'meddistill',
  attributes: { ...kinds, kernel_shape: 'ints' },
  infer: ([x, dy], { group, kernel_shape }) => [
    { type: x.type, shape: [dy.shape[1], x.shape[1] / group, ...kernel_shape] },
  ],
  expand: (node, [x, dy]) => [productsOfTaps(x, dy, node.outputs[0].shape, node.attributes)],
};

const weightGradient = (x: Value, dy: Value, w: Value, g: ConvAttributes): Value =>
  x.graph.apply(convWeightGradientOperator, [x, dy], { ...g, kernel_shape: w.shape.slice(2) });

/**
 * For each tap of the kernel the products of the shifted image with the output's gradient, as matrix products over the flattened
 * plane.
 */
function productsOfTaps(x: Value, dy: Value, shape: readonly number[], g: ConvAttributes): Value {
  const [out, , kh, kw] = shape;
  const [n, channels] = x.shape;
  const [, , oh, ow] = dy.shape;
  const { group: groups, strides, dilations } = g;
  const padded = pad(x, [0, 0, g.pads[0], g.pads[1]], [0, 0, g.pads[2], g.pads[3]]);
  if (groups === channels && groups === out) return depthwiseWeightGradient(padded, dy, shape, g);

  /** [n, groups, c / groups, length], the layout of the batched product. */
  const grouped = (v: Value, c: number, length: number) =>
    groups === 1 ? reshape(v, [n, c, length]) : reshape(v, [n, groups, c / groups, length]);
  const product = (a: Value, b: Value) => {
    const p = matmul(a, b, { transB: true });
    return reshape(n > 1 ? reduceSum(p, [0]) : p, [out, channels / groups, 1]);
  };

  const taps: Value[] = [];
  if (strides[0] === 1 && strides[1] === 1 && kh * kw > 1) {
    // On rows of one common width every tap is one contiguous run of the flattened image. Zeros in the gradient's surplus
    // columns cancel what a run takes from the next row; one more row keeps the last run inside.
    const width = padded.shape[3];
    const flat = reshape(pad(padded, [0, 0, 0, 0], [0, 0, 1, 0]), [
      n,
      channels,
      (padded.shape[2] + 1) * width,
    ]);
    const gradient = grouped(pad(dy, [0, 0, 0, 0], [0, 0, 0, width - ow]), out, oh * width);
    for (let i = 0; i < kh; i++)
      for (let j = 0; j < kw; j++) {
        const start = i * dilations[0] * width + j * dilations[1];
        const run = slice(flat, [2], [start], [start + oh * width]);
        taps.push(product(gradient, grouped(run, channels, oh * width)));
      }
  } else {
    const gradient = grouped(dy, out, oh * ow);
    for (let i = 0; i < kh; i++)
      for (let j = 0; j < kw; j++) {
        const top = i * dilations[0];
        const left = j * dilations[1];
        const window = slice(
          padded,
          [2, 3],
          [top, left],
          [top + (oh - 1) * strides[0] + 1, left + (ow - 1) * strides[1] + 1],
          strides,
        );
        taps.push(product(gradient, grouped(window, channels, oh * ow)));
      }
  }
  return reshape(concat(taps, 2), shape);
}

/** With one image per channel, the weights' gradient is a convolution whose kernels are the output's gradient. */
function depthwiseWeightGradient(
  padded: Value,
  dy: Value,
  shape: readonly number[],
  g: ConvAttributes,
): Value {
  const [n, channels, h, w] = padded.shape;
  const [, , oh, ow] = dy.shape;
  const [, , kh, kw] = shape;
  const correlation = dy.graph.apply(
    convOperator,
    [reshape(padded, [1, n * channels, h, w]), reshape(dy, [n * channels, 1, oh, ow])],
    { strides: g.dilations, pads: [0, 0, 0, 0], dilations: g.strides, group: n * channels },
  );
  const kernels = slice(correlation, [2, 3], [0, 0], [kh, kw]);
  return reshape(reduceSum(reshape(kernels, [n, channels, kh, kw]), [0]), shape);
}

/** A 2D convolution: x [n, in, h, w], weights [out, in / groups, kh, kw], bias [out]. */
export function conv(
  x: Value,
  w: Value,
  bias: Value | null,
  options: ConvolutionOptions = {},
): Value {
  return x.graph.apply(convOperator, bias ? [x, w, bias] : [x, w], square(options));
}

/** A transposed 2D convolution: x [n, in, h, w], weights [in, out / groups, kh, kw], bias [out]. */
export function convTranspose(
  x: Value,
  w: Value,
  bias: Value | null,
  options: ConvolutionOptions = {},
): Value {
  return x.graph.apply(convTransposeOperator, bias ? [x, w, bias] : [x, w], {
    ...square(options),
    output_padding: [0, 0],
  });
}

export const convolutionOperators = [
  convOperator,
  convTransposeOperator,
  convInputGradientOperator,
  convWeightGradientOperator,
];
