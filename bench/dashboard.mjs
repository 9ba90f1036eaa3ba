/* global document, performance, KeyboardEvent */
// Times the dashboard's page with 100,000 steps of seven terms: the first drawing, a live step, a zoom, frames while it runs.
import { build } from 'esbuild';
import { createServer } from 'node:http';
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { chromium } from 'playwright-core';

const points = Number(process.argv[2] ?? 100_000);
const executablePath = [process.env.MEDDISTILL_CHROMIUM, '/usr/bin/chromium'].find(
  (path) => path && existsSync(path),
);
if (!executablePath) {
  console.log('There is no Chromium; MEDDISTILL_CHROMIUM may name one.');
  process.exit(0);
}

const files = new Map();
for (const [name, entry] of [
  ['view', 'webviews/dashboard/main.ts'],
  ['host', 'bench/dashboard-host.ts'],
]) {
  const { outputFiles } = await build({
    entryPoints: { [name]: entry },
    outdir: '/out',
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    loader: { '.ttf': 'file' },
    assetNames: '[name]',
  });
  for (const { path, contents } of outputFiles) files.set(path.replace('/out', ''), contents);
}
const html =
  '<!doctype html><link rel="icon" href="data:,"><link rel="stylesheet" href="/view.css"><body class="vscode-dark"><main id="app"></main><script src="/host.js"></script><script src="/view.js"></script>';
const server = createServer(({ url }, response) => {
  const content = url === '/' ? html : files.get(url);
  const type = { js: 'text/javascript', css: 'text/css', ttf: 'font/ttf' }[url.split('.')[1]];
  response.writeHead(content ? 200 : 404, { 'content-type': type ?? 'text/html' }).end(content);
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
page.on('pageerror', (error) => console.error(error));
await page.goto(`http://127.0.0.1:${server.address().port}/`);
await page.waitForSelector('.overview:not([hidden])');

// Time of the page's own thread, whatever else the machine does.
const session = await page.context().newCDPSession(page);
await session.send('Performance.enable', { timeDomain: 'threadTicks' });
const threadTime = async () => {
  const { metrics } = await session.send('Performance.getMetrics');
  return 1000 * metrics.find(({ name }) => name === 'TaskDuration').value;
};

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const start = await threadTime();
const first = await page.evaluate((n) => globalThis.sendSteps(n, n + 1000), points);
const firstThread = (await threadTime()) - start;
const beforeDeltas = await threadTime();
const deltas = [];
for (let i = 0; i < 15; i++)
  deltas.push(await page.evaluate((n) => globalThis.sendSteps(1, n + 1000), points));
const deltaThread = ((await threadTime()) - beforeDeltas) / deltas.length;
const zooms = await page.evaluate(async () => {
  const plot = document.querySelector('.plot');
  const times = [];
  for (let i = 0; i < 10; i++) {
    const began = performance.now();
    plot.dispatchEvent(new KeyboardEvent('keydown', { key: '+' }));
    times.push(performance.now() - began);
  }
  plot.dispatchEvent(new KeyboardEvent('keydown', { key: '0' }));
  return times;
});
const gaps = await page.evaluate((n) => globalThis.live(5, n + 1000), points);
const heap = await page.evaluate(() => performance.memory.usedJSHeapSize);
await browser.close();
server.close();

const sorted = [...gaps].sort((a, b) => a - b);
console.log(
  `${points} steps, 7 terms, smoothed and raw; ${cpus()[0].model}, ${cpus().length} cores`,
);
console.log(
  `first drawing        ${first.toFixed(0)} ms, ${firstThread.toFixed(0)} ms of processor time`,
);
console.log(
  `a live step          ${median(deltas).toFixed(0)} ms (median of ${deltas.length}, two frames among them), ${deltaThread.toFixed(0)} ms of processor time`,
);
console.log(`a zoom               ${median(zooms).toFixed(1)} ms (median of ${zooms.length})`);
console.log(
  `frames while live    ${(gaps.length / 5).toFixed(0)} a second, 95% within ${sorted[Math.floor(0.95 * sorted.length)].toFixed(0)} ms`,
);
console.log(`heap                 ${(heap / 2 ** 20).toFixed(0)} MiB`);
