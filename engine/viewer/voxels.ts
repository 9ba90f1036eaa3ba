import { LRUCache } from 'lru-cache';
import { stat } from 'node:fs/promises';
import { endianness } from 'node:os';
import { resolve } from 'node:path';
import { recognize } from '../images/catalogue';
import { readStart } from '../images/file-start';
import type { ReadChoice } from '../images/format';
import { orientationOf } from '../images/orientation';
import { readVolume } from '../images/read-volume';
import { scaled, toSamples, type Layout, type StoredImage } from '../images/stored';
import type { Volume } from '../images/volume';
import { UserError } from '../errors';
import { stampOf } from '../files';
import { openBytes, putAside, type ByteSource } from './bytes';

/** An image file that is read plane by plane; of a NIfTI file only the bytes of the planes asked for (and their neighbours) are held. */
export interface Voxels extends Omit<Volume, 'data' | 'marks'> {
  frames: number;
  /**
   * Samples after slope and intercept of the plane at `index` of a voxel axis (0 i, 1 j, 2 k):
   * [channel][the later of the two other axes][the earlier one]. @throws UserError
   */
  plane(axis: 0 | 1 | 2, index: number, frame: number): Promise<Volume['data']>;
  /** Of a picture that has them, `Volume.marks` of such a plane. */
  marks?: (axis: 0 | 1 | 2, index: number) => Promise<Uint8Array | Uint16Array>;
  close(): Promise<void>;
}

/** A plane with more pixels than this is refused: no page draws it. */
const maxPixels = 2 ** 26;

/** Bytes of a slab: neighbouring planes that are read together, since they lie interleaved in the file. */
const slabBytes = 2 ** 24;

/** Bytes read at once where a whole frame has to be gone through. */
const chunkBytes = 2 ** 23;

/** Bytes of the slabs of all files together that are held. */
const heldBytes = 96 * 2 ** 20;

type Slab = Volume['data'];

/** Slabs read last; one that is being read is waited for, not read twice. */
const slabs = new LRUCache<string, Slab, () => Promise<Slab>>({
  maxSize: heldBytes,
  // One that is larger than all that may be held is held alone.
  sizeCalculation: ({ byteLength }) => Math.min(byteLength, heldBytes),
  fetchMethod: (_key, _held, { context: read }) => read(),
  // One that made room while it was read is read to its end for whoever waits for it.
  ignoreFetchAbort: true,
});

/** Files opened so far; makes the keys of `slabs`. */
let opened = 0;

/**
 * Opens an image or a label map of any format of `readVolume`; of one that can be read piece by piece all frames, of any other the one of
 * `choice`. @throws UserError naming the file
 */
export async function openVoxels(path: string, choice: ReadChoice = {}): Promise<Voxels> {
  const file = resolve(path);
  if (await isFolder(file)) return packVoxels(await readVolume(file, choice));
  const start = await readStart(file);
  const located = await recognize(file, start)?.locate?.(file, start);
  if (!located) {
    const volume = await readVolume(file, choice);
    return volume.shape[2] > 1 ? packVoxels(volume) : pictureVoxels(volume, choice);
  }
  const { header, layout } = located;
  const end = layout.offset + layout.samples * layout.type.bytes;
  const bytes = await openBytes(located.path, located.gzipped, end);
  return new StoredVoxels(
    { path: file, format: header.format, hasSpacing: true, warnings: header.warnings },
    header,
    layout,
    bytes,
  );
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    // What is wrong with it, reading it will say.
    () => false,
  );

/** A picture is decoded as a whole, and again where its samples had to make room. */
function pictureVoxels(volume: Volume, choice: ReadChoice): Voxels {
  const { data, marks, ...rest } = volume;
  const { path, shape } = rest;
  checkPixels(path, shape[0] * shape[1]);
  const key = `${++opened}`;
  slabs.set(key, data);
  return {
    ...rest,
    ...pictureReader(path, choice, key),
    ...(marks && { marks: marksReader(path, choice, key) }),
  };
}

// Apart, so that these do not keep the samples.
const marksReader = (path: string, choice: ReadChoice, key: string) => async () =>
  (await slabs.forceFetch(`${key} marks`, {
    context: async () => (await readVolume(path, choice)).marks!,
  })) as Uint8Array | Uint16Array;
const pictureReader = (path: string, choice: ReadChoice, key: string) => ({
  frames: 1,
  plane: async (axis: 0 | 1 | 2) => {
    if (axis !== 2) throw new UserError(`${path} is a picture; it has one plane only.`);
    return slabs.forceFetch(key, { context: async () => (await readVolume(path, choice)).data });
  },
  close: () => Promise.resolve(),
});

/** A volume that was read as a whole, put aside on the disk, so that it does not fill the memory. */
export async function packVoxels({ marks, ...volume }: Volume): Promise<Voxels> {
  const packed = await packSamples(volume);
  if (!marks) return packed;
  const beside = await packSamples({ ...volume, channels: 1, data: marks });
  packed.marks = async (axis, index) =>
    (await beside.plane(axis, index, 0)) as Uint8Array | Uint16Array;
  packed.beside = beside;
  return packed;
}

async function packSamples(volume: Volume): Promise<StoredVoxels> {
  const { path, format, shape, channels, dtype, spacing, affine } = volume;
  const samples = channels > 1 ? interleaved(volume) : volume.data;
  const type = {
    name: dtype,
    bytes: samples.BYTES_PER_ELEMENT,
    storedChannels: channels,
    view: (buffer: ArrayBuffer) =>
      new (samples.constructor as new (buffer: ArrayBuffer) => Volume['data'])(buffer),
  };
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return new StoredVoxels(
    volume,
    {
      format,
      dimensions: shape,
      dtype,
      channels,
      slope: 1,
      intercept: 0,
      spacing,
      affine,
    },
    { type, offset: 0, samples: samples.length, littleEndian: endianness() === 'LE' },
    await putAside(path, bytes),
  );
}

/** Colours of 8 bits, voxel by voxel. */
function interleaved({ data, channels }: Volume): Uint8Array {
  const voxels = data.length / channels;
  const scale = data instanceof Uint16Array ? 1 / 257 : 1;
  const out = new Uint8Array(data.length);
  for (let c = 0; c < channels; c++)
    for (let n = 0; n < voxels; n++) out[n * channels + c] = data[c * voxels + n] * scale;
  return out;
}

/** Samples that lie in a file as NIfTI's do. */
class StoredVoxels implements Voxels {
  readonly path: string;
  readonly format: Volume['format'];
  readonly shape: Volume['shape'];
  readonly frames: number;
  readonly channels: number;
  readonly dtype: string;
  readonly spacing: Volume['spacing'];
  readonly hasSpacing: boolean;
  readonly affine: number[][];
  readonly orientation: string;
  readonly slices: Volume['slices'];
  readonly warnings: Volume['warnings'];
  readonly step: Volume['step'];
  readonly unchosen: Volume['unchosen'];
  marks: Voxels['marks'];
  /** What is closed with it. */
  beside: Voxels | null = null;
  /** Stored samples and bytes of a voxel. */
  private readonly stored: number;
  private readonly voxelBytes: number;
  private readonly key = `${++opened}`;

  constructor(
    about: Pick<
      Volume,
      'path' | 'format' | 'hasSpacing' | 'slices' | 'warnings' | 'step' | 'unchosen'
    >,
    private readonly header: StoredImage,
    private readonly layout: Layout,
    private readonly bytes: ByteSource,
  ) {
    const [ni = 1, nj = 1, nk = 1, ...further] = header.dimensions;
    this.path = about.path;
    this.format = about.format;
    this.hasSpacing = about.hasSpacing;
    this.slices = about.slices;
    this.warnings = about.warnings;
    this.step = about.step ?? (header.slope === 1 ? undefined : Math.abs(header.slope));
    this.unchosen = about.unchosen;
    this.shape = [ni, nj, nk];
    this.frames = further.reduce((a, b) => a * b, 1);
    this.channels = header.channels;
    this.dtype = header.dtype;
    this.spacing = header.spacing;
    this.affine = header.affine;
    this.orientation = orientationOf(header.affine);
    this.stored = layout.type.storedChannels ?? 1;
    this.voxelBytes = layout.type.bytes * this.stored;
  }

  async plane(axis: 0 | 1 | 2, index: number, frame: number): Promise<Volume['data']> {
    const { shape, frames, path } = this;
    const pixels = (shape[0] * shape[1] * shape[2]) / shape[axis];
    checkPixels(path, pixels);
    if (!(index >= 0 && index < shape[axis]) || !(frame >= 0 && frame < frames))
      throw new UserError(
        `${path}: plane ${index} of frame ${frame} was asked for; there are ${shape[axis]} planes and ${frames} frames.`,
      );
    const planeBytes = pixels * this.voxelBytes;
    // Planes of constant k lie in one piece; of the others, neighbours are read along.
    const thick = axis === 2 ? 1 : Math.max(1, Math.min(32, Math.floor(slabBytes / planeBytes)));
    const slab = Math.floor(index / thick);
    const first = slab * thick;
    const count = Math.min(thick, shape[axis] - first);
    const name = `${this.key} ${frame} ${axis} ${slab}`;
    const bytes = await slabs.forceFetch(name, {
      context: () =>
        axis === 2
          ? this.read(this.voxel(0, 0, first, frame), pixels)
          : axis === 1
            ? this.rows(first, count, frame)
            : this.columns(first, count, frame),
    });
    const at = (index - first) * planeBytes;
    const own = Buffer.from(new ArrayBuffer(planeBytes));
    own.set(bytes.subarray(at, at + planeBytes));
    return scaled(this.header, toSamples(own, this.layout), pixels, this.stored);
  }

  async close(): Promise<void> {
    await this.bytes.close();
    await this.beside?.close();
  }

  private voxel(i: number, j: number, k: number, frame: number): number {
    const [ni, nj, nk] = this.shape;
    return i + ni * (j + nj * (k + nk * frame));
  }

  private read(voxel: number, count: number): Promise<Buffer<ArrayBuffer>> {
    const { voxelBytes, layout } = this;
    return this.bytes.read(layout.offset + voxel * voxelBytes, count * voxelBytes);
  }

  /** Rows j = first ... first + count - 1 of every k, as [count][nk][ni]. */
  private async rows(first: number, count: number, frame: number): Promise<Buffer> {
    const [ni, , nk] = this.shape;
    const row = ni * this.voxelBytes;
    const out = Buffer.alloc(count * nk * row);
    for (let from = 0; from < nk; from += 64) {
      const ks = Array.from({ length: Math.min(64, nk - from) }, (_, n) => from + n);
      const parts = await Promise.all(
        ks.map((k) => this.read(this.voxel(0, first, k, frame), count * ni)),
      );
      parts.forEach((part, n) => {
        for (let j = 0; j < count; j++)
          out.set(part.subarray(j * row, (j + 1) * row), (j * nk + ks[n]) * row);
      });
    }
    return out;
  }

  /** Columns i = first ... first + count - 1 of every j and k, as [count][nk][nj]: the whole frame is gone through. */
  private async columns(first: number, count: number, frame: number): Promise<Buffer> {
    const [ni, nj, nk] = this.shape;
    const { voxelBytes } = this;
    const out = Buffer.alloc(count * nk * nj * voxelBytes);
    const planes = Math.max(1, Math.floor(chunkBytes / (ni * nj * voxelBytes)));
    for (let from = 0; from < nk; from += planes) {
      const ks = Math.min(planes, nk - from);
      const part = await this.read(this.voxel(0, 0, from, frame), ks * nj * ni);
      gatherColumns(part, out, { ni, first, count, at: from * nj, pitch: nk * nj, voxelBytes });
    }
    return out;
  }
}

/**
 * From lines of `ni` voxels takes the voxels first ... first + count - 1 of each, and puts voxel i of line n at
 * out[i - first][at + n]; `pitch` voxels lie between two i of `out`.
 */
function gatherColumns(
  part: Buffer,
  out: Buffer,
  place: {
    ni: number;
    first: number;
    count: number;
    at: number;
    pitch: number;
    voxelBytes: number;
  },
): void {
  const { ni, first, count, at, pitch, voxelBytes } = place;
  const [from, to] =
    voxelBytes === 2
      ? [asArray(part, Uint16Array, 2), asArray(out, Uint16Array, 2)]
      : voxelBytes === 4
        ? [asArray(part, Uint32Array, 4), asArray(out, Uint32Array, 4)]
        : [part, out];
  // Voxels of 1, 2 and 4 bytes move as one number, others byte by byte.
  const width = voxelBytes / from.BYTES_PER_ELEMENT;
  const lines = part.length / (ni * voxelBytes);
  for (let line = 0; line < lines; line++)
    for (let i = 0; i < count; i++)
      for (let b = 0; b < width; b++)
        to[(i * pitch + at + line) * width + b] = from[(line * ni + first + i) * width + b];
}

function asArray<T>(
  bytes: Buffer,
  type: new (buffer: ArrayBufferLike, offset: number, length: number) => T,
  size: number,
): T {
  return new type(bytes.buffer, bytes.byteOffset, bytes.length / size);
}

function checkPixels(path: string, pixels: number): void {
  if (pixels > maxPixels)
    throw new UserError(
      `${path}: a plane of it has ${pixels} pixels; planes of at most ${maxPixels} are shown.`,
    );
}

interface OpenFile {
  voxels: Voxels;
  stamp: string;
}

/** How a file is opened that is not open. */
interface Opening {
  stamp: string;
  make: () => Promise<Voxels>;
}

/** Files that stay open, so that the next slice is one read away; of more than `limit` those unused for longest make room. */
export class OpenFiles {
  private readonly provided = new Map<string, Opening>();
  private readonly held: LRUCache<string, OpenFile, Opening>;
  private closed: Promise<unknown> = Promise.resolve();

  /** A file that makes room stays open for so many ms, for whoever is reading it. */
  constructor(
    limit = 24,
    private readonly grace = 60_000,
  ) {
    this.held = new LRUCache({
      max: limit,
      fetchMethod: async (_file, _held, { signal, context: { stamp, make } }) => {
        const voxels = await make();
        // It had to make room before it was open.
        if (signal.aborted) this.closeLater(voxels);
        return { voxels, stamp };
      },
      ignoreFetchAbort: true,
      dispose: ({ voxels }, _file, reason) =>
        reason === 'evict' ? this.closeLater(voxels) : this.closeNow(voxels),
    });
  }

  /** Under this name, `get` hands over what `make` makes: again where that had to make room, or for another stamp. */
  provide(name: string, stamp: string, make: () => Promise<Voxels>): void {
    this.provided.set(name, { stamp, make });
  }

  /** A file that has changed since is opened again. @throws UserError */
  async get(path: string): Promise<Voxels> {
    const provided = this.provided.get(path);
    const file = provided ? path : resolve(path);
    const opening = provided ?? {
      // What is wrong with one that is not there, opening it will say.
      stamp: (await stampOf(file)) ?? '',
      make: () => openVoxels(file),
    };
    const held = this.held.peek(file);
    if (held && held.stamp !== opening.stamp) this.held.delete(file);
    return (await this.held.forceFetch(file, { context: opening })).voxels;
  }

  async close(): Promise<void> {
    this.held.clear();
    await this.closed;
  }

  private closeNow(voxels: Voxels): void {
    this.closed = Promise.allSettled([this.closed, voxels.close()]);
  }

  private closeLater(voxels: Voxels): void {
    setTimeout(() => this.closeNow(voxels), this.grace).unref();
  }
}
