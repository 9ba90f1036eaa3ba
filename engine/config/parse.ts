import { findNodeAtLocation, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { ConfigPath } from '../contract/config';
import { mostLevels, tooDeepAt, treeOf } from '../jsonc';

/** A place in a text, from 1. */
export interface Place {
  line: number;
  column: number;
}

/** The value that a text of JSON with comments has, and where its parts stand; or what is wrong with it as such. */
export function parseText(
  text: string,
): { value: unknown; placeOf: (path: ConfigPath) => Place } | { fault: string; place: Place } {
  const at = placesIn(text);
  const deep = tooDeepAt(text);
  if (deep !== null)
    return { fault: `it is nested more than ${mostLevels} levels deep`, place: at(deep) };
  const faults: ParseError[] = [];
  const tree = treeOf(text, faults);
  if (faults.length || !tree)
    return {
      fault: faults.length ? syntaxFault(faults[0]) : 'it is empty',
      place: at(faults[0]?.offset ?? 0),
    };
  const placeOf = (path: ConfigPath): Place => {
    // A field that is not there has its object's place.
    let node = tree;
    for (const part of path) {
      // A field's name may look like a number.
      const inner = findNodeAtLocation(node, [node.type === 'object' ? String(part) : part]);
      if (!inner) break;
      node = inner;
    }
    return at(node.offset);
  };
  return { value: valueOf(tree), placeOf };
}

/** Tells the place of an offset in a text; its lines are counted once, since there may be a fault in each of many. */
function placesIn(text: string): (offset: number) => Place {
  const starts = [0];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1))
    starts.push(end + 1);
  return (offset) => {
    let [line, beyond] = [0, starts.length];
    while (beyond - line > 1) {
      const middle = (line + beyond) >> 1;
      if (starts[middle] <= offset) line = middle;
      else beyond = middle;
    }
    return { line: line + 1, column: offset - starts[line] + 1 };
  };
}

/** What a parser's fault means, by its name. */
const syntaxFaults: Record<string, string> = {
  ValueExpected: 'a value is missing here',
  PropertyNameExpected: 'the name of a setting, in double quotes, is missing here',
  ColonExpected: 'a colon is missing here',
  CommaExpected: 'a comma is missing here',
  CloseBraceExpected: 'a closing } is missing here',
  CloseBracketExpected: 'a closing ] is missing here',
  EndOfFileExpected: 'it should end here',
  UnexpectedEndOfString: 'a text has no closing quote here',
  UnexpectedEndOfComment: 'a comment has no end here',
};

function syntaxFault({ error }: ParseError): string {
  const name = printParseErrorCode(error);
  return syntaxFaults[name] ?? `it cannot be read from here on (${name})`;
}

/** A syntax tree's plain value; `getNodeValue` of the library makes objects without prototype, which validators refuse. */
function valueOf(node: Node): unknown {
  switch (node.type) {
    case 'object':
      return Object.fromEntries(
        (node.children ?? []).map(({ children }) => [
          children![0].value as string,
          children![1] ? valueOf(children![1]) : null,
        ]),
      );
    case 'array':
      return (node.children ?? []).map(valueOf);
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
    case 'property':
      return node.value as unknown;
  }
}
