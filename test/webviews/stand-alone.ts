import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { chromium, type Browser, type Page } from 'playwright-core';

const root = resolve(__dirname, '../..');

/** Debian's browser, or what MEDDISTILL_CHROMIUM names. */
const executablePath = [
  process.env.MEDDISTILL_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
].find((path) => path !== undefined && existsSync(path));

/** Skips a suite, saying why, where there is no browser. */
export function needBrowser(context: Mocha.Context): void {
  if (executablePath) return;
  console.log('      skipped: there is no Chromium (set MEDDISTILL_CHROMIUM)');
  context.skip();
}

/** A view's page outside the editor: its own bundle under its own content policy, with a script that plays the extension. */
export class StandAlone {
  private constructor(
    private readonly server: Server,
    private readonly browser: Browser,
  ) {}

  /**
   * `view` as in webviews/VIEW/main.ts; `host`: the script that defines `acquireVsCodeApi`; `answer`: replies to what that posts to
   * /answer, where it needs the engine.
   */
  static async open(
    view: string,
    host: string,
    answer?: (body: string) => Promise<string>,
  ): Promise<StandAlone> {
    const bundle = async (entry: string) => {
      const { outputFiles } = await build({
        entryPoints: [entry],
        outdir: '/out',
        bundle: true,
        write: false,
        format: 'iife',
        target: 'es2022',
        loader: { '.ttf': 'file' },
        assetNames: '[name]',
        logLevel: 'silent',
      });
      return outputFiles;
    };
    const files = new Map<string, Uint8Array>();
    for (const { path, contents } of await bundle(join(root, 'webviews', view, 'main.ts')))
      files.set(path.replace('/out/', '/').replace('/main.', `/${view}.`), contents);
    const [script] = await bundle(host);
    files.set('/host.js', script.contents);
    const server = createServer((request, response) => {
      const path = (request.url ?? '/').split('?')[0];
      if (answer && path === '/answer') {
        void text(request)
          .then(answer)
          .then(
            (body) => response.end(body),
            (error: unknown) => response.writeHead(500).end(String(error)),
          );
        return;
      }
      const content = path === '/' ? html(view) : files.get(path);
      if (!content) return void response.writeHead(404).end();
      const type = { js: 'text/javascript', css: 'text/css', ttf: 'font/ttf' }[path.split('.')[1]];
      response.writeHead(200, { 'content-type': type ?? 'text/html' }).end(content);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    return new StandAlone(server, browser);
  }

  /** The page; `problems` collects errors, broken content policy among them. */
  async page(
    query: string,
    size: { width: number; height: number },
  ): Promise<{ page: Page; problems: string[] }> {
    const context = await this.browser.newContext({ viewport: size });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}/?${query}`);
    return { page, problems };
  }

  async close(): Promise<void> {
    await this.browser.close();
    await new Promise((done) => this.server.close(done));
  }
}

/** As extension/webview-html.ts writes it. */
const html = (view: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' blob: data:; style-src 'self' 'nonce-n'; script-src 'nonce-n'; connect-src 'self'; font-src 'self'; worker-src blob:">
<title>${view}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" id="vscode-codicon-stylesheet" href="/${view}.css" nonce="n">
</head>
<body>
<main id="app"></main>
<script nonce="n" src="/host.js"></script>
<script nonce="n" src="/${view}.js"></script>
</body>
</html>`;

/** Keeps a picture of a page where MEDDISTILL_SCREENSHOTS names a folder. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  const folder = process.env.MEDDISTILL_SCREENSHOTS;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
