import type { Value } from '../../graph/graph';
import { reshape } from '../../graph/operators/shape';
import { Layers } from '../../networks/layers';

/** By how much the grid (h, w) of the autoencoder is smaller than its input: 16 x 16 for the authors' crops of 128. */
export const gridStride = 8;

/**
 * P-SAE, the pre-trained semantic autoencoder: an encoder to features (B, K, h, w) and a decoder of 2 x 2 transposed convolutions
 * without activation and without skips; on the features a perceptron h w -> h w / 4 -> 1 with GELU on each channel, which gives the
 * semantic vector (B, K), and its mirror. Three strided convolutions make the grid [our choice]; the rest is the published one, but for
 * the dropout before its decoder.
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

  /** [n, c, h, w] -> features [n, K, h / 8, w / 8]. */
  features(x: Value): Value {
    const { layers, channels } = this;
    return layers.graph.scope('psae/encoder', () => {
      let y = x;
      [channels / 4, channels / 2, channels].forEach((out, i) => {
        y = layers.convBlock(`down${i}`, y, Math.ceil(out), { kernel: 3, stride: 2 });
      });
      return y;
    });
  }

  /** Features -> semantic vectors [n, K]. */
  vectors(features: Value): Value {
    return this.layers.graph.scope('psae/encoder', () =>
      perChannelEncoder(this.layers, 'perceptron', features),
    );
  }

  /** [n, c, h, w] -> semantic vectors [n, K]. */
  encode(x: Value): Value {
    return this.vectors(this.features(x));
  }

  /** Semantic vectors -> features of the given shape. */
  featuresOf(s: Value, [, , h, w]: readonly number[]): Value {
    return this.layers.graph.scope('psae/decoder', () =>
      perChannelDecoder(this.layers, 'perceptron', s, h, w),
    );
  }

  /** Features -> logits or intensities [n, out, h, w] of the image. */
  decode(features: Value, out: number): Value {
    const { layers, channels } = this;
    return layers.graph.scope('psae/decoder', () =>
      [channels / 2, channels / 4, out].reduce(
        (y, c, i) => layers.convTranspose(`up${i}`, y, Math.ceil(c), 2, 2),
        features,
      ),
    );
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
