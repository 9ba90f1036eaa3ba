// Bundles the extension, the engine's child process and the command line into dist/, or the folder behind --out. A list of the files that
// went into the bundles is written to the one behind --inputs.
import { build, context } from 'esbuild';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';

const watch = process.argv.includes('--watch');
const production = process.argv.includes('--production');
const behind = (flag) =>
  process.argv.includes(flag) ? process.argv[process.argv.indexOf(flag) + 1] : undefined;
const out = behind('--out') ?? 'dist';
const shared = {
  bundle: true,
  metafile: true,
  sourcemap: production ? false : 'linked',
  minify: production,
  logLevel: 'info',
};

/** The codecs of compressed DICOM images, large and seldom needed, are a bundle of their own that the others load when they are. */
const codecsApart = {
  name: 'codecs-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^dcmjs-codecs$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: './dcmjs-codecs.js', external: true },
    );
  },
};

const node = {
  ...shared,
  entryPoints: {
    extension: 'extension/extension.ts',
    server: 'engine/server/server.ts',
    cli: 'engine/cli/cli.ts',
    'dcmjs-codecs': 'dcmjs-codecs',
  },
  plugins: [codecsApart],
  outdir: out,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // jsonc-parser's "main" cannot be bundled.
  mainFields: ['module', 'main'],
  external: ['vscode', 'onnxruntime-node', 'onnxruntime-web'],
};

// One script and one style sheet a view, for the browser's sandbox.
const views = existsSync('webviews')
  ? readdirSync('webviews').filter((name) => existsSync(`webviews/${name}/main.ts`))
  : [];
const pages = {
  ...shared,
  entryPoints: Object.fromEntries(views.map((name) => [name, `webviews/${name}/main.ts`])),
  outdir: `${out}/webviews`,
  platform: 'browser',
  target: 'es2022',
  format: 'iife',
  loader: { '.ttf': 'file' },
  assetNames: '[name]',
};

// The codecs' WebAssembly, looked for beside the bundle.
const codecs = 'node_modules/dcmjs-codecs/build/dcmjs-native-codecs.wasm';
mkdirSync(out, { recursive: true });
copyFileSync(codecs, `${out}/dcmjs-native-codecs.wasm`);

// A runtime packaged with an earlier build must not be taken for the installed one.
rmSync(`${out}/node_modules`, { recursive: true, force: true });

const inputs = new Set([codecs]);
for (const options of views.length > 0 ? [node, pages] : [node])
  if (watch) await (await context(options)).watch();
  else for (const file of Object.keys((await build(options)).metafile.inputs)) inputs.add(file);
if (behind('--inputs')) writeFileSync(behind('--inputs'), JSON.stringify([...inputs].sort()));
