import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { onOneLine, UserError } from './errors';
import { openRegular, readInto, writePieces, type WriteOptions } from './files';

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
/** Of networks of this kind with all that training keeps of them. */
const largestFile = 2 ** 34;

interface HeaderEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** Entry of the metadata that holds the file's checksum. */
const checksumKey = 'meddistill.checksum';
const checksumMark = 'sha256-of-file:';
const digits = 64;
const blank = checksumMark + '0'.repeat(digits);

/**
 * Reads a safetensors file: 8 bytes with the header's length, a JSON header, the tensors' bytes. There is no well-kept npm library for
 * the format (2026). Where the file holds a checksum, as those of `writeWeights` do, every byte of it is checked.
 * @throws UserError, one sentence, for a file that is cut short, whose header lies, or whose bytes are not those that were written
 */
export async function readWeights(
  path: string,
): Promise<{ tensors: Record<string, Tensor>; metadata: Record<string, string> }> {
  const unreadable = (error: Error): never => {
    throw new UserError(`The weights ${path} cannot be read: ${error.message}.`);
  };
  const { file, stats } = await openRegular(path).catch(unreadable);
  try {
    return await readOpened(path, file, stats.size);
  } catch (error) {
    if (error instanceof UserError) throw error;
    return unreadable(error as Error);
  } finally {
    await file.close();
  }
}

async function readOpened(
  path: string,
  file: FileHandle,
  bytes: number,
): Promise<{ tensors: Record<string, Tensor>; metadata: Record<string, string> }> {
  const fault = (what: string): never => {
    throw new UserError(`${path} is not a whole safetensors file: ${what}.`);
  };
  const read = async (into: Uint8Array, position: number) => {
    if (!(await readInto(file, into, position))) fault('it became shorter while it was read');
  };
  if (bytes > largestFile)
    throw new UserError(
      `${path} has ${bytes} bytes; of a safetensors file at most ${largestFile} are read.`,
    );
  if (bytes < 8) fault('it is shorter than its header');
  const lengthField = Buffer.alloc(8);
  await read(lengthField, 0);
  const claimed = lengthField.readBigUInt64LE(0);
  const length = Number(claimed);
  const most = Math.min(bytes - 8, largestHeader);
  if (length > most) fault(`its header claims ${claimed} bytes; here it can have ${most} at most`);
  const headerBytes = Buffer.alloc(length);
  await read(headerBytes, 8);
  const text = headerBytes.toString('utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    fault('its header is not JSON');
  }
  if (!isObject(parsed)) fault('its header is no object');
  const { __metadata__: metadata = {}, ...header } = parsed as Record<string, unknown>;
  if (!isObject(metadata) || Object.values(metadata).some((value) => typeof value !== 'string'))
    fault('its metadata are not texts');
  for (const [name, entry] of Object.entries(header))
    if (!isObject(entry) || !Array.isArray(entry['data_offsets']))
      fault(`tensor "${shown(name)}" has no place in it`);
  const start = 8 + length;
  const size = bytes - start;
  const entries = Object.entries(header as Record<string, HeaderEntry>);
  let end = 0;
  const order = [...entries].sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
  for (const [name, { dtype, shape, data_offsets: at }] of order) {
    if (!Object.hasOwn(types, dtype))
      fault(
        `tensor "${shown(name)}" has the type ${shown(dtype)}; ${Object.keys(types).join(', ')} are read`,
      );
    if (!Array.isArray(shape) || !shape.every((n) => Number.isInteger(n) && n >= 0))
      fault(`tensor "${shown(name)}" has no valid shape`);
    const expected = shape.reduce((a, b) => a * b, 1) * types[dtype as WeightType].bytes;
    if (at[0] !== end || at[1] - at[0] !== expected || at[1] > size)
      fault(`tensor "${shown(name)}" does not lie where its header says`);
    end = at[1];
  }
  if (end !== size) fault(`${size - end} bytes belong to no tensor`);

  const { checksum, others } = checksumOf(metadata as Record<string, string>);
  const hash = checksum === null ? null : createHash('sha256').update(lengthField);
  hash?.update(text.replace(checksum!, blank));
  const tensors = new Map<string, Tensor>();
  for (const [name, { dtype, shape, data_offsets: at }] of order) {
    // An array of its own: offsets need not suit the element size.
    const own = new Uint8Array(at[1] - at[0]);
    await read(own, start + at[0]);
    if (hash) update(hash, own);
    const type = types[dtype as WeightType];
    tensors.set(name, { dtype: dtype as WeightType, shape, data: new type.array(own.buffer) });
  }
  if (hash && checksum !== checksumMark + hash.digest('hex'))
    throw new UserError(
      `${path} is damaged: its bytes are not those that were written, by its checksum.`,
    );
  const inHeadersOrder = entries.map(([name]) => [name, tensors.get(name)!] as const);
  return { tensors: Object.fromEntries(inHeadersOrder), metadata: others };
}

/** A file's checksum, null where it has none, and its other metadata. Either half of the entry tells that there is one. */
function checksumOf(metadata: Record<string, string>) {
  const is = ([key, value]: [string, string]) =>
    key === checksumKey || value.startsWith(checksumMark);
  const entries = Object.entries(metadata);
  const found = entries.find(is);
  return {
    checksum: found ? found[1] : null,
    others: Object.fromEntries(entries.filter((entry) => !is(entry))),
  };
}

/** A name in a file's header as part of a sentence. */
const shown = (name: unknown) => onOneLine(String(name), 100);

/** A hash takes less than 2 GiB at once. */
function update(hash: Hash, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += hashedAtOnce)
    hash.update(bytes.subarray(at, at + hashedAtOnce));
}
const hashedAtOnce = 1 << 28;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Writes a safetensors file with a checksum, whole or not at all: to a temporary name, flushed to the disk, read back, then renamed.
 * @throws UserError, one sentence
 */
export async function writeWeights(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
  options: Pick<WriteOptions, 'keep'> = {},
): Promise<void> {
  const header: Record<string, unknown> = {
    __metadata__: { [checksumKey]: blank, ...metadata },
  };
  let end = 0;
  const entries = Object.entries(tensors);
  for (const [name, { dtype, shape, data }] of entries) {
    header[name] = { dtype, shape, data_offsets: [end, (end += data.byteLength)] };
  }
  let json = JSON.stringify(header);
  // Readers may map the tensors into memory: they start at a multiple of 8.
  json += ' '.repeat((8 - (Buffer.byteLength(json) % 8)) % 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
  const arrays = entries.map(
    ([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );
  // Of the file as it is with noughts in the checksum's place.
  const hash = createHash('sha256').update(length).update(json);
  for (const array of arrays) update(hash, array);
  json = json.replace(blank, checksumMark + hash.digest('hex'));
  await writePieces(path, [length, Buffer.from(json), ...arrays], { readBack: true, ...options });
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
      throw new UserError(`${path}: tensor "${shown(name)}" is ${tensor.dtype}; weights are F32.`);
    weights.set(name, tensor.data);
  }
  return { weights, metadata };
}

/** @throws UserError where the file that weights are from has none, or another number of values, for what has these shapes */
export function requireShapes(path: string, weights: Weights, shapes: Shapes): void {
  for (const [name, shape] of shapes) {
    const values = shape.reduce((a, b) => a * b, 1);
    const found = weights.get(name);
    if (found?.length !== values)
      throw new UserError(
        `${path} ${found ? `has ${found.length} values` : 'has nothing'} for "${shown(name)}", where ${values} are needed.`,
      );
  }
}

/** `shapes` by name; what has none is written as a vector. */
export async function writeWeightFile(
  path: string,
  weights: Weights,
  shapes: Shapes,
  metadata: Record<string, string>,
  options: Pick<WriteOptions, 'keep'> = {},
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
    options,
  );
}
