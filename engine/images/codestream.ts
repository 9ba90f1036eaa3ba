/** What a compressed image says about itself. */
export interface CodestreamSize {
  columns: number;
  rows: number;
  components: number;
  /** Bits a sample. */
  bits: number;
}

/**
 * The size in the frame header of a JPEG or JPEG-LS stream (SOF0 to SOF15 without DHT, JPG and DAC; SOF55), or in the
 * image and tile size marker of a JPEG 2000 codestream. Null where there is none.
 */
export function codestreamSize(bytes: Uint8Array): CodestreamSize | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length > 47 && view.getUint32(0) === 0xff4fff51) {
    const size = (at: number) => view.getUint32(at) - view.getUint32(at + 8);
    // Every tile costs memory of its own, so that their number must be sane as well.
    const tiles = [0, 4].map((n) => Math.ceil(size(8 + n) / view.getUint32(24 + n)));
    if (!(tiles[0] * tiles[1] <= 65535 && size(8) > 0 && size(12) > 0)) return null;
    return {
      columns: size(8),
      rows: size(12),
      components: view.getUint16(40),
      bits: (bytes[42] & 0x7f) + 1,
    };
  }
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  for (let at = 2; at + 10 <= bytes.length;) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    const startsFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (startsFrame || marker === 0xf7)
      return {
        bits: bytes[at + 4],
        rows: view.getUint16(at + 5),
        columns: view.getUint16(at + 7),
        components: bytes[at + 9],
      };
    const length = view.getUint16(at + 2);
    if (length < 2) return null;
    at += 2 + length;
  }
  return null;
}

/** The codestream in a JP2 file (ISO 15444-1, annex I), as some writers put it into DICOM; other bytes as they are. */
export function withoutJp2Boxes(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || view.getUint32(0) !== 12 || view.getUint32(4) !== 0x6a502020)
    return bytes;
  for (let at = 0; at + 8 <= bytes.length;) {
    const stated = view.getUint32(at);
    // A length of 1 stands for 64 bits behind the type, one of 0 for the rest of the file.
    const wide = stated === 1 && at + 16 <= bytes.length;
    const length = wide
      ? Number(view.getBigUint64(at + 8))
      : stated === 0
        ? bytes.length - at
        : stated;
    const head = wide ? 16 : 8;
    if (length < head) return bytes;
    if (view.getUint32(at + 4) === 0x6a703263) return bytes.subarray(at + head, at + length);
    at += length;
  }
  return bytes;
}
