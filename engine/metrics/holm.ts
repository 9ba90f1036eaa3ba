/**
 * Holm's step-down correction: p values of one family, adjusted so that the chance of one false finding or more among them stays below the
 * level that they are held against (Scandinavian Journal of Statistics 6, 1979). Those that are null were not tested and are none of the
 * family.
 */
export function holm(p: readonly (number | null)[]): (number | null)[] {
  const tested = p
    .flatMap((value, at) => (value === null ? [] : [{ value, at }]))
    .sort((a, b) => a.value - b.value);
  const adjusted: (number | null)[] = p.map(() => null);
  let least = 0;
  tested.forEach(({ value, at }, rank) => {
    least = Math.max(least, Math.min(1, (tested.length - rank) * value));
    adjusted[at] = least;
  });
  return adjusted;
}
