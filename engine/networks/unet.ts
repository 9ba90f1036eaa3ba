import type { Value } from '../graph/graph';
import { maxPool } from '../graph/pooling';
import { concat } from '../graph/shape';
import type { Layers } from './layers';
import type { Architecture } from './network';

/**
 * U-Net (Ronneberger et al., MICCAI 2015) with batch normalisation and "same" convolutions: `width` channels at full
 * resolution, doubled at each of `depth` poolings.
 */
export function unet(width: number, depth: number): Architecture {
  const double = (layers: Layers, name: string, x: Value, out: number) =>
    layers.convBlock(`${name}.1`, layers.convBlock(`${name}.0`, x, out, { kernel: 3 }), out, {
      kernel: 3,
    });
  return {
    stride: 2 ** depth,
    encode(layers, x) {
      const skips: Value[] = [];
      let y = x;
      for (let level = 0; level < depth; level++) {
        const skip = double(layers, `level${level}`, y, width * 2 ** level);
        skips.push(skip);
        y = maxPool(skip, 2);
      }
      return { bottleneck: double(layers, `level${depth}`, y, width * 2 ** depth), skips };
    },
    decode(layers, { bottleneck, skips }, classes) {
      let y = bottleneck;
      for (let level = depth - 1; level >= 0; level--) {
        const channels = width * 2 ** level;
        const up = layers.convTranspose(`up${level}`, y, channels, 2, 2);
        y = double(layers, `level${level}`, concat([skips[level], up], 1), channels);
      }
      return layers.conv('logits', y, classes + 1, { kernel: 1, bias: true });
    },
  };
}
