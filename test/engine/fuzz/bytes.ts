import type { Random } from '../../../engine/random';

/** Values at which counts and lengths of files tend to break. */
export const telling = [0, 1, 2, 3, 7, 8, 16, 31, 32, 127, 128, 255, 256, 32767, 32768, 65535];
const tellingWide = [...telling, 65536, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

/**
 * A copy of a file with one to three changes of its bytes, most of them in its first `header` ones: bits and bytes, telling numbers,
 * parts cut off, cut out, doubled, or taken from `other`.
 */
export function changeBytes(
  source: Uint8Array,
  header: number,
  other: () => Buffer,
  random: Random,
): Buffer {
  let bytes: Buffer = Buffer.from(source);
  const rounds = 1 + random.integer(3);
  for (let round = 0; round < rounds && bytes.length > 4; round++) {
    const inHeader = random.chance(0.7);
    const end = inHeader ? Math.min(header, bytes.length) : bytes.length;
    const at = random.integer(end);
    const from = random.integer(bytes.length);
    const length = 1 + random.integer(Math.min(64, bytes.length - from));
    const chunk = Buffer.from(bytes.subarray(from, from + length));
    switch (random.integer(10)) {
      case 0:
        bytes[at] ^= 1 << random.integer(8);
        break;
      case 1:
        bytes[at] = random.integer(256);
        break;
      case 2:
      case 3: {
        const value = telling[random.integer(telling.length)];
        if (at + 2 > bytes.length) break;
        if (random.chance(0.5)) bytes.writeUInt16LE(value, at);
        else bytes.writeUInt16BE(value, at);
        break;
      }
      case 4:
      case 5: {
        const value = tellingWide[random.integer(tellingWide.length)];
        if (at + 4 > bytes.length) break;
        if (random.chance(0.5)) bytes.writeUInt32LE(value, at);
        else bytes.writeUInt32BE(value, at);
        break;
      }
      case 6:
        bytes = Buffer.from(bytes.subarray(0, random.integer(bytes.length)));
        break;
      case 7:
        bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + length)]);
        break;
      case 8:
        bytes = Buffer.concat([bytes.subarray(0, at), chunk, bytes.subarray(at)]);
        break;
      default: {
        const donor = other();
        donor.copy(bytes, at, Math.min(at, donor.length), Math.min(at + length, donor.length));
      }
    }
  }
  return bytes;
}
