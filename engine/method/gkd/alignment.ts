import type { Value } from '../../graph/graph';
import { Layers } from '../../networks/layers';
import { perChannelDecoder, perChannelEncoder } from './semantic-autoencoder';

/** Names of the alignment networks, under which their weights stand. */
export const alignmentNames = { teacher: 'tan', student: 'san' } as const;

/**
 * MSAN, a model-specific alignment network (TAN for the teacher, SAN for the student): `encode` is A_m, from a bottleneck
 * (B, C, h, w) to the domain-invariant vector (B, K); `header` is H_m, from such a vector, the other network's too, back to a
 * bottleneck. Where C differs from K, 1 x 1 convolutions join them [our choice; the exchange needs one K]. The vector is standardised,
 * with the batch's statistics while the alignment networks are trained and with the running ones from then on [our choice: without it
 * the vectors of all images are nearly the same].
 */
export class AlignmentNetwork {
  readonly layers: Layers;

  constructor(
    private readonly graph: Value['graph'],
    readonly name: 'tan' | 'san',
    /** Length K of the vector. */
    private readonly channels: number,
    training = false,
  ) {
    this.layers = new Layers(graph, training);
  }

  encode(bottleneck: Value): Value {
    return this.graph.scope(`${this.name}/encoder`, () => {
      const { layers, channels } = this;
      const mapped =
        bottleneck.shape[1] === channels
          ? bottleneck
          : layers.conv('channels', bottleneck, channels, { kernel: 1, bias: true });
      return layers.standardize('norm', perChannelEncoder(layers, 'perceptron', mapped));
    });
  }

  /** `shape` is that of the bottleneck [n, C, h, w]. */
  header(v: Value, shape: readonly number[]): Value {
    return this.graph.scope(`${this.name}/header`, () => {
      const { layers, channels } = this;
      const [, c, h, w] = shape;
      const plane = perChannelDecoder(layers, 'perceptron', v, h, w);
      return c === channels ? plane : layers.conv('channels', plane, c, { kernel: 1, bias: true });
    });
  }
}
