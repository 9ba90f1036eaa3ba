import type { Graph, Value } from '../graph/graph';
import { concat, reshape, split } from '../graph/operators/shape';

/** Weights that are stepped as one tensor: a network has hundreds of small ones, and each operator on each takes a moment. */
export interface WeightGroup {
  names: string[];
  /** Their gradients, joined. */
  gradient: Value;
}

/** Weights of at least as many elements are groups of their own, whose copies would cost more than they save. */
const large = 2 ** 16;
/** A group's elements are at most so many, that they stay in a core's cache. */
const largest = 2 ** 18;

/** Groups of weights, from the gradient of each by its name. */
export function groupsOf(gradients: ReadonlyMap<string, Value>): WeightGroup[] {
  const groups: string[][] = [];
  let open: string[] = [];
  let size = 0;
  for (const [name, { size: own }] of gradients) {
    if (own >= large) {
      groups.push([name]);
      continue;
    }
    if (size + own > largest || !open.length) {
      groups.push((open = []));
      size = 0;
    }
    open.push(name);
    size += own;
  }
  return groups.map((names) => ({
    names,
    gradient: joined(names.map((name) => gradients.get(name)!)),
  }));
}

/** The elements of tensors, one after the other; a single tensor as it is. */
export const joined = (values: readonly Value[]): Value =>
  values.length === 1
    ? values[0]
    : concat(
        values.map((value) => reshape(value, [value.size])),
        0,
      );

/** What was joined from tensors of these sizes, in its parts. */
export const parted = (whole: Value, like: readonly Value[]): Value[] =>
  like.length === 1
    ? [whole]
    : split(
        whole,
        0,
        like.map(({ size }) => size),
      );

/** What is kept beside weights from step to step, under `<weight>@<of>`: it starts at 0 and is of their shapes. */
export const keptBeside = (
  graph: Graph,
  names: readonly string[],
  like: readonly Value[],
  of: string,
): Value[] =>
  names.map((name, i) =>
    graph.parameter(
      `${name}@${of}`,
      like[i].shape,
      { kind: 'constant', value: 0 },
      { trainable: false },
    ),
  );

/** What was joined from tensors like these, in its parts, each with its name. */
export const namedParts = (
  whole: Value,
  names: readonly string[],
  like: readonly Value[],
): [name: string, value: Value][] =>
  parted(whole, like).map((part, i) => [names[i], reshape(part, like[i].shape)]);
