import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { CudaStatus, Driver } from '../../../contract/cuda';
import { UserError } from '../../../errors';
import { cudaFolder, installedCuda, installedVersions } from './installed';

const run = promisify(execFile);
const seconds = 10;

/**
 * The version of the ONNX Runtime that the product brings.
 * @throws UserError where it brings none
 */
export function bundledVersion(): string {
  let main: string;
  try {
    main = require.resolve('onnxruntime-node');
  } catch {
    throw new UserError(
      `ONNX Runtime's native build is not here for ${process.platform} ${process.arch}, and CUDA needs it.`,
    );
  }
  const text = readFileSync(join(dirname(dirname(main)), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

export async function cudaStatus(): Promise<CudaStatus> {
  const version = bundledVersion();
  const installed = installedCuda(version);
  const folder = cudaFolder(version);
  const library = Object.keys(installed?.files ?? {}).find((path) => /_cuda\.so$/.test(path));
  return {
    version,
    installed,
    folder,
    unused: installedVersions().filter((other) => other !== version || !installed),
    driver: await findDriver(),
    missing: library === undefined ? [] : await missingLibraries(join(folder, library)),
  };
}

/** Null where there is none, or its tool does not say. `tool`: the program that is asked. */
export async function findDriver(tool = 'nvidia-smi'): Promise<Driver | null> {
  try {
    const query = ['--query-gpu=name,driver_version', '--format=csv,noheader'];
    const options = { timeout: 1000 * seconds };
    const [line] = (await run(tool, query, options)).stdout.split('\n');
    const [gpu, version] = line.split(',').map((part) => part.trim());
    if (!gpu || !version) return null;
    const { stdout } = await run(tool, [], options);
    return { gpu, version, cuda: /CUDA Version:\s*([\d.]+)/.exec(stdout)?.[1] ?? null };
  } catch {
    return null;
  }
}

/** What the system's loader does not find of what a library needs; none where it cannot be asked. */
export async function missingLibraries(library: string): Promise<string[]> {
  try {
    const { stdout } = await run('ldd', [library], { timeout: 1000 * seconds });
    return [...stdout.matchAll(/^\s*(\S+) => not found/gm)].map(([, name]) => name);
  } catch {
    return [];
  }
}

/** Why the device does not start, and what would make it: a clause. `reason`: the runtime's own words. */
export async function cudaReason(reason: string): Promise<string> {
  const { installed, missing, driver } = await cudaStatus();
  if (!installed) return `${reason}; "meddistill cuda install" gets ONNX Runtime's CUDA libraries`;
  if (missing.length)
    return `${reason}; this machine lacks ${missing.join(', ')}, of CUDA, cuDNN or NVIDIA's driver`;
  return driver ? reason : `${reason}; nvidia-smi finds no NVIDIA driver`;
}
