/** JSON with comments, as configs are written in. Pure. */
import { createScanner, parse, parseTree, type Node, type ParseError } from 'jsonc-parser';

/** So many objects and lists within each other no config has; the library calls itself for each, until there is no room. */
export const mostLevels = 100;

/** Where a text is nested deeper than `mostLevels`; null: nowhere. */
export function tooDeepAt(text: string): number | null {
  const scanner = createScanner(text, true);
  let level = 0;
  while (scanner.getPosition() < text.length) {
    scanner.scan();
    const at = scanner.getTokenOffset();
    // A text or a comment begins with a mark of its own.
    if (text[at] === '{' || text[at] === '[') level++;
    else if (text[at] === '}' || text[at] === ']') level--;
    if (level > mostLevels) return at;
  }
  return null;
}

/** A text's syntax as far as it can be read; what is wrong with it is added to `faults`. Undefined where there is none, or too deep a one. */
export const treeOf = (text: string, faults: ParseError[] = []): Node | undefined =>
  tooDeepAt(text) === null ? parseTree(text, faults, { allowTrailingComma: true }) : undefined;

/** A text's value as far as it can be read. Undefined where there is none, or too deep a one. */
export const valueIn = (text: string): unknown =>
  tooDeepAt(text) === null ? parse(text, [], { allowTrailingComma: true }) : undefined;
