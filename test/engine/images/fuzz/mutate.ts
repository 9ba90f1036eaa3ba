import { crc32, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import type { Random } from '../../../../engine/random';
import { changeBytes, telling } from '../../fuzz/bytes';
import { originals, type Original } from './originals';

/** How far into a file its header goes, roughly: where most changes are made. */
const headerOf: Record<Original['kind'], number> = {
  nifti: 360,
  dicom: 1400,
  png: 60,
  tiff: 400,
  gif: 60,
  netpbm: 24,
  jpeg: 400,
};

/** A damaged copy of a valid file: a pure function of what `random` draws. */
export function mutate(original: Original, random: Random): Buffer {
  const { kind, bytes } = original;
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  // The header of a gzipped file is damaged inside, so that it reaches the reader behind an intact stream.
  if (zipped && random.chance(0.7)) return regzip(change(gunzipSync(bytes), kind, random), random);
  if (kind === 'png' && random.chance(0.6)) return mutatePng(bytes, random);
  return change(bytes, kind, random);
}

function regzip(content: Buffer, random: Random): Buffer {
  const packed = gzipSync(content, { level: 1 });
  if (random.chance(0.1)) packed.writeUInt32LE(random.bits(), packed.length - 4);
  return packed;
}

function change(source: Buffer, kind: Original['kind'], random: Random): Buffer {
  // The same part of another file, mostly of the same kind.
  const other = () => {
    const others = random.chance(0.8) ? originals.filter((o) => o.kind === kind) : originals;
    return others[random.integer(others.length)].bytes;
  };
  return changeBytes(source, headerOf[kind], other, random);
}

/** Changes a PNG's chunks and mends their checksums, or packs its image data anew at another length. */
function mutatePng(source: Buffer, random: Random): Buffer {
  const chunks: { type: string; data: Buffer }[] = [];
  for (let at = 8; at + 12 <= source.length;) {
    const length = source.readUInt32BE(at);
    chunks.push({
      type: source.toString('latin1', at + 4, at + 8),
      data: Buffer.from(source.subarray(at + 8, at + 8 + length)),
    });
    at += 12 + length;
  }
  const chunk = chunks[random.integer(chunks.length)];
  if (chunk.type === 'IDAT') {
    const content = inflateSync(
      Buffer.concat(chunks.filter((c) => c.type === 'IDAT').map((c) => c.data)),
    );
    const cut = content.subarray(0, random.integer(content.length + 1));
    chunk.data = deflateSync(random.chance(0.5) ? cut : Buffer.concat([content, cut]));
  } else if (chunk.data.length > 0)
    for (let hit = 0; hit <= random.integer(3); hit++)
      chunk.data[random.integer(chunk.data.length)] = random.chance(0.5)
        ? random.integer(256)
        : telling[random.integer(11)];
  if (random.chance(0.1)) chunks.splice(random.integer(chunks.length), 1);
  if (random.chance(0.1)) chunks.splice(random.integer(chunks.length), 0, chunk);
  return Buffer.concat([
    source.subarray(0, 8),
    ...chunks.map(({ type, data }) => {
      const out = Buffer.alloc(12 + data.length);
      out.writeUInt32BE(data.length, 0);
      out.write(type, 4, 'latin1');
      data.copy(out, 8);
      out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
      return out;
    }),
  ]);
}
