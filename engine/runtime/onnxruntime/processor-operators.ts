import type { AttributeKinds, Attributes, Operator } from '../../graph/graph';

/**
 * Operators that the processor's programs have beside those of the builder. A blocked image, of ONNX Runtime's own domain, is declared as
 * [n, channels, rows, columns] and lies in memory as [n, channels / block, rows, columns, block]; the block is the machine's.
 */
const blocked = <A extends Attributes>(
  name: string,
  attributes: AttributeKinds<A>,
  shapeOf: (inputs: readonly (readonly number[])[], attributes: A) => readonly number[],
): Operator<A> => ({
  name,
  domain: 'com.microsoft.nchwc',
  attributes,
  infer: (inputs, given) => [
    {
      type: 'float32',
      shape: shapeOf(
        inputs.map(({ shape }) => shape),
        given,
      ),
    },
  ],
});

export const toBlockedOperator = blocked<Record<string, never>>('ReorderInput', {}, ([x]) => x);
export const fromBlockedOperator = blocked<{ readonly channels: number }>(
  'ReorderOutput',
  { channels: 'int' },
  ([x]) => x,
);

type VolumeConvAttributes = {
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly group: number;
};
type BlockedConvAttributes = VolumeConvAttributes & {
  readonly activation?: string;
  readonly activation_params?: readonly number[];
};

const convolved = (
  x: readonly number[],
  w: readonly number[],
  { strides, pads, dilations }: VolumeConvAttributes,
) => [
  x[0],
  w[0],
  ...strides.map(
    (stride, i) =>
      Math.floor(
        (x[2 + i] + pads[i] + pads[strides.length + i] - dilations[i] * (w[2 + i] - 1) - 1) /
          stride,
      ) + 1,
  ),
];

const convKinds = { strides: 'ints', pads: 'ints', dilations: 'ints', group: 'int' } as const;

/** Inputs: an image, blocked weights, a bias [out], and a blocked image that is added to the result. */
export const blockedConvOperator = blocked<BlockedConvAttributes>(
  'Conv',
  { ...convKinds, activation: 'string?', activation_params: 'floats?' },
  ([x, w], attributes) => convolved(x, w, attributes),
);

type WindowAttributes = {
  readonly kernel_shape: readonly number[];
  readonly strides: readonly number[];
};
const windows = { kernel_shape: 'ints', strides: 'ints' } as const;
const pooled = ([[n, c, h, w]]: readonly (readonly number[])[], { strides }: WindowAttributes) => [
  n,
  c,
  h / strides[0],
  w / strides[1],
];
export const blockedMaxPoolOperator = blocked<WindowAttributes>('MaxPool', windows, pooled);
export const blockedAveragePoolOperator = blocked<WindowAttributes>('AveragePool', windows, pooled);
export const blockedMeanOperator = blocked<Record<string, never>>(
  'GlobalAveragePool',
  {},
  ([[n, c]]) => [n, c, 1, 1],
);
export const blockedUpsampleOperator = blocked<{ readonly scales: readonly number[] }>(
  'Upsample',
  { scales: 'ints' },
  ([x], { scales }) => x.map((extent, i) => extent * scales[i]),
);

/** ONNX's Conv of volumes: [1, in, depth, rows, columns], weights [out, in, depth, rows, columns]. */
export const volumeConvOperator: Operator<VolumeConvAttributes> = {
  name: 'Conv',
  attributes: convKinds,
  infer: ([x, w], attributes) => [{ type: x.type, shape: convolved(x.shape, w.shape, attributes) }],
};

type HardSigmoidAttributes = { readonly alpha: number; readonly beta: number };

/** max(0, min(1, alpha x + beta)) */
export const hardSigmoidOperator: Operator<HardSigmoidAttributes> = {
  name: 'HardSigmoid',
  attributes: { alpha: 'float', beta: 'float' },
  infer: ([x]) => [{ type: x.type, shape: x.shape }],
};
