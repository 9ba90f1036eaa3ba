import * as vscode from 'vscode';

/**
 * A tooltip or a hover of paragraphs in Markdown, in which text of others has gone through `escapeMarkdown`. Even if some had not, it
 * could run no command and bring no HTML.
 */
export function tooltip(paragraphs: readonly string[], between = '\n\n'): vscode.MarkdownString {
  const text = new vscode.MarkdownString(paragraphs.join(between));
  text.isTrusted = false;
  text.supportHtml = false;
  text.supportThemeIcons = false;
  return text;
}
