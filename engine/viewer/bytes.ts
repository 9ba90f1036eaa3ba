import { randomBytes } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { open, rm, statfs, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { UserError } from '../errors';
import { openRegular } from '../files';
import { checkPlausible } from '../images/limits';

/** Bytes of a file (inflated, if it is gzipped) that are read piece by piece, never as a whole. */
export interface ByteSource {
  /** @throws UserError where the file ends before, or is damaged */
  read(position: number, length: number): Promise<Buffer<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Some writers pad the end; a stream that goes on for longer is not what the header says. */
const padding = 2 ** 20;

/** Opens a file of which the bytes up to `end` (inflated, if `gzipped`) will be read. @throws UserError */
export async function openBytes(path: string, gzipped: boolean, end: number): Promise<ByteSource> {
  const { file: handle, stats } = await openRegular(path);
  const { size } = stats;
  if (gzipped || size < end) await handle.close();
  if (gzipped) {
    checkPlausible(path, size, end);
    return InflatedBytes.open(path, end);
  }
  if (size < end)
    throw new UserError(
      `${path} is truncated: the header promises samples up to byte ${end}, but the file has ${size} bytes.`,
    );
  return {
    read: (position, length) => readAt(handle, path, position, length),
    close: () => handle.close(),
  };
}

async function readAt(
  handle: FileHandle,
  path: string,
  position: number,
  length: number,
): Promise<Buffer<ArrayBuffer>> {
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let at = 0; at < length;) {
    const { bytesRead } = await handle.read(bytes, at, length - at, position + at);
    if (bytesRead === 0)
      throw new UserError(`${path} ends at byte ${position + at}; it was cut while it was open.`);
    at += bytesRead;
  }
  return bytes;
}

/** Temporary files that could not be removed while they are open. */
const leftovers = new Set<string>();
process.once('exit', () => leftovers.forEach((path) => rmSync(path, { force: true })));

/** A file for as long as it is open: without a name where the system allows that, so that nothing is left behind by a crash. */
interface Scratch {
  handle: FileHandle;
  close(): Promise<void>;
}

/** @throws UserError where the disk has no room for `bytes` of what is in `path` */
async function openScratch(path: string, bytes: number): Promise<Scratch> {
  const folder = tmpdir();
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes + padding)
    throw new UserError(
      `${path} takes ${size(bytes)} unpacked, but ${folder}, where it would be unpacked, has ${size(bavail * bsize)} left.`,
    );
  const name = join(folder, `meddistill-${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  const handle = await open(name, 'wx+', 0o600);
  leftovers.add(name);
  const remove = () =>
    rm(name, { force: true }).then(
      () => void leftovers.delete(name),
      // Windows may keep it until it is closed.
      () => {},
    );
  await remove();
  return {
    handle,
    close: async () => {
      await handle.close();
      await remove();
    },
  };
}

/** Bytes that were made from the file `path`, put aside on the disk. */
export async function putAside(path: string, bytes: Uint8Array): Promise<ByteSource> {
  const scratch = await openScratch(path, bytes.length);
  try {
    await writeAll(scratch.handle, bytes, 0);
  } catch (error) {
    await scratch.close();
    throw sentence(path, error as NodeJS.ErrnoException);
  }
  return {
    read: (position, length) => readAt(scratch.handle, path, position, length),
    close: () => scratch.close(),
  };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;)
    at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
}

/**
 * A gzip stream, inflated once into a temporary file, since it cannot be entered in the middle. What is inflated already can be read
 * while the rest still is.
 */
class InflatedBytes implements ByteSource {
  private written = 0;
  private failure: Error | null = null;
  private done = false;
  private waiting: { until: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  private readonly input;

  static async open(path: string, end: number): Promise<InflatedBytes> {
    return new InflatedBytes(path, end, await openScratch(path, end));
  }

  private constructor(
    private readonly path: string,
    private readonly end: number,
    private readonly scratch: Scratch,
  ) {
    this.input = createReadStream(path, { highWaterMark: 2 ** 18 });
    void this.inflate();
  }

  private async inflate(): Promise<void> {
    const { path, end, input } = this;
    const { handle } = this.scratch;
    const output = createGunzip({ chunkSize: 2 ** 20 });
    input.on('error', (error) => output.destroy(error));
    input.pipe(output);
    try {
      for await (const chunk of output as AsyncIterable<Buffer>) {
        if (this.written + chunk.length > end + padding)
          throw new UserError(
            `${path}: the gzip stream holds more than the ${end} bytes that its header announces.`,
          );
        await writeAll(handle, chunk, this.written);
        this.written += chunk.length;
        this.settle();
      }
      if (this.written < end)
        throw new UserError(
          `${path} is truncated: the header promises ${end} bytes, but ${this.written} are there.`,
        );
    } catch (error) {
      this.failure = sentence(path, error as NodeJS.ErrnoException);
    } finally {
      input.destroy();
      this.done = true;
      this.settle();
    }
  }

  private settle(): void {
    const { failure, done } = this;
    this.waiting = this.waiting.filter(({ until, resolve, reject }) => {
      if (until <= this.written) resolve();
      else if (done) reject(failure ?? new UserError(`${this.path} ends before byte ${until}.`));
      else return true;
      return false;
    });
  }

  async read(position: number, length: number): Promise<Buffer<ArrayBuffer>> {
    await new Promise<void>((resolve, reject) => {
      this.waiting.push({ until: position + length, resolve, reject });
      this.settle();
    });
    return readAt(this.scratch.handle, this.path, position, length);
  }

  async close(): Promise<void> {
    this.input.destroy(new UserError(`${this.path} was closed.`));
    await this.scratch.close();
  }
}

function sentence(path: string, error: NodeJS.ErrnoException): Error {
  if (error instanceof UserError) return error;
  if (error.code === 'Z_BUF_ERROR') return new UserError(`${path}: the gzip stream is truncated.`);
  if (error.code === 'ENOSPC')
    return new UserError(`${path} cannot be unpacked: ${tmpdir()} is full.`);
  return new UserError(`${path}: the gzip stream is damaged (${error.message}).`);
}

/** A number of bytes for people, e.g. `1.5 GiB`. */
function size(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${(bytes / 1024 ** power).toFixed(power > 0 ? 1 : 0)} ${units[power]}`;
}
