// What of ONNX Runtime a platform needs, copied beside the bundles, where they find it.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** VS Code's name of a platform -> the folder of ONNX Runtime's native build for it; null: it has none, and runs the WASM build. */
export const targets = {
  'linux-x64': 'linux/x64',
  'linux-arm64': 'linux/arm64',
  'win32-x64': 'win32/x64',
  'win32-arm64': 'win32/arm64',
  'darwin-arm64': 'darwin/arm64',
  'darwin-x64': null,
  'alpine-x64': null,
  'alpine-arm64': null,
};

export const thisTarget = `${process.platform}-${process.arch}`;

/** Fills DIST/node_modules with the runtime of a target, and nothing else; `native` null: the WASM build alone. */
export function copyRuntime(target, dist, native = targets[target]) {
  if (!(target in targets))
    throw new Error(`${target} is none of the targets: ${Object.keys(targets).join(', ')}`);
  const to = join(dist, 'node_modules');
  rmSync(to, { recursive: true, force: true });
  const copy = (path) => {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(join('node_modules', path), join(to, path));
  };
  const scripts = (folder) =>
    readdirSync(join('node_modules', folder))
      .filter((name) => name.endsWith('.js') || name === 'package.json')
      .forEach((name) => copy(`${folder}/${name}`));
  copy('onnxruntime-common/package.json');
  scripts('onnxruntime-common/dist/cjs');
  // The WASM build serves the device "wasm", which anyone may ask for, and platforms without a native build.
  copy('onnxruntime-web/package.json');
  for (const name of [
    'ort.node.min.js',
    'ort-wasm-simd-threaded.mjs',
    'ort-wasm-simd-threaded.wasm',
  ])
    copy(`onnxruntime-web/dist/${name}`);
  if (native === null) return;
  copy('onnxruntime-node/package.json');
  scripts('onnxruntime-node/dist');
  // Where its CUDA libraries come from, for who asks for them.
  for (const name of ['install-metadata.js', 'install-metadata-versions.js'])
    copy(`onnxruntime-node/script/${name}`);
  const binaries = `onnxruntime-node/bin/napi-v6/${native}`;
  if (!existsSync(join('node_modules', binaries)))
    throw new Error(`onnxruntime-node has nothing for ${target} in ${binaries}`);
  // On macOS the library is there twice; the binding loads the one with the short name.
  for (const name of readdirSync(join('node_modules', binaries)))
    if (!/\.\d+\.\d+\.\d+\.dylib$/.test(name)) copy(`${binaries}/${name}`);
}
