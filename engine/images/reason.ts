/**
 * A library's own words for a fault, to stand in brackets within a sentence: on one line, without its full stop, cut where
 * they run long. Some libraries throw plain texts, or wrap their error in another.
 */
export function reasonOf(error: unknown): string {
  const inner = (error as { exception?: unknown } | null)?.exception ?? error;
  const text = (inner instanceof Error ? inner.message : String(inner))
    .replace(/^dicomParser[.:]\s*/, '')
    .replace(/[^\x20-\x7e\xa0-\uffff]+/g, ' ')
    .replace(/[.\s]+$/, '');
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
