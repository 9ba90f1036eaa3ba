import { ancestors, Graph, type Node, type Value } from './graph';

/**
 * A way to compute a node: appends what it takes to the graph of `inputs`, which stand for the node's own, and returns what stands
 * for its outputs; null where it does not apply.
 */
export type Rule = (node: Node, inputs: readonly Value[]) => readonly Value[] | null;

/**
 * The same computation in operators that a device has: each node by `rule` where that applies, else by the operator's own
 * expansion, else as it is. Inputs, parameters and outputs keep their names; what no output depends on is left out.
 */
export function lower(graph: Graph, rule: Rule = () => null): Graph {
  const lowered = new Graph();
  const placed = new Map<Value, Value>();
  for (const input of graph.inputs)
    placed.set(input, lowered.input(input.name, input.type, input.shape));
  for (const { name, value, initial, trainable } of graph.parameters.values())
    placed.set(value, lowered.parameter(name, value.shape, initial, { trainable }));
  for (const [value, data] of graph.constants)
    placed.set(value, lowered.constant(data, value.shape));
  const needed = ancestors(graph.outputs.values());
  for (const node of graph.nodes) {
    if (!needed.has(node)) continue;
    const inputs = node.inputs.map((input) => placed.get(input)!);
    const outputs =
      rule(node, inputs) ??
      node.operator.expand?.(node, inputs) ??
      lowered.add(node.operator, inputs, node.attributes);
    node.outputs.forEach((output, i) => placed.set(output, outputs[i]));
  }
  for (const [name, value] of graph.outputs) lowered.output(name, placed.get(value)!);
  return lowered;
}
