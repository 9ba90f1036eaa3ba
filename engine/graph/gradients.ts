import { add, expand } from './operators/elementwise';
import {
  ancestors,
  expect,
  GraphError,
  sameShape,
  type Graph,
  type Node,
  type Value,
} from './graph';

/**
 * Reverse-mode differentiation as a graph-to-graph transform: appends to the graph the nodes that compute the gradient of
 * the scalar `loss` in each of `wrt`, and returns them in that order. A value on which the loss does not depend has the
 * gradient null: callers decide whether that is an error.
 */
export function gradients(loss: Value, wrt: readonly Value[]): (Value | null)[] {
  const graph: Graph = loss.graph;
  expect(loss.size === 1, 'gradients', 'a scalar loss', [loss]);

  // Only what lies between `wrt` and the loss takes part.
  const targets = new Set(wrt);
  const upstream = ancestors([loss]);
  const active = new Set<Node>();
  const depends = (v: Value) => targets.has(v) || (v.node !== null && active.has(v.node));
  for (const node of graph.nodes)
    if (upstream.has(node) && node.inputs.some(depends)) active.add(node);

  const adjoints = new Map<Value, Value>();
  adjoints.set(loss, graph.constant(Float32Array.of(1), loss.shape));
  const accumulate = (value: Value, gradient: Value) => {
    const sum = adjoints.get(value);
    adjoints.set(value, sum ? add(sum, gradient) : gradient);
  };

  for (const node of [...active].reverse()) {
    if (!node.outputs.some((output) => adjoints.has(output))) continue;
    const { operator } = node;
    if (!operator.gradient)
      throw new GraphError(
        `${operator.name} has no gradient, but ${node.name} lies between the loss and a weight`,
      );
    const outputGradients = node.outputs.map((output) => {
      const gradient = adjoints.get(output) ?? graph.scalar(0);
      return operator.broadcastsGradient ? gradient : expand(gradient, output.shape);
    });
    const needs = node.inputs.map(depends);
    const inputGradients = operator.gradient(node, outputGradients, needs);
    node.inputs.forEach((input, i) => {
      const gradient = inputGradients[i];
      if (needs[i] && gradient) accumulate(input, gradient);
    });
  }
  return wrt.map((v) => {
    const gradient = adjoints.get(v);
    if (!gradient) return null;
    return sameShape(gradient.shape, v.shape) ? gradient : expand(gradient, v.shape);
  });
}
