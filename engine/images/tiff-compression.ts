/** How the strips and tiles of a TIFF are packed, apart from JPEG. */
import { inflateSync } from 'node:zlib';

/** None, LZW, Deflate by two numbers, PackBits. */
export const unpacked: readonly number[] = [1, 5, 8, 32946, 32773];

/** The bytes that `packed` stands for, at most `size` of them, of one of the compressions of `unpacked`. @throws Error where it is damaged */
export function unpack(compression: number, packed: Uint8Array, size: number): Uint8Array {
  switch (compression) {
    case 5:
      return unpackLzw(packed, size);
    case 8:
    case 32946:
      // As a plain array: a Buffer's `slice` would not copy.
      return new Uint8Array(inflateSync(packed, { maxOutputLength: 2 * size + 2 ** 20 })).subarray(
        0,
        size,
      );
    case 32773:
      return unpackRuns(packed, size);
    default:
      return packed.subarray(0, size);
  }
}

/** Names of compressions that are known but not read. */
export const compressionNames: Record<number, string | undefined> = {
  2: 'CCITT (modified Huffman)',
  3: 'CCITT Group 3',
  4: 'CCITT Group 4',
  6: 'old-style JPEG',
  33003: 'JPEG 2000',
  33005: 'JPEG 2000',
  34676: 'SGI LogLuv',
  34712: 'JPEG 2000',
  34887: 'LERC',
  34925: 'LZMA',
  50000: 'Zstandard',
  50001: 'WebP',
};

/** PackBits: a count of literal bytes, or of repetitions of one. */
function unpackRuns(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let filled = 0;
  for (let at = 0; at < packed.length && filled < size;) {
    const count = (packed[at++] << 24) >> 24;
    if (count === -128) continue;
    if (count >= 0) {
      out.set(packed.subarray(at, at + Math.min(count + 1, size - filled)), filled);
      at += count + 1;
      filled += count + 1;
    } else {
      out.fill(packed[at++], filled, filled + 1 - count);
      filled += 1 - count;
    }
  }
  if (filled < size) throw new Error('its runs end early');
  return out;
}

const [clearCode, endCode] = [256, 257];

/** TIFF's LZW: codes of 9 to 12 bits, the highest bit first, widened one code early. */
function unpackLzw(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  const prefix = new Uint16Array(4096);
  const suffix = new Uint8Array(4096);
  const length = new Uint16Array(4096);
  for (let code = 0; code < 256; code++) {
    suffix[code] = code;
    length[code] = 1;
  }
  let [filled, next, bits, previous, word, held] = [0, 258, 9, -1, 0, 0];
  let at = 0;
  while (filled < size) {
    while (held < bits && at < packed.length) {
      word = ((word << 8) | packed[at++]) & 0xffffff;
      held += 8;
    }
    if (held < bits) throw new Error('its LZW stream ends early');
    const code = (word >> (held - bits)) & ((1 << bits) - 1);
    held -= bits;
    if (code === endCode) throw new Error('its LZW stream ends early');
    if (code === clearCode) {
      [next, bits, previous] = [258, 9, -1];
      continue;
    }
    const known = code < next;
    // A code may be defined by the very step that uses it: the previous string and its own first byte.
    if (!known && (code !== next || previous < 0)) throw new Error('its LZW stream is damaged');
    const source = known ? code : previous;
    let first = source;
    for (let n = length[source] - 1; n >= 0; n--) {
      if (filled + n < size) out[filled + n] = suffix[first];
      if (n > 0) first = prefix[first];
    }
    filled += length[source];
    if (!known) {
      if (filled < size) out[filled] = suffix[first];
      filled++;
    }
    if (previous >= 0 && next < 4096) {
      prefix[next] = previous;
      suffix[next] = suffix[first];
      length[next] = length[previous] + 1;
      next++;
      if (next + 1 === 1 << bits && bits < 12) bits++;
    }
    previous = code;
  }
  return out;
}
