import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';

/** What is new in a file of lines; `reset`: everything before it is gone, the file was written anew. */
export interface NewLines {
  lines: string[];
  reset: boolean;
}

const chunk = 1 << 20;

/** Reads a growing file of lines from where the last read ended; a shorter or another file is read from its start. */
export class LineTail {
  private offset = 0;
  private inode: number | null = null;
  /** Bytes of a line whose end is not there yet. */
  private rest: Buffer = Buffer.alloc(0);

  constructor(private readonly file: string) {}

  read(): NewLines {
    let descriptor: number;
    try {
      // Neither a pipe nor a device, nor anything through a link: the folder may be somebody else's.
      if (!lstatSync(this.file).isFile()) throw new Error('It is no regular file.');
      const unfollowed = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
      descriptor = openSync(this.file, constants.O_RDONLY | unfollowed);
    } catch {
      const reset = this.offset > 0;
      this.restart(null);
      return { lines: [], reset };
    }
    try {
      const { size, ino } = fstatSync(descriptor);
      const reset = this.inode !== null && (ino !== this.inode || size < this.offset);
      if (reset || this.inode === null) this.restart(ino);
      const lines: string[] = [];
      while (this.offset < size) {
        const buffer = Buffer.alloc(Math.min(chunk, size - this.offset));
        const read = readSync(descriptor, buffer, 0, buffer.length, this.offset);
        if (read === 0) break;
        this.offset += read;
        const bytes = Buffer.concat([this.rest, buffer.subarray(0, read)]);
        const end = bytes.lastIndexOf(0x0a);
        this.rest = bytes.subarray(end + 1);
        if (end >= 0) lines.push(...bytes.toString('utf8', 0, end).split('\n'));
      }
      return { lines: lines.filter((line) => line !== ''), reset };
    } finally {
      closeSync(descriptor);
    }
  }

  private restart(inode: number | null): void {
    this.offset = 0;
    this.inode = inode;
    this.rest = Buffer.alloc(0);
  }
}
