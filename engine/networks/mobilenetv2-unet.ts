import Type from 'typebox';
import { add } from '../graph/operators/elementwise';
import type { Value } from '../graph/graph';
import { upsampleBilinear } from '../graph/operators/resize';
import { concat } from '../graph/operators/shape';
import { settings } from '../options';
import { architecture } from './architecture';
import type { Layers } from './layers';

/** MobileNetV2's inverted residual blocks (Sandler et al., CVPR 2018, table 2): expansion, channels, repeats, stride. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;
/** After which stages the decoder takes a skip: at 1/2, 1/4, 1/8 and 1/16 of the image. */
const skipAfter = [0, 1, 2, 4];

/** Channels times the width multiplier, as a multiple of 8 that is at most 10% less (as MobileNetV2's authors round). */
function scaled(channels: number, width: number): number {
  const target = channels * width;
  const rounded = Math.max(8, Math.floor((target + 4) / 8) * 8);
  return rounded < 0.9 * target ? rounded + 8 : rounded;
}

/**
 * MobileNetV2 as encoder, and a decoder of four 4 x 4 transposed convolutions, each joined with its skip and followed by an
 * inverted residual. The last step to full resolution is bilinear. `width` scales every layer, the 1280 channels of the
 * bottleneck too (MobileNetV2 itself keeps those for widths below 1; a small student should be small throughout).
 */
export const mobileNetV2UNet = architecture({
  name: 'mobilenetv2-unet',
  title: 'MobileNetV2-UNet',
  source: 'Sandler et al., CVPR 2018, as the encoder of a U-Net',
  byDefault: 'MobileNetV2 with a U-Net decoder, width 1.',
  options: settings(
    {
      width: Type.Number({
        markdownDescription: 'Width multiplier of all layers.',
        default: 1,
        exclusiveMinimum: 0,
        maximum: 4,
      }),
    },
    {
      markdownDescription:
        "MobileNetV2 encoder with a U-Net decoder (4.7 million weights at width 1). The input's size must be a multiple of 32.",
    },
  ),

  stride: () => 32,

  encode(layers, x, { width }) {
    const relu6 = 'relu6';
    let y = layers.convBlock('stem', x, scaled(32, width), {
      kernel: 3,
      stride: 2,
      activation: relu6,
    });
    const skips: Value[] = [];
    stages.forEach(([expansion, channels, repeats, stride], stage) => {
      for (let i = 0; i < repeats; i++)
        y = block(
          layers,
          `stage${stage}.${i}`,
          y,
          scaled(channels, width),
          expansion,
          i === 0 ? stride : 1,
        );
      if (skipAfter.includes(stage)) skips.push(y);
    });
    const bottleneck = layers.convBlock('last', y, scaled(1280, width), {
      kernel: 1,
      activation: relu6,
    });
    return { bottleneck, skips };
  },

  decode(layers, { bottleneck, skips }, classes) {
    let y = bottleneck;
    for (let level = skips.length - 1; level >= 0; level--) {
      const channels = skips[level].shape[1];
      const up = layers.convTranspose(`up${level}`, y, channels, 4, 2);
      y = block(layers, `level${level}`, concat([skips[level], up], 1), channels, 6, 1);
    }
    y = layers.conv('reduce', y, Math.max(3, classes + 1), { kernel: 1, bias: true });
    return upsampleBilinear(layers.conv('logits', y, classes + 1, { kernel: 1, bias: true }), 2);
  },
});

/** An inverted residual: expansion, depthwise convolution, projection. */
const block = (
  layers: Layers,
  name: string,
  x: Value,
  out: number,
  expansion: number,
  stride: number,
): Value => {
  const hidden = x.shape[1] * expansion;
  const relu6 = { activation: 'relu6' } as const;
  let y = x;
  if (expansion !== 1) y = layers.convBlock(`${name}.expand`, y, hidden, { kernel: 1, ...relu6 });
  y = layers.convBlock(`${name}.depthwise`, y, hidden, {
    kernel: 3,
    stride,
    groups: hidden,
    ...relu6,
  });
  y = layers.convBlock(`${name}.project`, y, out, { kernel: 1, activation: 'none' });
  return stride === 1 && x.shape[1] === out ? add(x, y) : y;
};
