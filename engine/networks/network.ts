import type { Graph, Value } from '../graph/graph';
import type { Architecture, Encoding } from './architecture';
import { architectureOf, type NetworkConfig } from './catalogue';
import { Layers } from './layers';

export type { Encoding } from './architecture';

/**
 * One use of a network in a graph; its weights are named `name/...`, so that two uses of one name in one graph share them.
 */
export class Network {
  readonly layers: Layers;
  private readonly architecture: Architecture;

  constructor(
    readonly graph: Graph,
    readonly name: string,
    private readonly config: NetworkConfig,
    /** Foreground classes. */
    readonly classes: number,
    training = false,
  ) {
    this.layers = new Layers(graph, training);
    this.architecture = architectureOf(config);
  }

  encode(x: Value): Encoding {
    return this.graph.scope(`${this.name}/encoder`, () =>
      this.architecture.encode(this.layers, x, this.config),
    );
  }

  decode(encoding: Encoding): Value {
    return this.graph.scope(`${this.name}/decoder`, () =>
      this.architecture.decode(this.layers, encoding, this.classes, this.config),
    );
  }
}
