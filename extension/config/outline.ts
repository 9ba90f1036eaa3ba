import {
  findNodeAtLocation,
  findNodeAtOffset,
  getNodePath,
  type JSONPath,
  type Node,
} from 'jsonc-parser';
import { treeOf } from '../../engine/jsonc';

/** Where something stands in a text, in characters. */
export interface Span {
  offset: number;
  length: number;
}

/** A config's syntax, as far as it can be read while it is written. */
export class Outline {
  readonly tree: Node | undefined;

  constructor(readonly text: string) {
    this.tree = treeOf(text);
  }

  /** The place of a field, of its value (`value`) or its name (`key`); of the nearest one above where it is not there. */
  spanOf(path: JSONPath, part: 'value' | 'key' = 'value'): Span {
    for (let n = path.length; n > 0; n--) {
      const node = this.tree && findNodeAtLocation(this.tree, path.slice(0, n));
      if (!node) continue;
      // For a field that is missing the name of what should hold it says enough.
      const key = node.parent?.type === 'property' ? node.parent.children![0] : node;
      const found = n === path.length && part === 'value' ? node : key;
      return { offset: found.offset, length: found.length };
    }
    return { offset: 0, length: Math.min(1, this.text.length) };
  }

  /** The field at a place in the text, and whether it is in the name. */
  at(offset: number): { path: JSONPath; isKey: boolean; node: Node } | null {
    const node = this.tree && findNodeAtOffset(this.tree, offset, true);
    if (!node) return null;
    // A name whose value is still missing: the cursor is where that will be.
    if (node.type === 'property')
      return {
        path: [...getNodePath(node.parent!), node.children![0].value as string],
        isKey: false,
        node,
      };
    const isKey = node.parent?.type === 'property' && node.parent.children![0] === node;
    return { path: getNodePath(isKey ? node.parent : node), isKey, node };
  }

  /** Names of the domains, with the places of the names. */
  domains(): { name: string; span: Span }[] {
    const node = this.tree && findNodeAtLocation(this.tree, ['domains']);
    return (node?.children ?? []).flatMap(({ children }) => {
      const key = children?.[0];
      return key ? [{ name: key.value as string, span: key }] : [];
    });
  }

  /** Texts of a list, e.g. `classes`. */
  texts(path: JSONPath): string[] {
    const node = this.tree && findNodeAtLocation(this.tree, path);
    return (node?.children ?? []).flatMap(({ value }) =>
      typeof value === 'string' ? [value] : [],
    );
  }

  /** Patterns and paths in the config: which field, what it says, where. */
  patterns(): { path: JSONPath; text: string; span: Span }[] {
    const fields: JSONPath[] = [
      ...this.domains().flatMap(({ name }) =>
        ['images', 'labels', 'masks'].map((field) => ['domains', name, field]),
      ),
      ['teacher', 'weights'],
      ['teacher', 'file'],
      ['student', 'weights'],
    ];
    return fields.flatMap((path) => {
      const node = this.tree && findNodeAtLocation(this.tree, path);
      return typeof node?.value === 'string'
        ? [{ path, text: node.value, span: { offset: node.offset + 1, length: node.length - 2 } }]
        : [];
    });
  }
}

/** True for the fields that hold a pattern or a path. */
export const isPathField = (path: JSONPath): boolean =>
  (path.length === 3 &&
    path[0] === 'domains' &&
    ['images', 'labels', 'masks'].includes(String(path[2]))) ||
  (path.length === 2 && (path[1] === 'weights' || path.join('.') === 'teacher.file')) ||
  (path.length === 2 && path[0] === 'variables');
