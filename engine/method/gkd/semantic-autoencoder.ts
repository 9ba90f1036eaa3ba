import { relu } from '../../graph/operators/elementwise';
import type { Value } from '../../graph/graph';
import { reshape } from '../../graph/operators/shape';
import { Layers } from '../../networks/layers';

/** By how much the grid (h, w) of the autoencoder is smaller than its input: 16 x 16 for the authors' crops of 128. */
export const gridStride = 8;

/**
 * P-SAE, the pre-trained semantic autoencoder: an encoder to (B, K, h, w), a perceptron h w -> h w / 4 -> 1 with GELU on each
 * channel, which gives the semantic vector (B, K), its mirror, and a decoder of transposed convolutions without skips. Three
 * strided convolutions make the grid [our choice]; the perceptrons are the published ones.
 */
export class SemanticAutoencoder {
  readonly layers: Layers;

  constructor(
    graph: Value['graph'],
    /** Length K of the semantic vector. */
    private readonly channels: number,
    training = false,
  ) {
    this.layers = new Layers(graph, training);
  }

  /** [n, c, h, w] -> semantic vectors [n, K]. */
  encode(x: Value): Value {
    const { layers, channels } = this;
    return layers.graph.scope('psae/encoder', () => {
      let y = x;
      [channels / 4, channels / 2, channels].forEach((out, i) => {
        y = layers.convBlock(`down${i}`, y, Math.ceil(out), { kernel: 3, stride: 2 });
      });
      return perChannelEncoder(layers, 'perceptron', y);
    });
  }

  /** Semantic vectors [n, K] -> logits or intensities [n, out, h, w] of an image of the given size. */
  decode(s: Value, [rows, columns]: readonly [number, number], out: number): Value {
    const { layers, channels } = this;
    return layers.graph.scope('psae/decoder', () => {
      let y = perChannelDecoder(layers, 'perceptron', s, rows / gridStride, columns / gridStride);
      [channels / 2, channels / 4].forEach((c, i) => {
        const up = layers.convTranspose(`up${i}`, y, Math.ceil(c), 4, 2);
        y = relu(layers.batchNorm(`up${i}.norm`, up));
      });
      return layers.convTranspose('up2', y, out, 4, 2);
    });
  }
}

/** Each channel's plane to one number: [n, c, h, w] -> [n, c]. */
export function perChannelEncoder(layers: Layers, name: string, x: Value): Value {
  const [n, c, h, w] = x.shape;
  const area = h * w;
  return reshape(layers.perceptron(name, reshape(x, [n, c, area]), hiddenUnits(area), 1), [n, c]);
}

/** The mirror of `perChannelEncoder`: [n, c] -> [n, c, h, w]. */
export function perChannelDecoder(
  layers: Layers,
  name: string,
  v: Value,
  h: number,
  w: number,
): Value {
  const [n, c] = v.shape;
  const area = h * w;
  return reshape(layers.perceptron(name, reshape(v, [n, c, 1]), hiddenUnits(area), area), [
    n,
    c,
    h,
    w,
  ]);
}

/** A quarter of the plane, as in the authors' files; at least 4 for the small planes they do not use. */
const hiddenUnits = (area: number): number => Math.max(4, Math.floor(area / 4));
