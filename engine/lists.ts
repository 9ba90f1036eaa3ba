/** At most `limit` items, evenly spread over the list (the middles of as many equal parts); 0: all. */
export function evenly<T>(items: readonly T[], limit: number): T[] {
  if (limit <= 0 || items.length <= limit) return [...items];
  return Array.from(
    { length: limit },
    (_, n) => items[Math.floor(((n + 0.5) * items.length) / limit)],
  );
}

/** Compares texts with the numbers in them as numbers: `slice2` before `slice10`. */
export function naturalOrder(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'variant' });
