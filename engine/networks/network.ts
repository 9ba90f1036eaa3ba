import type { NetworkConfig } from '../config/config';
import type { Graph, Value } from '../graph/graph';
import { Layers } from './layers';
import { mobileNetV2UNet } from './mobilenetv2-unet';
import { unet } from './unet';

/** A segmentation network as encoder, bottleneck and decoder. */
export interface Architecture {
  /** By how much the bottleneck is smaller than the image; sizes must be multiples of it. */
  readonly stride: number;
  /** [n, channels, h, w] -> the bottleneck [n, C, h / stride, w / stride] and what the decoder takes beside it. */
  encode(layers: Layers, x: Value): Encoding;
  /** -> logits [n, classes + 1, h, w]; channel 0 is the background. */
  decode(layers: Layers, encoding: Encoding, classes: number): Value;
}

export interface Encoding {
  bottleneck: Value;
  skips: Value[];
}

export function architectureOf(config: NetworkConfig): Architecture {
  switch (config.network) {
    case 'unet':
      return unet(config.width, config.depth);
    case 'mobilenetv2-unet':
      return mobileNetV2UNet(config.width);
  }
}

/**
 * One use of a network in a graph; its weights are named `name/...`, so that two uses of one name in one graph share them.
 */
export class Network {
  readonly layers: Layers;
  private readonly architecture: Architecture;

  constructor(
    readonly graph: Graph,
    readonly name: string,
    config: NetworkConfig,
    /** Foreground classes. */
    readonly classes: number,
    training = false,
  ) {
    this.layers = new Layers(graph, training);
    this.architecture = architectureOf(config);
  }

  encode(x: Value): Encoding {
    return this.graph.scope(`${this.name}/encoder`, () => this.architecture.encode(this.layers, x));
  }

  decode(encoding: Encoding): Value {
    return this.graph.scope(`${this.name}/decoder`, () =>
      this.architecture.decode(this.layers, encoding, this.classes),
    );
  }
}
