import { findNodeAtLocation, modify, type Edit, type JSONPath } from 'jsonc-parser';
import type { Fix } from '../../engine/contract/config';
import { treeOf } from '../../engine/jsonc';

/** The changes of a text that carry out a fix; empty where the text has moved on. */
export function editsOf(text: string, fix: Fix): Edit[] {
  return fix.edits.flatMap((edit) => {
    if ('segment' in edit) {
      const tree = treeOf(text);
      const node = tree && findNodeAtLocation(tree, edit.path);
      if (typeof node?.value !== 'string') return [];
      const parts = node.value.split('/');
      const at = parts.indexOf(edit.segment.from);
      if (at < 0) return [];
      parts[at] = edit.segment.to;
      return [
        { offset: node.offset, length: node.length, content: JSON.stringify(parts.join('/')) },
      ];
    }
    if ('name' in edit) {
      const tree = treeOf(text);
      const name = tree && findNodeAtLocation(tree, edit.path)?.parent?.children?.[0];
      return name
        ? [{ offset: name.offset, length: name.length, content: JSON.stringify(edit.name) }]
        : [];
    }
    if (edit.value === undefined && typeof edit.path.at(-1) === 'number')
      return itemRemoval(text, edit.path);
    return modify(text, edit.path, edit.value, {
      formattingOptions: { insertSpaces: true, tabSize: 2, eol: '\n' },
    });
  });
}

/** Removes an item with the comma that parts it from its neighbour; the library takes a character too few. */
function itemRemoval(text: string, path: JSONPath): Edit[] {
  const tree = treeOf(text);
  const list = tree && findNodeAtLocation(tree, path.slice(0, -1));
  const at = Number(path.at(-1));
  const item = list?.children?.[at];
  if (!item) return [];
  const [before, after] = [list.children[at - 1], list.children[at + 1]];
  const offset = before ? before.offset + before.length : item.offset;
  const end = !before && after ? after.offset : item.offset + item.length;
  return [{ offset, length: end - offset, content: '' }];
}
