import Type from 'typebox';
import type { Value } from '../graph/graph';
import { maxPool } from '../graph/operators/pooling';
import { concat } from '../graph/operators/shape';
import { settings } from '../options';
import { architecture } from './architecture';
import type { Layers } from './layers';

/**
 * U-Net (Ronneberger et al., MICCAI 2015) with batch normalisation and "same" convolutions: `width` channels at full
 * resolution, doubled at each of `depth` poolings.
 */
export const unet = architecture({
  name: 'unet',
  title: 'U-Net',
  source: 'Ronneberger et al., MICCAI 2015',
  byDefault: 'U-Net, 32 channels wide, 4 poolings deep.',
  options: settings(
    {
      width: Type.Integer({
        markdownDescription: 'Channels at full resolution, doubled at each pooling.',
        default: 32,
        minimum: 1,
        maximum: 256,
      }),
      depth: Type.Integer({
        markdownDescription: "Poolings. The input's size must be a multiple of 2^depth.",
        default: 4,
        minimum: 1,
        maximum: 6,
      }),
    },
    { markdownDescription: 'U-Net (Ronneberger et al. 2015) with batch normalisation.' },
  ),

  stride: ({ depth }) => 2 ** depth,

  encode(layers, x, { width, depth }) {
    const skips: Value[] = [];
    let y = x;
    for (let level = 0; level < depth; level++) {
      const skip = double(layers, `level${level}`, y, width * 2 ** level);
      skips.push(skip);
      y = maxPool(skip, 2);
    }
    return { bottleneck: double(layers, `level${depth}`, y, width * 2 ** depth), skips };
  },

  decode(layers, { bottleneck, skips }, classes, { width, depth }) {
    let y = bottleneck;
    for (let level = depth - 1; level >= 0; level--) {
      const channels = width * 2 ** level;
      const up = layers.convTranspose(`up${level}`, y, channels, 2, 2);
      y = double(layers, `level${level}`, concat([skips[level], up], 1), channels);
    }
    return layers.conv('logits', y, classes + 1, { kernel: 1, bias: true });
  },

  /** Fewer poolings. */
  fitting({ depth }, size) {
    let value = depth;
    while (value > 0 && size.some((n) => n % 2 ** value !== 0)) value--;
    return value > 0 && value < depth ? { option: 'depth', value } : null;
  },
});

/** Two convolutions. */
const double = (layers: Layers, name: string, x: Value, out: number) =>
  layers.convBlock(`${name}.1`, layers.convBlock(`${name}.0`, x, out, { kernel: 3 }), out, {
    kernel: 3,
  });
