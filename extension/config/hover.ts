import * as vscode from 'vscode';
import { configSelector } from '../config-file';
import { escapeMarkdown } from '../../engine/presentation/plain-text';
import type { Services } from '../services';
import { tooltip } from '../tooltip';
import { describeDomain } from './domain-summary';
import { Outline } from './outline';
import { configText, type ConfigScans } from './scan';

/** What a domain's name shows: its cohort in numbers, and a slice with the label drawn in. */
export function registerHover(
  context: vscode.ExtensionContext,
  { engine, log }: Services,
  scans: ConfigScans,
): void {
  context.subscriptions.push(
    vscode.languages.registerHoverProvider(configSelector, {
      async provideHover(document, position, token) {
        const offset = document.offsetAt(position);
        const domain = new Outline(document.getText())
          .domains()
          .find(({ span }) => offset >= span.offset && offset <= span.offset + span.length);
        const survey = domain && scans.of(document)?.domains[domain.name];
        if (!survey) return undefined;
        const text = tooltip(describeDomain(domain.name, survey), '  \n');
        try {
          const image = await engine.request(
            'thumbnail',
            { ...configText(document), domain: domain.name, side: 144 },
            token,
          );
          if (image)
            text.appendMarkdown(
              `\n\n![A slice of ${escapeMarkdown(domain.name)} with its label](${image}|width=144)`,
            );
        } catch (error) {
          log.debug(`No thumbnail of ${domain.name}: ${(error as Error).message}`);
        }
        return new vscode.Hover(
          text,
          new vscode.Range(
            document.positionAt(domain.span.offset),
            document.positionAt(domain.span.offset + domain.span.length),
          ),
        );
      },
    }),
  );
}
