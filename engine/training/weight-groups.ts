import type { Value } from '../graph/graph';
import { concat, reshape, split } from '../graph/operators/shape';

/** Weights that are stepped as one tensor: a network has hundreds of small ones, and each operator on each takes a moment. */
export interface WeightGroup {
  names: string[];
  /** The elements of their gradients, one after the other. */
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

/** The elements of tensors, one after the other. */
export const joined = (values: readonly Value[]): Value =>
  concat(
    values.map((value) => reshape(value, [value.size])),
    0,
  );

/** Parts of the sizes of tensors, each flat. */
export const parted = (flat: Value, like: readonly Value[]): Value[] =>
  split(
    flat,
    0,
    like.map(({ size }) => size),
  );
