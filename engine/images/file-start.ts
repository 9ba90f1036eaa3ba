import { UserError } from '../errors';
import { openRegular } from '../files';
import { gunzipStart, isGzip } from './limits';

/** The beginning of a file: enough for a header. */
export interface FileStart {
  gzipped: boolean;
  /** Its first bytes, inflated. */
  head: Uint8Array;
}

const headBytes = 4096;

/** The beginning of a file whose content is, or begins with, `bytes`. @throws UserError for a damaged gzip stream */
export function startOf(path: string, bytes: Uint8Array): FileStart {
  const gzipped = isGzip(bytes);
  return { gzipped, head: gzipped ? gunzipStart(path, bytes) : bytes };
}

/** A file's first bytes as they lie on the disk. */
export async function readHead(path: string): Promise<Uint8Array> {
  const { file } = await openRegular(path);
  try {
    const buffer = new Uint8Array(headBytes);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The beginning of a file. @throws UserError where it cannot be read, or is empty */
export async function readStart(path: string): Promise<FileStart> {
  let head: Uint8Array;
  try {
    head = await readHead(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (head.length === 0) throw new UserError(`${path} is empty.`);
  return startOf(path, head);
}

/** Why a file or a folder cannot be read, in a sentence. */
export function unreadable(path: string, error: unknown): UserError {
  if (error instanceof UserError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return new UserError(
    code === 'ENOENT' ? `${path} does not exist.` : `${path} cannot be read (${message}).`,
  );
}
