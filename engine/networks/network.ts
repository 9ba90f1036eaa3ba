import type { Graph, Value } from '../graph/graph';
import type { Architecture, Encoding } from './architecture';
import { architectureOf, builtNetwork, type NetworkConfig, type TeacherConfig } from './catalogue';
import { Layers } from './layers';

export type { Encoding } from './architecture';

/**
 * One use of a network in a graph; its weights are named `name/...`, so that two uses of one name in one graph share them.
 */
export class Network {
  readonly layers: Layers;
  private readonly architecture: Architecture;
  private readonly config: NetworkConfig;

  /** @throws UserError for an ONNX file */
  constructor(
    readonly graph: Graph,
    readonly name: string,
    config: TeacherConfig,
    /** Foreground classes. */
    readonly classes: number,
    training = false,
  ) {
    this.layers = new Layers(graph, training);
    this.config = builtNetwork(config);
    this.architecture = architectureOf(this.config);
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
