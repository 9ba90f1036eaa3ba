/** `compute`, which gives the very same result again while its arguments stay the same. */
export function memo<A extends readonly unknown[], R>(
  compute: (...values: A) => R,
): (...values: A) => R {
  let last: { values: A; result: R } | null = null;
  return (...values) => {
    if (!last || !sameValues(values, last.values)) last = { values, result: compute(...values) };
    return last.result;
  };
}

export const sameValues = (one: readonly unknown[], other: readonly unknown[]): boolean =>
  one.length === other.length && one.every((value, n) => Object.is(value, other[n]));
