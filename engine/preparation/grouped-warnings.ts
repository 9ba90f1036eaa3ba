import { basename } from 'node:path';
import type { PreparedCase } from './prepared-case';

type NamedCase = Pick<PreparedCase['case'], 'id' | 'images' | 'labels' | 'masks'>;

/** Names beyond these are counted. */
const mostNamed = 3;

/** The name of the file that a sentence is about: of a folder, of which `path` is one, the file within it. */
function fileIn(sentence: string, path: string): string {
  const rest = sentence.slice(sentence.indexOf(path) + path.length);
  return /^[\\/]([^\\/:]+\.\w+)(?=[\s:,])/.exec(rest)?.[1] ?? basename(path);
}

/**
 * The warnings of cases, those of one kind in one sentence: the first as it is, and of how many further cases (of one case: files) the
 * same is said, the first of them by name. Of one kind is what differs in file names and numbers alone.
 */
export function groupedWarnings(
  cases: readonly { prepared: { case: NamedCase }; warnings: readonly string[] }[],
): string[] {
  const kinds = new Map<string, { sentence: string; id: string; file: string }[]>();
  for (const { prepared, warnings } of cases) {
    const { id, images, labels, masks } = prepared.case;
    // Longest first, since one may be the beginning of another.
    const paths = [...images, ...labels, ...masks].sort((a, b) => b.length - a.length);
    for (const sentence of warnings) {
      const kind = paths
        .reduce((text, path) => text.replaceAll(path, '{}'), sentence)
        .replace(`Case ${id} `, 'Case {} ')
        .replace(/\d+(\.\d+)?(e[-+]?\d+)?/g, '#');
      const path = paths.find((one) => sentence.includes(one));
      const file = path === undefined ? id : fileIn(sentence, path);
      kinds.set(kind, [...(kinds.get(kind) ?? []), { sentence, id, file }]);
    }
  }
  return [...kinds.values()].map(([first, ...others]) => {
    const ids = new Set(others.map(({ id }) => id).filter((id) => id !== first.id));
    const names = ids.size > 0 ? [...ids] : others.map(({ file }) => file);
    if (names.length === 0) return first.sentence;
    const shown = names.slice(0, mostNamed).join(', ');
    const rest = names.length > mostNamed ? ' and others' : '';
    const what = ids.size > 0 ? 'case' : 'file';
    return `${first.sentence} Likewise ${names.length} more ${what}${names.length > 1 ? 's' : ''}: ${shown}${rest}.`;
  });
}
