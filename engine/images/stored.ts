/** Images whose samples lie in a file one after the other, as NIfTI has them. */
import { endianness } from 'node:os';
import type { Volume } from './volume';

/** What a file states about such an image. */
export interface StoredImage {
  format: Volume['format'];
  /** All dimensions as stated, i first; e.g. 4 of them for a time series. */
  dimensions: number[];
  /** numpy's name of the type of the stored samples. */
  dtype: string;
  /** Samples per voxel: 3 for RGB, 1 otherwise. */
  channels: number;
  /** stored * slope + intercept; 1 and 0 where the file states none. */
  slope: number;
  intercept: number;
  /** Voxel size along i, j, k in mm. */
  spacing: [number, number, number];
  /** Voxel to world mm, RAS+. */
  affine: number[][];
  /** As a volume's. */
  niftiHeader?: string;
  warnings?: string[];
}

/** As in the file: channel fastest (for RGB), then i, j, k, further dimensions. */
export type StoredSamples = Volume['data'] | BigInt64Array | BigUint64Array;

export interface StoredType {
  /** numpy's name of it. */
  name: string;
  bytes: number;
  channels?: number;
  storedChannels?: number;
  view: (buffer: ArrayBuffer) => StoredSamples;
}

/** Where the samples of a file are, and how they are stored. */
export interface Layout {
  type: StoredType;
  /** Of the first sample, in bytes (inflated, if the file is gzipped). */
  offset: number;
  samples: number;
  littleEndian: boolean;
}

/** Bytes of a file, which own their buffer, as samples in the byte order of this machine; they are swapped in place. */
export function toSamples(
  bytes: Buffer<ArrayBuffer>,
  { type, littleEndian }: Pick<Layout, 'type' | 'littleEndian'>,
): StoredSamples {
  if (littleEndian !== (endianness() === 'LE')) {
    if (type.bytes === 2) bytes.swap16();
    else if (type.bytes === 4) bytes.swap32();
    else if (type.bytes === 8) bytes.swap64();
  }
  return type.view(bytes.buffer);
}

/** Stored samples after slope and intercept, [channel][voxel]; without these, grey samples keep their type. */
export function scaled(
  { channels, dtype, slope, intercept }: StoredImage,
  samples: StoredSamples,
  voxels: number,
  storedChannels: number,
): Volume['data'] {
  if (channels > 1) {
    const planar = new Uint8Array(voxels * channels);
    for (let voxel = 0; voxel < voxels; voxel++)
      for (let c = 0; c < channels; c++)
        planar[c * voxels + voxel] = Number(samples[voxel * storedChannels + c]);
    return planar;
  }
  if (samples instanceof BigInt64Array || samples instanceof BigUint64Array) {
    const out = new Float64Array(voxels);
    for (let n = 0; n < voxels; n++) out[n] = Number(samples[n]) * slope + intercept;
    return out;
  }
  if (slope === 1 && intercept === 0) return samples;
  // float32 holds 16-bit samples after scaling to within its rounding; wider ones need float64.
  const wide = dtype === 'int32' || dtype === 'uint32' || dtype === 'float64';
  const out = wide ? new Float64Array(voxels) : new Float32Array(voxels);
  for (let n = 0; n < voxels; n++) out[n] = samples[n] * slope + intercept;
  return out;
}
