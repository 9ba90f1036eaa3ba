import { elements, type Graph } from '../graph/graph';
import { Random } from '../random';

/**
 * Fresh weights for the graph's parameters whose name starts with one of `prefixes`. Each draws from a stream of its own name, so that a
 * weight does not depend on which others there are.
 */
export function initialize(
  graph: Graph,
  seed: number,
  prefixes: readonly string[],
): Map<string, Float32Array> {
  const weights = new Map<string, Float32Array>();
  for (const { name, value, initial } of graph.parameters.values()) {
    if (!prefixes.some((prefix) => name.startsWith(prefix))) continue;
    const data = new Float32Array(elements(value.shape));
    const random = new Random(seed, 'initialize', name);
    for (let i = 0; i < data.length; i++)
      data[i] =
        initial.kind === 'constant'
          ? initial.value
          : initial.kind === 'normal'
            ? initial.deviation * random.normal()
            : random.uniform(-initial.bound, initial.bound);
    weights.set(name, data);
  }
  return weights;
}
