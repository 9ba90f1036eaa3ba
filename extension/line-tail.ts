import { closeSync, fstatSync, openSync } from 'node:fs';
import type { LinePlace } from '../engine/contract/runs';
import { unfollowed } from '../engine/runs/inside';
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

/** Null where it is no regular file. */
function opened(path: string): number | null {
  try {
    const file = openSync(path, unfollowed);
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
    return null;
  } catch {
    return null;
  }
}
