import { open, readFile, rename, rm } from 'node:fs/promises';
import { UserError } from './errors';

/** Element types of the safetensors format that weights of networks come in. */
const types = {
  F32: { bytes: 4, array: Float32Array },
  F64: { bytes: 8, array: Float64Array },
  I64: { bytes: 8, array: BigInt64Array },
  I32: { bytes: 4, array: Int32Array },
  U8: { bytes: 1, array: Uint8Array },
} as const;
export type WeightType = keyof typeof types;

export interface Tensor {
  dtype: WeightType;
  shape: number[];
  data: Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array;
}

const largestHeader = 100e6;

interface HeaderEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/**
 * Reads a safetensors file: 8 bytes with the header's length, a JSON header, the tensors' bytes. There is no well-kept npm library for
 * the format (2026).
 * @throws UserError, one sentence, for a file that is cut short or whose header lies
 */
export async function readWeights(
  path: string,
): Promise<{ tensors: Record<string, Tensor>; metadata: Record<string, string> }> {
  const bytes = await readFile(path).catch((error: Error) => {
    throw new UserError(`The weights ${path} cannot be read: ${error.message}.`);
  });
  const fault = (what: string): never => {
    throw new UserError(`${path} is not a whole safetensors file: ${what}.`);
  };
  if (bytes.length < 8) fault('it is shorter than its header');
  const length = Number(bytes.readBigUInt64LE(0));
  if (length > Math.min(bytes.length - 8, largestHeader))
    fault(`its header claims ${length} bytes`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  } catch {
    fault('its header is not JSON');
  }
  if (!isObject(parsed)) fault('its header is no object');
  const { __metadata__: metadata = {}, ...header } = parsed as Record<string, unknown>;
  if (!isObject(metadata) || Object.values(metadata).some((value) => typeof value !== 'string'))
    fault('its metadata are not texts');
  for (const [name, entry] of Object.entries(header))
    if (!isObject(entry) || !Array.isArray(entry['data_offsets']))
      fault(`tensor "${name}" has no place in it`);
  const start = 8 + length;
  const size = bytes.length - start;
  const entries = Object.entries(header as Record<string, HeaderEntry>);
  let end = 0;
  const order = [...entries].sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
  for (const [name, { dtype, shape, data_offsets: at }] of order) {
    if (!Object.hasOwn(types, dtype))
      fault(`tensor "${name}" has the type ${dtype}; ${Object.keys(types).join(', ')} are read`);
    if (!Array.isArray(shape) || !shape.every((n) => Number.isInteger(n) && n >= 0))
      fault(`tensor "${name}" has no valid shape`);
    const expected = shape.reduce((a, b) => a * b, 1) * types[dtype as WeightType].bytes;
    if (at[0] !== end || at[1] - at[0] !== expected || at[1] > size)
      fault(`tensor "${name}" does not lie where its header says`);
    end = at[1];
  }
  if (end !== size) fault(`${size - end} bytes belong to no tensor`);
  const tensors: Record<string, Tensor> = {};
  for (const [name, { dtype, shape, data_offsets: at }] of entries) {
    // A copy of its own: offsets need not suit the element size, and a slice of the file would keep all of it in memory.
    const own = new Uint8Array(bytes.subarray(start + at[0], start + at[1]));
    const type = types[dtype as WeightType];
    tensors[name] = { dtype: dtype as WeightType, shape, data: new type.array(own.buffer) };
  }
  return { tensors, metadata: metadata as Record<string, string> };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Writes a safetensors file, whole or not at all: to a temporary name, flushed to the disk, then renamed. */
export async function writeWeights(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  const entries = Object.entries(tensors);
  for (const [name, { dtype, shape, data }] of entries) {
    header[name] = { dtype, shape, data_offsets: [end, (end += data.byteLength)] };
  }
  let json = JSON.stringify(header);
  // Readers may map the tensors into memory: they start at a multiple of 8.
  json += ' '.repeat((8 - (Buffer.byteLength(json) % 8)) % 8);
  const text = Buffer.from(json);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const temporary = `${path}.${process.pid}.part`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writev([
        length,
        text,
        ...entries.map(
          ([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
        ),
      ]);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Weights of networks and what training keeps beside them, by name. */
export type Weights = Map<string, Float32Array>;

export type Shapes = ReadonlyMap<string, readonly number[]>;

/** @throws UserError for a file that holds anything but float32 tensors */
export async function readWeightFile(
  path: string,
): Promise<{ weights: Weights; metadata: Record<string, string> }> {
  const { tensors, metadata } = await readWeights(path);
  const weights: Weights = new Map();
  for (const [name, tensor] of Object.entries(tensors)) {
    if (!(tensor.data instanceof Float32Array))
      throw new UserError(`${path}: tensor "${name}" is ${tensor.dtype}; weights are F32.`);
    weights.set(name, tensor.data);
  }
  return { weights, metadata };
}

/** `shapes` by name; what has none is written as a vector. */
export async function writeWeightFile(
  path: string,
  weights: Weights,
  shapes: Shapes,
  metadata: Record<string, string>,
): Promise<void> {
  await writeWeights(
    path,
    Object.fromEntries(
      [...weights].map(([name, data]) => [
        name,
        { dtype: 'F32' as const, shape: [...(shapes.get(name) ?? [data.length])], data },
      ]),
    ),
    metadata,
  );
}
