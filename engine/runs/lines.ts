import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';

const chunkBytes = 1 << 16;
/** A longer line is none that a run writes. */
const longestLine = 1 << 22;
const newline = 0x0a;

/** The whole lines of a text file, read in pieces; a line without an end and one of more than 4 MiB are left out. */
export function* linesOf(path: string): Generator<string> {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
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
