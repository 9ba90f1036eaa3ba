/**
 * Decodes a frame of DICOM's RLE (PS3.5 annex G): a byte plane a segment, the most significant byte of the first sample
 * first, each packed as PackBits. Written here since the decoder at hand takes a segment that ends early for a whole one.
 * @returns little-endian samples, interleaved
 * @throws Error where a segment does not hold `pixels` bytes
 */
export function decodeRle(
  stream: Uint8Array,
  pixels: number,
  samplesPerPixel: number,
  bytesPerSample: number,
): Uint8Array {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const planes = samplesPerPixel * bytesPerSample;
  if (stream.length < 64) throw new Error('it is shorter than its header');
  const segments = view.getUint32(0, true);
  if (segments !== planes) throw new Error(`it has ${segments} segments, not ${planes}`);
  const out = new Uint8Array(pixels * planes);
  for (let plane = 0; plane < planes; plane++) {
    const start = view.getUint32(4 + 4 * plane, true);
    const end = plane + 1 < planes ? view.getUint32(8 + 4 * plane, true) : stream.length;
    if (start < 64 || end > stream.length || end < start)
      throw new Error(`segment ${plane + 1} lies beyond its end`);
    const sample = Math.floor(plane / bytesPerSample);
    const byte = bytesPerSample - 1 - (plane % bytesPerSample);
    unpackSegment(stream.subarray(start, end), pixels, out, sample * bytesPerSample + byte, planes);
  }
  return out;
}

function unpackSegment(
  packed: Uint8Array,
  count: number,
  out: Uint8Array,
  first: number,
  stride: number,
): void {
  let filled = 0;
  for (let at = 0; filled < count;) {
    const control = packed[at++];
    if (control === 128) continue;
    const literal = control < 128;
    const length = literal ? control + 1 : 257 - control;
    if (control === undefined || at + (literal ? length : 1) > packed.length)
      throw new Error('a segment ends too early');
    for (let n = 0; n < length && filled < count; n++, filled++)
      out[first + filled * stride] = packed[literal ? at + n : at];
    at += literal ? length : 1;
  }
}
