/** The known name that is at most two edits away, if there is one. */
export function nearest(name: string, known: readonly string[]): string | null {
  const [first] = byDistance(name, known);
  return first !== undefined && distance(name, first) <= 2 ? first : null;
}

/** Names, the most similar first. */
export const byDistance = (name: string, known: readonly string[]): string[] =>
  known
    .map((word) => ({ word, away: distance(name, word) }))
    .sort((a, b) => a.away - b.away)
    .map(({ word }) => word);

const distance = (a: string, b: string) => editDistance(a.toLowerCase(), b.toLowerCase());

/** Insertions, deletions and replacements that lead from one text to the other. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}
