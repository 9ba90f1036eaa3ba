import { Random } from '../../../engine/random';

/** A mask of 0 and 1 from NumPy's packed bits in base64. */
export function unpackMask(packed: string, shape: readonly number[]): Uint8Array {
  const bytes = Buffer.from(packed, 'base64');
  const samples = shape.reduce((a, b) => a * b, 1);
  return Uint8Array.from({ length: samples }, (_, n) => (bytes[n >> 3] >> (7 - (n & 7))) & 1);
}

/** Independent samples, each 1 with probability `share`. */
export function noise(samples: number, share: number, seed: number): Uint8Array {
  const random = new Random(seed);
  return Uint8Array.from({ length: samples }, () => (random.uniform() < share ? 1 : 0));
}
