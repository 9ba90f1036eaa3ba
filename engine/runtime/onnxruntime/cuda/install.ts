import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { cp, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { openPromise } from 'yauzl';
import type { CudaOffer, CudaSource, Installation } from '../../../contract/cuda';
import { UserError } from '../../../errors';
import { get } from './feed';
import { cudaFolder, dataFolder, partFolder, removeCutOff } from './installed';

export interface InstallOptions {
  /** Told the share of the download that is there. */
  onProgress?: (share: number) => void;
  signal?: AbortSignal;
}

/** A library of the package may be so large. */
const largestFile = 4 * 2 ** 30;
const day = 24 * 3600e3;

/**
 * Downloads the package, compares its SHA-512, and lays its CUDA libraries beside a copy of ONNX Runtime's own, where that looks for them.
 * All of it is done in a folder without a name, which is tried in a process of its own before it takes the place of an earlier one: a
 * failure, at whatever point, leaves what was there.
 * @throws UserError, one sentence; what `signal` brings where it comes
 */
export async function installCuda(
  source: CudaSource,
  offer: CudaOffer,
  { onProgress = () => {}, signal }: InstallOptions = {},
): Promise<Installation> {
  const part = partFolder();
  try {
    await mkdir(dataFolder(), { recursive: true, mode: 0o700 });
    await removeCutOff(day);
    await mkdir(part, { mode: 0o700 });
    const archive = join(part, 'package.nupkg');
    await download(offer, archive, onProgress, signal);
    const library = await copyRuntime(part);
    await unpack(archive, source, library, signal);
    await rm(archive);
    const installation: Installation = {
      version: source.version,
      package: source.package,
      cuda: source.cuda,
      sha512: offer.sha512,
      files: await sizesIn(part),
    };
    await tryOut(part);
    await writeFile(join(part, 'installed.json'), JSON.stringify(installation, null, 2), {
      flush: true,
    });
    signal?.throwIfAborted();
    await takePlace(part, cudaFolder(source.version));
    return installation;
  } catch (error) {
    if (signal?.aborted || error instanceof UserError) throw error;
    throw new UserError(
      `The CUDA libraries cannot be installed in ${dataFolder()} (${reason(error)}).`,
    );
  } finally {
    await rm(part, { recursive: true, force: true }).catch(() => {});
  }
}

const reason = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' ? 'its disk is full' : message;
};

async function download(
  { url, bytes, sha512 }: CudaOffer,
  to: string,
  onProgress: (share: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const { body } = await get(url, signal);
  const hash = createHash('sha512');
  let length = 0;
  const cutOff = (why: string) =>
    new UserError(`The download from ${url} ended after ${length} of ${bytes} bytes${why}.`);
  async function* counted() {
    const chunks = (body as unknown as AsyncIterable<Uint8Array, undefined>)[
      Symbol.asyncIterator
    ]();
    for (;;) {
      const { done, value } = await chunks.next().catch((error: Error) => {
        if (signal?.aborted) throw error;
        throw cutOff(` (${error.message})`);
      });
      if (done) return;
      length += value.length;
      if (length > bytes)
        throw new UserError(`${url} is longer than the ${bytes} bytes that its feed says.`);
      hash.update(value);
      onProgress(length / bytes);
      yield value;
    }
  }
  await pipeline(counted, createWriteStream(to, { flags: 'wx' }), { signal });
  if (length < bytes) throw cutOff('');
  if (hash.digest('base64') !== sha512)
    throw new UserError(
      `What came from ${url} has not the SHA-512 that its feed says; nothing was installed.`,
    );
}

/** Copies what of ONNX Runtime this platform loads; returns the folder of its library. */
async function copyRuntime(to: string): Promise<string> {
  const main = require.resolve('onnxruntime-node');
  const node = dirname(dirname(main));
  const common = dirname(dirname(dirname(createRequire(main).resolve('onnxruntime-common'))));
  const binaries = join('bin', 'napi-v6', process.platform, process.arch);
  const runtime = join(to, 'node_modules', 'onnxruntime-node');
  for (const path of ['package.json', 'dist', binaries])
    await cp(join(node, path), join(runtime, path), { recursive: true, dereference: true });
  for (const path of ['package.json', join('dist', 'cjs')])
    await cp(join(common, path), join(to, 'node_modules', 'onnxruntime-common', path), {
      recursive: true,
      dereference: true,
    });
  return join(runtime, binaries);
}

async function unpack(
  archive: string,
  source: CudaSource,
  to: string,
  signal?: AbortSignal,
): Promise<void> {
  const missing = new Map(Object.entries(source.files).map(([name, path]) => [path, name]));
  const zip = await openPromise(archive).catch((error: Error) => {
    throw new UserError(
      `${source.package} ${source.version} is no readable archive (${error.message}).`,
    );
  });
  try {
    for await (const entry of zip.eachEntry()) {
      const name = missing.get(entry.fileName);
      if (name === undefined) continue;
      if (entry.uncompressedSize > largestFile)
        throw new UserError(`${entry.fileName} of ${source.package} is larger than 4 GiB.`);
      const stream = await zip.openReadStreamPromise(entry);
      await pipeline(stream, createWriteStream(join(to, name)), { signal });
      await requireLibrary(join(to, name), entry.fileName);
      missing.delete(entry.fileName);
    }
  } finally {
    zip.close();
  }
  if (missing.size)
    throw new UserError(
      `${source.package} ${source.version} has no ${[...missing.keys()].join(' and no ')}.`,
    );
}

async function requireLibrary(path: string, name: string): Promise<void> {
  const file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0).finally(() => file.close());
  if (buffer.toString('latin1') !== '\x7fELF')
    throw new UserError(`${name} is no library of Linux.`);
}

/** Every file below, with its bytes. */
async function sizesIn(folder: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const path of await readdir(folder, { recursive: true })) {
    const found = await stat(join(folder, path));
    if (found.isFile()) sizes[path] = found.size;
  }
  return sizes;
}

/** Loads the copy in a process of its own, which a library that does not fit may end. */
async function tryOut(folder: string): Promise<void> {
  const script = `require(${JSON.stringify(join(folder, 'node_modules', 'onnxruntime-node'))}).listSupportedBackends()`;
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  await promisify(execFile)(process.execPath, ['-e', script], { env, timeout: 60_000 }).catch(
    (error: Error & { stderr?: string }) => {
      const why = error.stderr?.split('\n').find((line) => /Error/.test(line)) ?? error.message;
      throw new UserError(`The copy of ONNX Runtime in ${folder} does not load (${why.trim()}).`);
    },
  );
}

/** The folder gets its name at once; the earlier one that had it goes. */
async function takePlace(part: string, folder: string): Promise<void> {
  const earlier = partFolder();
  const had = await rename(folder, earlier).then(
    () => true,
    () => false,
  );
  try {
    await rename(part, folder);
  } catch (error) {
    if (had) await rename(earlier, folder);
    throw error;
  }
  if (had) await rm(earlier, { recursive: true, force: true });
}
