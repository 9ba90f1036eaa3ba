import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { escapeXml } from '../engine/presentation/svg';

/** Options of every panel: scripts, and nothing to load but what the extension brings. */
export const webviewOptions = (extension: vscode.Uri): vscode.WebviewOptions => ({
  enableScripts: true,
  localResourceRoots: [
    vscode.Uri.joinPath(extension, 'dist'),
    vscode.Uri.joinPath(extension, 'media'),
  ],
});

/** The page of the view `name`: dist/webviews/NAME.js and, where there is one, NAME.css, under a strict content policy. */
export function webviewHtml(
  webview: vscode.Webview,
  extension: vscode.Uri,
  name: string,
  title: string,
): string {
  const nonce = randomBytes(16).toString('base64');
  const file = (kind: 'js' | 'css') =>
    vscode.Uri.joinPath(extension, 'dist', 'webviews', `${name}.${kind}`);
  const link = (uri: vscode.Uri) => webview.asWebviewUri(uri).toString();
  const { cspSource } = webview;
  const policy = [
    `default-src 'none'`,
    `img-src ${cspSource} blob: data:`,
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    `connect-src ${cspSource}`,
    `font-src ${cspSource}`,
    `worker-src blob:`,
  ].join('; ');
  const style = existsSync(file('css').fsPath)
    ? // The id is where the control library looks for the icon font.
      `<link rel="stylesheet" id="vscode-codicon-stylesheet" href="${link(file('css'))}" nonce="${nonce}">`
    : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(title)}</title>
${style}
</head>
<body>
<main id="app"></main>
<script nonce="${nonce}" src="${link(file('js'))}"></script>
</body>
</html>`;
}
