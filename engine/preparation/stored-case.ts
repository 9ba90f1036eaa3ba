import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { UserError } from '../errors';
import type { CohortCase } from '../cohort/cohort';
import { appendAll, openRegular, readInto, readIntoSync } from '../files';
import type { PreparedCase, PreparedResult } from './prepared-case';

/** First bytes of a stored case of any version. */
const family = 'MDCASE';
/** Raised with the format: behind it come the SHA-256 of all that follows, and the header's length. */
const magic = `${family}3\n`;
const checksumBytes = 32;
const headerAt = magic.length + checksumBytes + 4;
/** Arrays begin at multiples of this, so that they can be read into place. */
const alignment = 64;

type ArrayName = 'image' | 'label' | 'fov' | 'nativeLabel' | 'nativeFov';
/** Where an array lies; null: the case has none. */
type Section = { offset: number; length: number } | null;

interface Header {
  prepared: Omit<PreparedCase, 'case' | 'image' | 'label' | 'fov' | 'slice'>;
  native: Omit<PreparedResult['native'], 'label' | 'fov'>;
  geometry: PreparedResult['geometry'];
  occurring: { classes: number[]; values: number[] };
  warnings: string[];
  sections: Record<ArrayName, Section>;
}

/** Writes a prepared case as one file: a header and its arrays one after the other. Returns its size in bytes. */
export async function writeStoredCase(path: string, result: PreparedResult): Promise<number> {
  const { prepared, native, geometry, occurring, warnings } = result;
  const arrays: Record<ArrayName, Float32Array | Uint8Array | null> = {
    image: prepared.image,
    label: prepared.label,
    fov: prepared.fov,
    nativeLabel: native.label,
    nativeFov: native.fov,
  };
  const parts: { array: Float32Array | Uint8Array; section: NonNullable<Section> }[] = [];
  const sections = {} as Header['sections'];
  let end = 0;
  for (const [name, array] of Object.entries(arrays) as [ArrayName, Uint8Array | null][]) {
    // Without resampling both grids have the same labels, which are stored once.
    const twin = parts.find((part) => array && same(part.array, array));
    sections[name] = twin ? twin.section : array && { offset: end, length: array.length };
    if (!array || twin) continue;
    parts.push({ array, section: sections[name]! });
    end = Math.ceil((end + array.byteLength) / alignment) * alignment;
  }
  const header: Header = {
    prepared: {
      slices: prepared.slices,
      channels: prepared.channels,
      rows: prepared.rows,
      columns: prepared.columns,
    },
    native: {
      slices: native.slices,
      rows: native.rows,
      columns: native.columns,
      spacing: native.spacing,
    },
    geometry,
    occurring: { classes: [...occurring.classes], values: [...occurring.values] },
    warnings,
    sections,
  };
  const text = Buffer.from(JSON.stringify(header));
  const start = Buffer.alloc(arraysAt(text.length));
  start.write(magic, 'latin1');
  start.writeUInt32LE(text.length, headerAt - 4);
  text.copy(start, headerAt);
  const pieces: Uint8Array[] = [start];
  let written = 0;
  for (const { array, section } of parts) {
    if (section.offset > written) pieces.push(new Uint8Array(section.offset - written));
    pieces.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    written = section.offset + array.byteLength;
  }
  const hash = createHash('sha256').update(start.subarray(headerAt - 4));
  for (const piece of pieces.slice(1)) hashAll(hash, piece);
  hash.digest().copy(start, magic.length);
  const file = await open(path, 'wx');
  try {
    await appendAll(file, pieces);
  } finally {
    await file.close();
  }
  return start.length + written;
}

/** A hash takes less than 2 GiB at once. */
function hashAll(hash: Hash, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += hashedAtOnce)
    hash.update(bytes.subarray(at, at + hashedAtOnce));
}
const hashedAtOnce = 1 << 24;

const arraysAt = (header: number) => Math.ceil((headerAt + header) / alignment) * alignment;

/** Whether a file is a stored case of any version. */
export async function isStoredCase(path: string): Promise<boolean> {
  const { file } = await openRegular(path);
  try {
    const start = Buffer.alloc(family.length);
    return (await readInto(file, start, 0)) && start.toString('latin1') === family;
  } finally {
    await file.close();
  }
}

function same(a: Float32Array | Uint8Array, b: Float32Array | Uint8Array): boolean {
  return (
    a instanceof Uint8Array &&
    b instanceof Uint8Array &&
    a.length === b.length &&
    Buffer.compare(a, b) === 0
  );
}

/**
 * A stored case whose arrays are read when they are asked for: a slice at a time by `prepared.slice`, or as a whole, which
 * is kept only as long as somebody holds it. Null for a file that is no stored case of this version, or whose bytes are not those that
 * were written.
 */
export async function openStoredCase(
  path: string,
  item: CohortCase,
): Promise<PreparedResult | null> {
  const header = await readHeader(path);
  if (!header) return null;
  const { sections, at } = header;
  const { prepared, native, geometry, occurring, warnings } = header.content;
  const bytes = (section: Section, first: number, length: number) => {
    const out = new Uint8Array(length);
    const file = openAgain(path);
    try {
      if (!readIntoSync(file, out, at + section!.offset + first))
        throw new UserError(`${path}, a file of the cache, is truncated; delete it.`);
    } finally {
      closeSync(file);
    }
    return out;
  };
  const floats = (section: Section, first: number, length: number) =>
    new Float32Array(bytes(section, 4 * first, 4 * length).buffer);
  const all = (name: Exclude<ArrayName, 'image'>) =>
    whileHeld(() => sections[name] && bytes(sections[name], 0, sections[name].length));
  const image = whileHeld(() => floats(sections.image, 0, sections.image!.length));
  const [label, fov] = [all('label'), all('fov')];
  const [nativeLabel, nativeFov] = [all('nativeLabel'), all('nativeFov')];

  const pixels = prepared.rows * prepared.columns;
  const samples = pixels * prepared.channels;
  const lazy: PreparedCase = {
    ...prepared,
    case: item,
    get image() {
      return image()!;
    },
    get label() {
      return label();
    },
    get fov() {
      return fov();
    },
  };
  // Not enumerable: a copy of the object holds its arrays and needs no file.
  Object.defineProperty(lazy, 'slice', {
    value: (slice: number): ReturnType<NonNullable<PreparedCase['slice']>> => ({
      image: floats(sections.image, slice * samples, samples),
      label: sections.label && bytes(sections.label, slice * pixels, pixels),
      fov: sections.fov && bytes(sections.fov, slice * pixels, pixels),
    }),
  });
  return {
    prepared: lazy,
    native: {
      ...native,
      get label() {
        return nativeLabel();
      },
      get fov() {
        return nativeFov();
      },
    },
    geometry,
    occurring: {
      classes: new Set(occurring.classes),
      values: new Set(occurring.values),
    },
    warnings,
  };
}

async function readHeader(
  path: string,
): Promise<{ content: Header; sections: Header['sections']; at: number } | null> {
  const { file, stats } = await openRegular(path);
  try {
    const start = Buffer.alloc(headerAt);
    if (!(await readInto(file, start, 0))) return null;
    if (start.toString('latin1', 0, magic.length) !== magic) return null;
    const hash = createHash('sha256');
    const chunk = Buffer.alloc(Math.min(hashedAtOnce, stats.size));
    for (let at = headerAt - 4; at < stats.size; at += chunk.length) {
      const next = chunk.subarray(0, Math.min(chunk.length, stats.size - at));
      if (!(await readInto(file, next, at))) return null;
      hash.update(next);
    }
    if (!hash.digest().equals(start.subarray(magic.length, magic.length + checksumBytes)))
      return null;
    const text = Buffer.alloc(start.readUInt32LE(headerAt - 4));
    if (!(await readInto(file, text, headerAt))) return null;
    const content = JSON.parse(text.toString()) as Header;
    return { content, sections: content.sections, at: arraysAt(text.length) };
  } finally {
    await file.close();
  }
}

function openAgain(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new UserError(
      `${path}, a prepared case of this run, cannot be read any more (${(error as Error).message}); was the cache deleted?`,
    );
  }
}

/** Reads at the first call; later calls give the same for as long as it is in use anywhere. */
function whileHeld<T extends object>(read: () => T | null): () => T | null {
  let held: WeakRef<T> | null = null;
  return () => {
    const known = held?.deref();
    if (known) return known;
    const value = read();
    held = value && new WeakRef(value);
    return value;
  };
}
