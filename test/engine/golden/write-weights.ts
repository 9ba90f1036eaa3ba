/** Writes a file of every element type: for `weights.py` to read. */
import { writeWeights } from '../../../engine/weights';

void writeWeights(
  process.argv[2],
  {
    'net/encoder.weight': { dtype: 'F32', shape: [2, 3], data: Float32Array.of(0, 1, 2, -3, 4, 0.5) },
    double: { dtype: 'F64', shape: [2], data: Float64Array.of(Math.PI, -1e300) },
    long: { dtype: 'I64', shape: [1], data: BigInt64Array.of(-(2n ** 40n)) },
    int: { dtype: 'I32', shape: [3, 1], data: Int32Array.of(1, -2, 3) },
    byte: { dtype: 'U8', shape: [5], data: Uint8Array.of(1, 2, 3, 4, 255) },
    scalar: { dtype: 'F32', shape: [], data: Float32Array.of(7) },
    empty: { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) },
    // A part of a larger buffer, and a name beyond ASCII.
    'µ': { dtype: 'F32', shape: [2], data: Float32Array.of(9, 1, 2, 9).subarray(1, 3) },
  },
  { note: 'Gewölbe' },
);
