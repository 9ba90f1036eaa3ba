import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import type { LinePlace } from '../contract/runs';
import { unfollowed } from './inside';

const chunkBytes = 1 << 16;
/** A longer line is none that a run writes. */
const longestLine = 1 << 22;
const newline = 0x0a;

/** The whole lines of a text file, read in pieces; a line without an end and one of more than 4 MiB are left out. */
export function* linesOf(path: string): Generator<string> {
  const file = openSync(path, unfollowed);
  try {
    if (!fstatSync(file).isFile()) return;
    let begun: Buffer[] = [];
    let length = 0;
    const add = (part: Buffer) => {
      length += part.length;
      if (length <= longestLine) begun.push(part);
      else begun = [];
    };
    for (;;) {
      const chunk = Buffer.alloc(chunkBytes);
      const read = readSync(file, chunk, 0, chunkBytes, null);
      if (read === 0) return;
      let from = 0;
      for (;;) {
        const end = chunk.subarray(0, read).indexOf(newline, from);
        add(chunk.subarray(from, end < 0 ? read : end));
        if (end < 0) break;
        if (length <= longestLine) yield Buffer.concat(begun).toString('utf8');
        begun = [];
        length = 0;
        from = end + 1;
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Lines of a file that grows, as far as they were read at once. */
export interface ReadLines {
  lines: string[];
  /** All that was read before is void: another file took its place, or it became shorter. */
  reset: boolean;
  /** Whether there is more already. */
  more: boolean;
  next: LinePlace;
}

/**
 * Reads on in a text file of which lines are added, from a place in it or its beginning, at most `bytes`. A line whose end is not
 * there is left for later, one of more than `longest` bytes is left out; `longest` is less than `bytes`.
 */
export function readLines(
  path: string,
  from: LinePlace | null,
  bytes: number,
  longest = longestLine,
): ReadLines {
  const nothing = { lines: [], more: false };
  let file: number;
  try {
    file = openSync(path, unfollowed);
  } catch {
    const next = { inode: null, offset: 0, isSkipping: false };
    return { ...nothing, reset: (from?.offset ?? 0) > 0, next };
  }
  try {
    const found = fstatSync(file);
    const size = found.isFile() ? found.size : 0;
    const isSame = from?.inode === found.ino && from.offset <= size;
    const reset = from !== null && from.inode !== null && !isSame;
    let { offset, isSkipping } = isSame ? from : { offset: 0, isSkipping: false };
    const place = (): LinePlace => ({ inode: found.ino, offset, isSkipping });
    if (offset >= size) return { ...nothing, reset, next: place() };
    const buffer = Buffer.alloc(Math.min(bytes, size - offset));
    const piece = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, offset));
    let begin = 0;
    if (isSkipping) {
      const end = piece.indexOf(newline);
      begin = end < 0 ? piece.length : end + 1;
      isSkipping = end < 0;
    }
    const lines: string[] = [];
    for (let end; (end = piece.indexOf(newline, begin)) >= 0; begin = end + 1)
      if (end > begin && end - begin <= longest) lines.push(piece.toString('utf8', begin, end));
    // What was begun is read again with its end, unless it is too long already.
    if (piece.length - begin > longest) {
      begin = piece.length;
      isSkipping = true;
    }
    const moved = begin > 0;
    offset += begin;
    return { lines, reset, more: moved && offset < size, next: place() };
  } finally {
    closeSync(file);
  }
}

/** Takes away what stands behind the last line's end: a line that a killed process had begun. */
export function dropBegunLine(path: string): void {
  const file = openSync(path, 'r+');
  try {
    let end = fstatSync(file).size;
    const chunk = Buffer.alloc(chunkBytes);
    while (end > 0) {
      const from = Math.max(0, end - chunkBytes);
      const read = readSync(file, chunk, 0, end - from, from);
      const last = chunk.subarray(0, read).lastIndexOf(newline);
      if (last >= 0) {
        end = from + last + 1;
        break;
      }
      end = from;
    }
    if (end < fstatSync(file).size) ftruncateSync(file, end);
  } finally {
    closeSync(file);
  }
}
