// Brings what a test in a real VS Code needs into a folder outside of the repository, from Debian and npm alone:
// Node 24 (the editor's own version), code-server (VS Code as a server), a headless browser and its driver.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const versions = {
  node: 'node@24.21.0',
  codeServer: 'code-server@4.139.1',
  tools: ['playwright-core@1.65.1', '@vscode/vsce@4.1.0'],
};

// Libraries that code-server's native modules are compiled against, and the browser.
const debian = [
  'libkrb5-dev',
  'libsecret-1-dev',
  'pkg-config',
  'python3',
  'g++',
  'make',
  'chromium',
];

/** Why the tests cannot run on this machine. */
class Unavailable extends Error {}

const cache =
  process.env.MEDDISTILL_VSCODE_CACHE ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'meddistill-vscode');

const paths = {
  node: join(cache, 'node24/node_modules/node/bin/node'),
  server: join(cache, 'app/node_modules/code-server'),
  playwright: join(cache, 'tools/node_modules/playwright-core/index.mjs'),
  vsce: join(cache, 'tools/node_modules/@vscode/vsce/vsce'),
};

/** @returns paths of node, server, playwright, vsce and chromium @throws Unavailable with the reason */
function install() {
  if (process.platform !== 'linux')
    throw new Unavailable(`the tests in VS Code need Linux; this is ${process.platform}`);
  if (!findChromium()) installDebian();
  const chromium = findChromium();
  if (!chromium) throw new Unavailable('there is no chromium');
  // npm is that of the surrounding Node, but runs under Node 24 for packages that ask for it.
  const environment = {
    ...process.env,
    PATH: `${join(paths.node, '..')}:${process.env.PATH}`,
    // Headers come from the system where it has them, and else from nodejs.org.
    ...(existsSync('/usr/include/node/node.h') ? { npm_config_nodedir: '/usr' } : {}),
  };
  npm('node24', [versions.node], process.env);
  npm('tools', versions.tools, environment);
  if (installed('app', [versions.codeServer])) return { ...paths, chromium };
  installDebian();
  npm('app', [versions.codeServer], environment);
  return { ...paths, chromium };
}

/** As `install`; where that cannot be, the program ends with the reason, as a failure in continuous integration. */
export function installOrSkip() {
  try {
    return install();
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    console.log(`Tests in VS Code are skipped: ${error.message}.`);
    process.exit(process.env.CI ? 1 : 0);
  }
}

/** Installs a VSIX into a folder of extensions, as a user's VS Code does. */
export function installExtension(tools, vsix, extensions) {
  mkdirSync(extensions, { recursive: true });
  const { status, stdout, stderr } = spawnSync(
    tools.node,
    [
      join(tools.server, 'lib/vscode/out/server-main.js'),
      ...['--accept-server-license-terms', '--extensions-dir', extensions],
      ...['--server-data-dir', join(extensions, '..', 'install'), '--install-extension', vsix],
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0 || !/successfully installed/.test(stdout))
    throw new Error(`${vsix} could not be installed: ${stdout}${stderr}`);
}

const findChromium = () =>
  [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
    (path) => path && existsSync(path),
  );

function installDebian() {
  const missing = debian.filter(
    (name) => spawnSync('dpkg', ['-s', name], { stdio: 'ignore' }).status !== 0,
  );
  if (missing.length === 0) return;
  if (process.getuid() !== 0 || spawnSync('which', ['apt-get']).status !== 0)
    throw new Unavailable(`these packages of Debian are missing: ${missing.join(' ')}`);
  console.log(`Installing ${missing.join(' ')}`);
  const apt = (...args) =>
    spawnSync('apt-get', ['-qq', '-y', '-o', 'DPkg::Lock::Timeout=300', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status;
  if (apt('update') !== 0 || apt('install', ...missing) !== 0)
    throw new Unavailable(`apt-get could not install ${missing.join(' ')}`);
}

const markOf = (folder) => join(cache, folder, 'installed');

/** A folder counts once everything in it was installed, which an interrupted attempt does not leave behind. */
const installed = (folder, packages) =>
  existsSync(markOf(folder)) && readFileSync(markOf(folder), 'utf8') === packages.join(' ');

function npm(folder, packages, env) {
  if (installed(folder, packages)) return;
  const path = join(cache, folder);
  console.log(`Installing ${packages.join(' ')} in ${path}`);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'package.json'), '{ "private": true }\n');
  const { status, stderr, stdout } = spawnSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages],
    { cwd: path, env, encoding: 'utf8' },
  );
  if (status !== 0)
    throw new Unavailable(
      `npm could not install ${packages.join(' ')}: ${(stderr || stdout).slice(-2000)}`,
    );
  writeFileSync(markOf(folder), packages.join(' '));
}
