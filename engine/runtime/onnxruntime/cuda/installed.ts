import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Installation } from '../../../contract/cuda';

const prefix = 'cuda-';
const unfinished = /^\.[0-9a-f]{12}\.part$/;

/**
 * The folder of a person's data, beside no version of the extension: `MEDDISTILL_DATA`, else as the XDG base directories are. The editor
 * and the command line share it.
 */
export function dataFolder(): string {
  const { MEDDISTILL_DATA: own, XDG_DATA_HOME: xdg } = process.env;
  if (own !== undefined && isAbsolute(own)) return own;
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.local', 'share');
  return join(base, 'meddistill');
}

/** Where the libraries of a version of ONNX Runtime lie. */
export const cudaFolder = (version: string): string => join(dataFolder(), `${prefix}${version}`);

/** A folder to work in, of which nobody takes notice before it is renamed. */
export const partFolder = (): string =>
  join(dataFolder(), `.${randomBytes(6).toString('hex')}.part`);

/**
 * The installation for a version of ONNX Runtime; null where there is none, or where a file is missing, has another size, or where the
 * folder is somebody else's: what lies in it is run.
 */
export function installedCuda(version: string): Installation | null {
  const folder = cudaFolder(version);
  try {
    if (process.getuid && statSync(folder).uid !== process.getuid()) return null;
    const found = JSON.parse(readFileSync(join(folder, 'installed.json'), 'utf8')) as Installation;
    const whole = Object.entries(found.files).every(
      ([path, bytes]) => statSync(join(folder, path)).size === bytes,
    );
    return found.version === version && whole ? found : null;
  } catch {
    return null;
  }
}

/** The package of the runtime to load instead of the one that the product brings; null where none is installed. */
export const installedRuntime = (version: string): string | null =>
  installedCuda(version) && join(cudaFolder(version), 'node_modules', 'onnxruntime-node');

/** Versions for which something is installed, whole or not. */
export function installedVersions(): string[] {
  try {
    return readdirSync(dataFolder())
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
  } catch {
    return [];
  }
}

/** Removes the libraries of every version, and what installations left that were cut off. Returns whether there were any. */
export async function removeCuda(): Promise<boolean> {
  const versions = installedVersions();
  for (const version of versions) {
    // Gone at once for whoever starts now, also where the removal is cut off.
    const part = partFolder();
    await rename(cudaFolder(version), part);
    await rm(part, { recursive: true, force: true });
  }
  await removeCutOff(0);
  return versions.length > 0;
}

/** Removes what installations left that were cut off; one that still goes on is younger than `age`, in ms. */
export async function removeCutOff(age: number): Promise<void> {
  const names = await readdir(dataFolder()).catch(() => []);
  for (const name of names) {
    if (!unfinished.test(name)) continue;
    const path = join(dataFolder(), name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs >= age) await rm(path, { recursive: true, force: true });
  }
}
