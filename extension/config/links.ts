import * as vscode from 'vscode';
import { configSelector } from '../config-file';
import type { Services } from '../services';
import { Outline } from './outline';
import { configText } from './scan';

class PatternLink extends vscode.DocumentLink {
  constructor(
    range: vscode.Range,
    readonly document: vscode.TextDocument,
    readonly pattern: string,
  ) {
    super(range);
  }
}

/** From a pattern to the first of its files; where there is none, to the folder in which they are looked for. */
export function registerLinks(context: vscode.ExtensionContext, { engine }: Services): void {
  context.subscriptions.push(
    vscode.languages.registerDocumentLinkProvider(configSelector, {
      provideDocumentLinks: (document) =>
        new Outline(document.getText()).patterns().map(({ text, span }) => {
          const start = document.positionAt(span.offset);
          const link = new PatternLink(
            new vscode.Range(start, document.positionAt(span.offset + span.length)),
            document,
            text,
          );
          link.tooltip = 'Open the first file';
          return link;
        }),
      async resolveDocumentLink(link: PatternLink, token) {
        const { base, first } = await engine.request(
          'match',
          { ...configText(link.document), pattern: link.pattern },
          token,
        );
        link.target =
          first.length > 0
            ? vscode.Uri.file(first[0])
            : vscode.Uri.parse(
                `command:revealInExplorer?${encodeURIComponent(JSON.stringify([vscode.Uri.file(base)]))}`,
              );
        return link;
      },
    }),
  );
}
