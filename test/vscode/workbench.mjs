// A VS Code in a headless browser: a server, a page, and a bridge by which tests in the extension host reach the page.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { removeFolders } from './workspace.mjs';

const userSettings = {
  'workbench.startupEditor': 'none',
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.enableExperiments': false,
  'workbench.tips.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'update.mode': 'none',
  'security.workspace.trust.enabled': false,
  'window.restoreWindows': 'none',
  'files.simpleDialog.enable': true,
  'editor.minimap.enabled': false,
  'git.enabled': false,
  'files.autoSave': 'off',
};

/**
 * Starts a server and a browser page, runs `action` with the page, and ends both. Options: `pictures`, the folder of
 * screenshots; `extensions`, that of installed extensions; `settings`, `environment`, `viewport`, `trust`.
 */
export async function withWorkbench(tools, options, action) {
  const { chromium: browserType } = await import(tools.playwright);
  const folder = mkdtempSync(join(tmpdir(), 'meddistill-vscode-'));
  const serverData = join(folder, 'server');
  const extensions = options.extensions ?? join(folder, 'extensions');
  const pictures = options.pictures;
  mkdirSync(pictures, { recursive: true });
  mkdirSync(join(serverData, 'data/User'), { recursive: true });
  mkdirSync(join(serverData, 'data/Machine'), { recursive: true });
  const settings = JSON.stringify({ ...userSettings, ...options.settings });
  writeFileSync(join(serverData, 'data/User/settings.json'), settings);
  writeFileSync(join(serverData, 'data/Machine/settings.json'), settings);

  let page;
  /** All that the window has asked the network for. */
  const requested = [];
  const bridge = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const { action: name, ...input } = JSON.parse(body);
      Promise.resolve()
        .then(() => (name === 'requests' ? requested : actions[name](page, input, pictures)))
        .then((result) => response.end(JSON.stringify({ result: result ?? null })))
        .catch((error) => response.end(JSON.stringify({ error: String(error?.stack ?? error) })));
    });
  });
  const bridgePort = await listen(bridge);
  const port = await freePort();
  const server = spawn(
    tools.node,
    [
      join(tools.server, 'lib/vscode/out/server-main.js'),
      ...['--host', '127.0.0.1', '--port', String(port), '--without-connection-token'],
      ...['--accept-server-license-terms', '--telemetry-level', 'off'],
      ...(options.trust ? [] : ['--disable-workspace-trust']),
      '--enable-smoke-test-driver',
      ...['--server-data-dir', serverData, '--extensions-dir', extensions],
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...options.environment,
        MEDDISTILL_TEST_BRIDGE: `http://127.0.0.1:${bridgePort}`,
      },
    },
  );
  let output = '';
  for (const stream of [server.stdout, server.stderr])
    stream.on('data', (chunk) => (output = (output + chunk).slice(-20_000)));
  let browser;
  try {
    await waitFor(port, server, () => output);
    browser = await browserType.launch({
      executablePath: tools.chromium,
      args: [
        '--no-sandbox',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    const context = await browser.newContext({
      viewport: options.viewport ?? { width: 1440, height: 900 },
      reducedMotion: 'reduce',
    });
    page = await context.newPage();
    context.on('request', (request) => requested.push(request.url()));
    /** The page of a workspace, with an extension under development and perhaps its tests. */
    const address = (workspace, payload) => {
      const entries = Object.entries(payload).map(([name, path]) => [
        name,
        `vscode-remote://127.0.0.1:${port}${path}`,
      ]);
      return `http://127.0.0.1:${port}/?folder=${workspace}&payload=${encodeURIComponent(JSON.stringify(entries))}`;
    };
    return await action({ page, address, serverLog: () => output });
  } finally {
    await browser?.close().catch(() => {});
    server.kill();
    bridge.close();
    await delay(300);
    removeFolders(folder);
  }
}

/** What tests may ask of the page. */
const actions = {
  print: (_page, { text }) => console.log(text),
  async screenshot(page, { name }, pictures) {
    await page.screenshot({ path: join(pictures, `${name}.png`) });
  },
  press: (page, { keys }) => page.keyboard.press(keys),
  type: (page, { text }) => page.keyboard.type(text, { delay: 5 }),
  click: (page, { selector, timeout = 10_000 }) =>
    page.locator(selector).first().click({ timeout }),
  hover: (page, { selector, timeout = 10_000 }) =>
    page.locator(selector).first().hover({ timeout }),
  /** Text of the workbench's elements that match. */
  texts: (page, { selector }) => page.locator(selector).allInnerTexts(),
  /** Runs the body of a function in the frame that has `selector`, once there is one. */
  async inFrame(page, { selector, body, timeout = 15_000 }) {
    for (const end = Date.now() + timeout; ; await delay(100)) {
      for (const frame of page.frames())
        if ((await frame.$(selector).catch(() => null)) !== null)
          return await frame.evaluate((source) => new Function(source)(), body);
      if (Date.now() > end) throw new Error(`No frame shows ${selector}`);
    }
  },
};

const listen = (server) =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));

async function freePort() {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function waitFor(port, server, log) {
  for (const end = Date.now() + 60_000; Date.now() < end; await delay(100)) {
    if (server.exitCode !== null) throw new Error(`VS Code's server ended: ${log()}`);
    const ready = await globalThis.fetch(`http://127.0.0.1:${port}/version`).catch(() => null);
    if (ready?.ok) return;
  }
  throw new Error(`VS Code's server did not start within a minute: ${log()}`);
}
