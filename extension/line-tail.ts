import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { LinePlace } from '../engine/contract/runs';
import { readLines } from '../engine/runs/lines';

/** What is new in a file of lines; `reset`: everything before it is gone, the file was written anew. */
export interface NewLines {
  lines: string[];
  reset: boolean;
}

/** What is read at once, in bytes: little enough for the editor's own process. */
const piece = 1 << 23;

/**
 * Reads a growing file of lines from where the last read ended; a shorter or another file is read from its start. Of a file that grew
 * far, each read takes a piece.
 */
export class LineTail {
  private place: LinePlace | null = null;

  constructor(private readonly file: string) {}

  read(): NewLines {
    const { lines, reset, next } = readLines(this.file, this.place, piece);
    this.place = next;
    return { lines, reset };
  }

  /** Passes over the lines that are there. */
  skip(): void {
    const file = opened(this.file);
    if (file === null) return;
    const { ino: inode, size: offset } = fstatSync(file);
    closeSync(file);
    this.place = { inode, offset, isSkipping: false };
  }
}

/** The last lines of a text file, as many as lie in its last 256 KiB; none where it cannot be read. */
export function lastLines(path: string): string[] {
  const file = opened(path);
  if (file === null) return [];
  try {
    const { size } = fstatSync(file);
    const from = Math.max(0, size - endBytes);
    const bytes = Buffer.alloc(size - from);
    const read = readSync(file, bytes, 0, bytes.length, from);
    const lines = bytes.toString('utf8', 0, read).trimEnd().split('\n');
    // The first is most likely the end of one.
    return from > 0 ? lines.slice(1) : lines;
  } catch {
    return [];
  } finally {
    closeSync(file);
  }
}

const endBytes = 1 << 18;

/** Null where it is no regular file. */
function opened(path: string): number | null {
  try {
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
    return null;
  } catch {
    return null;
  }
}
