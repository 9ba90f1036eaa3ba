import * as vscode from 'vscode';
import { configSelector } from '../config-file';
import type { Services } from '../services';
import { isPathField, Outline } from './outline';
import { configText, type ConfigScans } from './scan';

/**
 * Completion beyond the schema: files, folders, placeholders and variables in patterns, classes and the label values that
 * occur, and the cases of a domain in its splits.
 */
export function registerCompletion(
  context: vscode.ExtensionContext,
  { engine }: Services,
  scans: ConfigScans,
): void {
  context.subscriptions.push(
    vscode.languages.registerCompletionItemProvider(
      configSelector,
      {
        async provideCompletionItems(document, position, token) {
          const outline = new Outline(document.getText());
          const offset = document.offsetAt(position);
          const at = outline.at(offset);
          if (!at) return [];
          const { path, node, isKey } = at;
          const survey = scans.of(document);

          if (!isKey && node.type === 'string' && isPathField(path)) {
            const typed = document.getText(
              new vscode.Range(document.positionAt(node.offset + 1), position),
            );
            const entries = await engine.request(
              'listFolder',
              { ...configText(document), prefix: typed },
              token,
            );
            return pathItems(position, typed, entries, outline, path);
          }
          const [section, domain, field] = path.map(String);
          if (section !== 'domains' || domain === undefined) return [];
          const values = survey?.domains[domain]?.values ?? [];
          // Inside `values`: names of classes; after one, what occurs in the label files.
          if (field === 'values' && path.length <= 4) {
            const inObject = node.type === 'object' || isKey;
            if (path.length === 3 || (path.length === 4 && isKey))
              return inObject ? classItems(outline, document, node, isKey) : [];
            return values.slice(0, 100).map((value, n) => valueItem(document, node, value, n));
          }
          if (field === 'split' && !isKey) {
            const used = ['train', 'validation', 'test'].flatMap((split) =>
              outline.texts(['domains', domain, 'split', split]),
            );
            return (survey?.domains[domain]?.cases ?? [])
              .filter(({ id }) => !used.includes(id))
              .map(({ id }) => textItem(document, node, id, vscode.CompletionItemKind.Value));
          }
          return [];
        },
      },
      '"',
      '/',
      '{',
      '$',
      ':',
      ' ',
    ),
  );
}

/** What can stand in place of `node`, or, where that is no text, at the cursor. */
function textItem(
  document: vscode.TextDocument,
  node: { type: string; offset: number; length: number },
  text: string,
  kind: vscode.CompletionItemKind,
): vscode.CompletionItem {
  const item = new vscode.CompletionItem(text, kind);
  item.insertText = JSON.stringify(text);
  item.filterText = JSON.stringify(text);
  if (node.type === 'string') item.range = rangeOf(document, node);
  return item;
}

function classItems(
  outline: Outline,
  document: vscode.TextDocument,
  node: { type: string; offset: number; length: number },
  isKey: boolean,
): vscode.CompletionItem[] {
  return outline.texts(['classes']).map((name) => {
    const item = textItem(document, node, name, vscode.CompletionItemKind.Class);
    item.detail = 'class';
    if (!isKey) item.insertText = `${JSON.stringify(name)}: `;
    return item;
  });
}

function valueItem(
  document: vscode.TextDocument,
  node: { type: string; offset: number; length: number },
  value: number | [number, number, number],
  order: number,
): vscode.CompletionItem {
  const text = typeof value === 'number' ? String(value) : `{ "color": [${value.join(', ')}] }`;
  const item = new vscode.CompletionItem(text, vscode.CompletionItemKind.Value);
  item.detail = 'occurs in the label files';
  item.sortText = `0${String(order).padStart(4, '0')}`;
  if (node.type === 'number' || node.type === 'string' || node.type === 'null')
    item.range = rangeOf(document, node);
  return item;
}

const rangeOf = (
  document: vscode.TextDocument,
  { offset, length }: { offset: number; length: number },
) => new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));

function pathItems(
  position: vscode.Position,
  typed: string,
  entries: { name: string; isFolder: boolean }[],
  outline: Outline,
  path: (string | number)[],
): vscode.CompletionItem[] {
  const lastPart = typed.slice(typed.lastIndexOf('/') + 1);
  const range = new vscode.Range(position.translate(0, -lastPart.length), position);
  const item = (text: string, kind: vscode.CompletionItemKind, detail: string, order: string) => {
    const result = new vscode.CompletionItem(text, kind);
    result.range = range;
    result.detail = detail;
    result.sortText = order + text;
    result.filterText = text;
    return result;
  };
  const isPattern = path[0] === 'domains';
  const items = entries.map(({ name, isFolder }) => {
    const result = isFolder
      ? item(`${name}/`, vscode.CompletionItemKind.Folder, 'folder', '1')
      : item(name, vscode.CompletionItemKind.File, 'file', '3');
    if (isFolder) result.command = { command: 'editor.action.triggerSuggest', title: 'Go on' };
    return result;
  });
  if (isPattern) {
    const endings = new Set(
      entries.flatMap(({ name, isFolder }) =>
        isFolder ? [] : (/\.nii\.gz$|\.\w+$/.exec(name)?.[0] ?? []),
      ),
    );
    for (const ending of endings)
      items.push(
        item(`{case}${ending}`, vscode.CompletionItemKind.Snippet, 'every such file a case', '0'),
      );
  }
  for (const name of variableNames(outline))
    items.push(
      item(`\${${name}}`, vscode.CompletionItemKind.Variable, 'variable of this config', '2'),
    );
  return items;
}

function variableNames(outline: Outline): string[] {
  const node = outline.tree?.children?.find(({ children }) => children?.[0].value === 'variables')
    ?.children?.[1];
  return (node?.children ?? []).flatMap(({ children }) =>
    typeof children?.[0].value === 'string' ? [children[0].value] : [],
  );
}
