// Makes one VSIX a platform: node scripts/package.mjs [TARGET... | --all], by default for this machine's platform.
// With --wasm it has the WASM runtime alone, as for platforms without a native one, to be tried on this one.
// With --prepare, as `vsce package` calls it, it only fills dist/, for the platform in MEDDISTILL_TARGET or this one.
// Contents are held against what belongs into a VSIX, sizes (in kB) against scripts/budgets.json.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { notices, packagesIn, packagesOf } from './notices.mjs';
import { copyRuntime, targets, thisTarget } from './runtime.mjs';

const root = resolve(import.meta.dirname, '..');
process.chdir(root);
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const budgets = JSON.parse(readFileSync('scripts/budgets.json', 'utf8'));

const run = (command, args, options = {}) => {
  const { status } = spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    ...options,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
};
/** Fills a folder with the bundles, the runtime and the notices of both. */
function fill(dist, target, native) {
  const list = join(dist, 'inputs.json');
  run(process.execPath, ['esbuild.mjs', '--production', '--out', dist, '--inputs', list]);
  copyRuntime(target, dist, native);
  const bundled = packagesOf(JSON.parse(readFileSync(list, 'utf8')));
  const shipped = packagesIn(join(dist, 'node_modules'), 'node_modules');
  writeFileSync(join(dist, 'ThirdPartyNotices.txt'), notices([...bundled, ...shipped]));
  rmSync(list);
}

/** Paths in a VSIX that belong there. */
const belongs = [
  /^(package\.json|readme\.md|changelog\.md|LICENSE(\.txt)?)$/i,
  /^engine\/config\/distill\.schema\.json$/,
  /^media\/[\w/.-]+\.(png|svg|md)$/,
  /^dist\/(extension|server|cli|dcmjs-codecs)\.js$/,
  /^dist\/ThirdPartyNotices\.txt$/,
  /^dist\/[\w-]+\.wasm$/,
  /^dist\/webviews\/[\w-]+\.(js|css|ttf)$/,
  /^dist\/node_modules\/onnxruntime-(common|node|web)\//,
];

if (process.argv.includes('--prepare')) {
  fill('dist', process.env.MEDDISTILL_TARGET ?? thisTarget);
} else {
  const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  const chosen = process.argv.includes('--all')
    ? Object.keys(targets)
    : named.length > 0
      ? named
      : [thisTarget];
  for (const target of chosen) packageFor(target, process.argv.includes('--wasm'));
}

function packageFor(target, wasmOnly) {
  const stage = join(root, 'vsix', target);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  for (const path of [
    '.vscodeignore',
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    'media',
    'engine/config/distill.schema.json',
  ])
    cpSync(path, join(stage, path), { recursive: true });
  // Everything is bundled already, and nothing is to be run.
  const published = { ...manifest, scripts: {}, dependencies: {}, devDependencies: {} };
  writeFileSync(join(stage, 'package.json'), JSON.stringify(published, null, 2));
  fill(join(stage, 'dist'), target, wasmOnly ? null : undefined);

  const file = join(
    root,
    'vsix',
    `${manifest.name}-${manifest.version}-${target}${wasmOnly ? '-wasm' : ''}.vsix`,
  );
  const vsce = join(root, 'node_modules/@vscode/vsce/vsce');
  const common = ['--no-dependencies'];
  run(process.execPath, [vsce, 'package', ...common, '--target', target, '--out', file], {
    cwd: stage,
  });
  const listed = spawnSync(process.execPath, [vsce, 'ls', ...common], {
    cwd: stage,
    encoding: 'utf8',
  });
  const paths = listed.stdout.split('\n').filter((path) => path !== '');
  const strays = paths.filter((path) => !belongs.some((pattern) => pattern.test(path)));
  if (paths.length === 0 || strays.length > 0)
    throw new Error(`These do not belong into the VSIX of ${target}: ${strays.join(', ')}`);

  const missing = Object.keys(budgets.bundles).filter((name) => !paths.includes(`dist/${name}`));
  if (missing.length > 0)
    throw new Error(`These are not in the VSIX of ${target}: ${missing.join(', ')}`);

  const kilobytes = (path) => Math.ceil(statSync(path).size / 1000);
  const checks = [
    ...Object.entries(budgets.bundles).map(([name, budget]) => [
      name,
      kilobytes(join(stage, 'dist', name)),
      budget,
    ]),
    [`VSIX of ${target}`, kilobytes(file), budgets.vsix[target]],
  ];
  console.log(`${file}: ${paths.length} files`);
  for (const [name, size, budget] of checks) console.log(`  ${name}: ${size} kB of ${budget} kB`);
  const over = checks.filter(([, size, budget]) => size > budget);
  if (over.length > 0)
    throw new Error(
      `Over budget: ${over.map(([name, size, budget]) => `${name} ${size} kB > ${budget} kB`).join(', ')}`,
    );
  rmSync(stage, { recursive: true });
}
