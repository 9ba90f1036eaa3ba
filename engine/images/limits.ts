import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { UserError } from '../errors';
import { reasonOf } from './reason';

/** More samples than this in one file are refused: a header that lies must not exhaust the memory. */
export const maxSamples = 2 ** 31;

/** Deflate packs at most 1032 bytes into one, so a file cannot hold more than that. */
const deflateRatio = 1032;

/** Refuses dimensions that are not positive whole numbers or whose product exceeds `maxSamples`. */
export function checkDimensions(path: string, dimensions: readonly number[]): void {
  const product = dimensions.reduce((a, b) => a * b, 1);
  if (dimensions.some((n) => !Number.isInteger(n) || n < 1))
    throw new UserError(
      `${path}: the header states the dimensions ${dimensions.join(' x ')}; each must be at least 1.`,
    );
  if (product > maxSamples)
    throw new UserError(
      `${path}: the header states ${dimensions.join(' x ')} = ${product} samples; at most ${maxSamples} are read.`,
    );
}

/**
 * Refuses a file too small to hold `needed` bytes even at the best compression that its format can reach, so that what is
 * allocated for a file follows from its size: at most `ratio` times that, or `least` where this is more.
 */
export function checkPlausible(
  path: string,
  fileBytes: number,
  needed: number,
  ratio = deflateRatio,
  least = 4096,
): void {
  if (needed > Math.max(fileBytes * ratio, least))
    throw new UserError(
      `${path}: the header promises ${needed} bytes of samples, more than a file of ${fileBytes} bytes can hold; it is truncated or its dimensions are wrong.`,
    );
}

/** A gzipped picture may inflate to this multiple of its file, or to this many bytes: no photograph shrinks as far. */
const pictureRatio = 64;
const pictureLeast = 2 ** 26;

const gunzipAsync = promisify(zlib.gunzip);

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** The beginning of what a gzip stream holds: enough for a header. */
export function gunzipStart(path: string, bytes: Uint8Array): Buffer {
  try {
    // A partial stream is expected here, hence the flush mode; 4 KiB inflate to 4 MiB at most.
    return zlib.gunzipSync(bytes.subarray(0, 4096), { finishFlush: zlib.constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw new UserError(`${path}: the gzip stream is damaged (${reasonOf(error)}).`);
  }
}

/** Inflates a gzipped picture, whose size is not known before. @throws UserError as `gunzip` */
export function gunzipPicture(path: string, bytes: Uint8Array): Promise<Buffer> {
  const limit = Math.max(pictureLeast, pictureRatio * bytes.length);
  return gunzip(path, bytes, limit, 'a picture of its size could have');
}

/** Inflates a gzip stream of which at most `limit` bytes are expected; more, a cut or a damaged stream is refused. */
export async function gunzip(
  path: string,
  bytes: Uint8Array,
  limit: number,
  expectation = 'its header announces',
): Promise<Buffer> {
  try {
    return await gunzipAsync(bytes, { maxOutputLength: limit });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new UserError(
        `${path}: the gzip stream holds more than the ${limit} bytes that ${expectation}.`,
      );
    if (code === 'Z_BUF_ERROR') throw new UserError(`${path}: the gzip stream is truncated.`);
    throw new UserError(`${path}: the gzip stream is damaged (${reasonOf(error)}).`);
  }
}
