import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import util from 'node:util';
import type { TensorFlow } from './laid-out';

/** The packages that have TensorFlow itself, the one for GPUs first: it runs on the processor too. */
const names = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** Names a folder to look in, before the one that this program is in. */
export const folderVariable = 'MEDDISTILL_TENSORFLOW';

/** A package with TensorFlow on this machine. */
export interface Package {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

/**
 * The package as it is installed: in the folder that the environment names, which is the package's own or one that it was installed
 * into, else where this program itself is. Nowhere else: neither a config nor a run's folder, which may be somebody else's, brings code.
 * @throws Error where it is not there
 */
export function findPackage(): Package {
  const named = process.env[folderVariable];
  const folders = [...(named ? [resolve(named)] : []), __dirname];
  for (const folder of folders)
    for (const name of names) {
      const found = packageIn(folder, name);
      if (found) return found;
    }
  throw new Error(
    `neither ${names.join(' nor ')} is installed in ${folders.join(' or ')}; run "npm install ${names[0]}" in a folder and name that in ${folderVariable}, in VS Code in the setting meddistill.tensorflowPath`,
  );
}

function packageIn(folder: string, name: string): Package | null {
  const own = manifest(join(folder, 'package.json'));
  if (own?.name === name) return { ...own, folder };
  try {
    // The file itself need not be there: it stands for any in the folder.
    const path = createRequire(join(folder, 'any.js')).resolve(`${name}/package.json`);
    const found = manifest(path);
    return found?.name === name ? { ...found, folder: dirname(path) } : null;
  } catch {
    return null;
  }
}

function manifest(path: string): { name: string; version: string } | null {
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { name: string; version: string };
  } catch {
    return null;
  }
}

/** Loads TensorFlow.js and TensorFlow with it, which has so many threads for as long as the process lives. */
export function loadPackage({ folder }: Package, threads: number): TensorFlow {
  // TensorFlow reads these once, when it is loaded; by default it has a thread for every core, and prints what it finds.
  process.env['TF_NUM_INTRAOP_THREADS'] ??= String(threads);
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  // tfjs-node 4.22 calls these two; Node 23 has them no more, and Node 22 warns of them.
  Object.assign(util, {
    isArray: Array.isArray,
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  });
  return createRequire(join(folder, 'package.json'))(folder) as TensorFlow;
}
