// Bundles the extension, the engine's child process and the command line into dist/.
import { build, context } from 'esbuild';

const watch = process.argv.includes('--watch');
const options = {
  entryPoints: {
    extension: 'extension/extension.ts',
    server: 'engine/server.ts',
    cli: 'engine/cli.ts',
  },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: process.argv.includes('--production') ? false : 'linked',
  minify: process.argv.includes('--production'),
  external: ['vscode', 'onnxruntime-node', '@tensorflow/tfjs-node-gpu'],
  logLevel: 'info',
};

if (watch) await (await context(options)).watch();
else await build(options);
