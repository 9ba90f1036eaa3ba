import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { endianness } from 'node:os';
import { UserError } from '../errors';
import { readStart, startOf } from './file-start';
import type { Format, ReadChoice } from './format';
import { checkDimensions, checkPlausible, gunzip, isGzip } from './limits';
import { columnNorm, orientationOf } from './orientation';
import { scaled, toSamples } from './stored';
import type { Layout, StoredImage, StoredSamples, StoredType } from './stored';
import { extremes, type Volume } from './volume';

/** NIfTI-1 and -2: single files, plain or gzipped, and pairs of a `.hdr` and an `.img`. */
export const nifti: Format = {
  names: ['nifti1', 'nifti2'],
  titles: ['NIfTI'],
  extensions: ['nii.gz', 'nii'],
  picture: false,
  gzipped: true,
  is: (head, path) => niftiVersion(head) !== null || /\.(nii|hdr|img)(\.gz)?$/i.test(path),
  read: async (path, bytes, choice) => niftiVolume(path, await openNifti(path, bytes), choice),
  inspect: async (path, bytes) => {
    const { header, stored, storedChannels } = await openNifti(path, bytes);
    const { format, dimensions, dtype, channels, spacing, affine, slope, intercept } = header;
    const { min, max } = extremes(stored, channels, storedChannels);
    const ends = [min * slope + intercept, max * slope + intercept];
    return {
      path,
      format,
      shape: dimensions,
      dtype,
      channels,
      spacing,
      hasSpacing: true,
      orientation: orientationOf(affine),
      affine,
      min: Math.min(...ends),
      max: Math.max(...ends),
    };
  },
  locate: async (path, start) => {
    const headerPath = headerBeside(path) ?? path;
    const header = headerPath === path ? start : await readStart(headerPath);
    const parsed = await parseHeader(headerPath, header.head);
    const data = headerPath === path ? (imageBeside(path, header.head) ?? path) : path;
    const { gzipped } = data === path ? start : await readStart(data);
    return { ...parsed, path: data, gzipped };
  },
  parts: (path) => {
    const pair = /^(.*)\.(hdr|img)(\.gz)?$/i.exec(path);
    return (
      pair && ['.hdr', '.hdr.gz', '.HDR', '.img', '.img.gz', '.IMG'].map((end) => pair[1] + end)
    );
  },
  labelName: (name) =>
    /\.nii(\.gz)?$/i.test(name) ? name : `${name.replace(/\.(hdr|img)(\.gz)?$/i, '')}.nii.gz`,
};

/** A NIfTI file with all of its stored samples, in the byte order of this machine. */
interface NiftiFile {
  header: StoredImage;
  stored: StoredSamples;
  /** Stored samples per voxel, including an alpha that is dropped. */
  storedChannels: number;
}

/** NIfTI's datatype codes. Complex, 128-bit and 1-bit samples are refused. */
const storedTypes: Record<number, StoredType | undefined> = {
  2: { name: 'uint8', bytes: 1, view: (b) => new Uint8Array(b) },
  4: { name: 'int16', bytes: 2, view: (b) => new Int16Array(b) },
  8: { name: 'int32', bytes: 4, view: (b) => new Int32Array(b) },
  16: { name: 'float32', bytes: 4, view: (b) => new Float32Array(b) },
  64: { name: 'float64', bytes: 8, view: (b) => new Float64Array(b) },
  128: {
    name: 'uint8',
    bytes: 1,
    channels: 3,
    storedChannels: 3,
    view: (b) => new Uint8Array(b),
  },
  256: { name: 'int8', bytes: 1, view: (b) => new Int8Array(b) },
  512: { name: 'uint16', bytes: 2, view: (b) => new Uint16Array(b) },
  768: { name: 'uint32', bytes: 4, view: (b) => new Uint32Array(b) },
  1024: { name: 'int64', bytes: 8, view: (b) => new BigInt64Array(b) },
  1280: { name: 'uint64', bytes: 8, view: (b) => new BigUint64Array(b) },
  2304: {
    name: 'uint8',
    bytes: 1,
    channels: 3,
    storedChannels: 4,
    view: (b) => new Uint8Array(b),
  },
};

/** Of bytes that begin as a NIfTI-1 or -2 header does; null for others. */
function niftiVersion(
  bytes: Uint8Array,
): { version: 1 | 2; littleEndian: boolean; pair: boolean } | null {
  if (bytes.length < 348) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const littleEndian of [true, false]) {
    const size = view.getInt32(0, littleEndian);
    const magicAt = size === 348 ? 344 : size === 540 ? 4 : -1;
    if (magicAt < 0 || bytes.length < size) continue;
    const magic = String.fromCharCode(...bytes.subarray(magicAt, magicAt + 3));
    const version = size === 348 ? 1 : 2;
    if (magic === `n+${version}` || magic === `ni${version}`)
      return { version, littleEndian, pair: magic.startsWith('ni') };
  }
  return null;
}

/**
 * Opens a NIfTI-1 or -2 file, plain or gzipped, of either byte order: `.nii`, or a `.hdr` and `.img` pair named by
 * either of the two. `bytes` is the content of `path`.
 * @throws UserError for a file that is none, is truncated, or whose header is not to be believed.
 */
async function openNifti(path: string, bytes: Uint8Array): Promise<NiftiFile> {
  const beside = headerBeside(path);
  if (beside !== null) return openPair(beside, await readFile(beside), path, bytes);
  const { head } = startOf(path, bytes);
  const image = imageBeside(path, head);
  if (image !== null) return openPair(path, bytes, image, await readFile(image));
  const { header, layout } = await parseHeader(path, head);
  return { header, ...(await readStored(path, bytes, layout)) };
}

/** For the `.img` of a pair: its header; null for any other name. @throws UserError where it is missing */
function headerBeside(path: string): string | null {
  const imageName = /\.img(\.gz)?$/i.exec(path);
  if (!imageName) return null;
  const stem = path.slice(0, imageName.index);
  const header = [`${stem}.hdr`, `${stem}.hdr.gz`, `${stem}.HDR`].find((file) => existsSync(file));
  if (header === undefined)
    throw new UserError(
      `${path}: the header beside it, ${stem}.hdr or ${stem}.hdr.gz, is missing.`,
    );
  return header;
}

/** For the header of a pair, which begins with `start`: its image; null for a single file. @throws UserError where it is missing */
function imageBeside(path: string, start: Uint8Array): string | null {
  if (!niftiVersion(start)?.pair) return null;
  const stem = path.replace(/\.hdr(\.gz)?$/i, '');
  const image = [`${stem}.img`, `${stem}.img.gz`, `${stem}.IMG`].find((file) => existsSync(file));
  if (image === undefined)
    throw new UserError(`${path}: the image beside it, ${stem}.img or ${stem}.img.gz, is missing.`);
  return image;
}

async function openPair(
  headerPath: string,
  headerBytes: Uint8Array,
  imagePath: string,
  imageBytes: Uint8Array,
): Promise<NiftiFile> {
  const { header, layout } = await parseHeader(headerPath, startOf(headerPath, headerBytes).head);
  return { header, ...(await readStored(imagePath, imageBytes, layout)) };
}

/** Reads the header that `start` begins with. @throws UserError for one that is none or not to be believed */
async function parseHeader(
  path: string,
  start: Uint8Array,
): Promise<{ header: StoredImage; layout: Layout }> {
  const kind = niftiVersion(start);
  if (!kind) {
    const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
    const analyze =
      start.length >= 348 && (view.getInt32(0, true) === 348 || view.getInt32(0, false) === 348);
    throw new UserError(
      analyze
        ? `${path} is an ANALYZE 7.5 header, which has no orientation; NIfTI-1 and NIfTI-2 are read.`
        : `${path} does not begin with a NIfTI header.`,
    );
  }
  const { version, littleEndian, pair } = kind;
  // Header extensions are skipped: the copy ends with four zero bytes, which say that there are none.
  const size = version === 1 ? 348 : 540;
  const copy = new Uint8Array(size + 4);
  copy.set(start.subarray(0, size));
  const { NIFTI1, NIFTI2 } = await import('nifti-reader-js');
  const fields = version === 1 ? new NIFTI1() : new NIFTI2();
  fields.readHeader(copy.buffer);

  const rank = fields.dims[0];
  if (!(rank >= 1 && rank <= 7))
    throw new UserError(`${path}: the header states ${rank} dimensions; 1 to 7 are allowed.`);
  const dimensions = fields.dims.slice(1, rank + 1);
  const type = storedTypes[fields.datatypeCode];
  if (!type)
    throw new UserError(
      `${path}: samples of NIfTI datatype ${fields.datatypeCode} are not read; real integers and floats of 8 to 64 bits and RGB are.`,
    );
  const storedChannels = type.storedChannels ?? 1;
  checkDimensions(path, [...dimensions, storedChannels]);

  const affine = readAffine(new DataView(copy.buffer), version, littleEndian, fields);
  if (affine.some((row) => row.some((value) => !Number.isFinite(value))))
    throw new UserError(`${path}: the affine in the header holds a value that is not finite.`);
  const spacing = [0, 1, 2].map((axis) => {
    const stated = Math.abs(fields.pixDims[axis + 1]);
    return stated > 0 && Number.isFinite(stated) ? stated : columnNorm(affine, axis) || 1;
  }) as [number, number, number];
  const scaled = Number.isFinite(fields.scl_slope) && fields.scl_slope !== 0;
  if (scaled && !Number.isFinite(fields.scl_inter))
    throw new UserError(`${path}: the header states a slope, but its intercept is not finite.`);
  const offset = fields.vox_offset;
  if (!Number.isInteger(offset) || offset < 0)
    throw new UserError(`${path}: the header states that the samples begin at byte ${offset}.`);
  return {
    header: {
      format: version === 1 ? 'nifti1' : 'nifti2',
      dimensions,
      dtype: type.name,
      channels: type.channels ?? 1,
      slope: scaled ? fields.scl_slope : 1,
      intercept: scaled ? fields.scl_inter : 0,
      spacing,
      affine,
    },
    layout: {
      type,
      // A single file's samples follow its header, whatever a careless writer stated.
      offset: pair ? offset : Math.max(offset, size + 4),
      samples: dimensions.reduce((a, b) => a * b, storedChannels),
      littleEndian,
    },
  };
}

interface QuaternionFields {
  dims: number[];
  pixDims: number[];
  qform_code: number;
  sform_code: number;
  quatern_b: number;
  quatern_c: number;
  quatern_d: number;
  qoffset_x: number;
  qoffset_y: number;
  qoffset_z: number;
}

/**
 * Voxel to world, RAS+: the sform where its code is above 0, else the qform where its code is above 0, else the voxel
 * sizes alone with the first axis running to the left and the origin at the centre of the grid, as nibabel has it.
 */
function readAffine(
  view: DataView,
  version: 1 | 2,
  littleEndian: boolean,
  fields: QuaternionFields,
): number[][] {
  const [, di, dj, dk] = fields.pixDims.map(Math.abs);
  if (fields.sform_code > 0) {
    const at = (n: number) =>
      version === 1
        ? view.getFloat32(280 + 4 * n, littleEndian)
        : view.getFloat64(400 + 8 * n, littleEndian);
    return [0, 1, 2]
      .map((row) => [0, 1, 2, 3].map((column) => at(row * 4 + column)))
      .concat([[0, 0, 0, 1]]);
  }
  if (fields.qform_code > 0) {
    const { quatern_b: b, quatern_c: c, quatern_d: d } = fields;
    // The three are rounded: what is left for the fourth within that rounding is nothing, a turn by half a circle.
    const rest = 1 - b * b - c * c - d * d;
    const rounding = 3 * (version === 1 ? 2 ** -23 : Number.EPSILON);
    const a = rest < rounding ? 0 : Math.sqrt(rest);
    const rotation = rotationOf(a, b, c, d);
    const handed = fields.pixDims[0] < 0 ? -1 : 1;
    const offset = [fields.qoffset_x, fields.qoffset_y, fields.qoffset_z];
    return rotation
      .map((row, r) => [row[0] * di, row[1] * dj, row[2] * dk * handed, offset[r]])
      .concat([[0, 0, 0, 1]]);
  }
  const half = [1, 2, 3].map((axis) => ((fields.dims[axis] || 1) - 1) / 2);
  const size = [di, dj, dk].map((s) => s || 1);
  return [
    [-size[0], 0, 0, half[0] * size[0]],
    [0, size[1], 0, -half[1] * size[1]],
    [0, 0, size[2], -half[2] * size[2]],
    [0, 0, 0, 1],
  ];
}

/** The rotation of a quaternion a + bi + cj + dk, which need not have unit length. */
function rotationOf(a: number, b: number, c: number, d: number): number[][] {
  const s = 2 / (a * a + b * b + c * c + d * d);
  return [
    [1 - s * (c * c + d * d), s * (b * c - a * d), s * (b * d + a * c)],
    [s * (b * c + a * d), 1 - s * (b * b + d * d), s * (c * d - a * b)],
    [s * (b * d - a * c), s * (c * d + a * b), 1 - s * (b * b + c * c)],
  ];
}

async function readStored(
  path: string,
  bytes: Uint8Array,
  { type, offset, samples, littleEndian }: Layout,
): Promise<Pick<NiftiFile, 'stored' | 'storedChannels'>> {
  const needed = samples * type.bytes;
  const end = offset + needed;
  let content = bytes;
  if (isGzip(bytes)) {
    checkPlausible(path, bytes.length, end);
    // Some writers pad the end; a stream that goes on for longer is not what the header says.
    content = await gunzip(path, bytes, end + 2 ** 20);
  }
  if (content.length < end)
    throw new UserError(
      `${path} is truncated: the header promises ${needed} bytes of samples from byte ${offset}, but there are ${Math.max(0, content.length - offset)}.`,
    );
  const copy = Buffer.from(new ArrayBuffer(needed));
  copy.set(content.subarray(offset, end));
  return {
    stored: toSamples(copy, { type, littleEndian }),
    storedChannels: type.storedChannels ?? 1,
  };
}

/**
 * One frame of an opened file as a volume; with `oneHot`, of each voxel the first frame that is greatest.
 * Dimensions after the third count as frames, in file order. Samples keep their stored type where there is no slope and
 * intercept; 64-bit integers become float64.
 */
function niftiVolume(path: string, file: NiftiFile, { frame, oneHot }: ReadChoice): Volume {
  const { header, stored, storedChannels } = file;
  const [ni = 1, nj = 1, nk = 1, ...further] = header.dimensions;
  const frames = further.reduce((a, b) => a * b, 1);
  const chosen = frame ?? 0;
  if (!Number.isInteger(chosen) || chosen < 0 || chosen >= frames)
    throw new UserError(
      `${path}: frame ${chosen} was asked for; it has the frames 0 to ${frames - 1}.`,
    );
  const voxels = ni * nj * nk;
  const size = voxels * storedChannels;
  const samplesOf = (n: number) =>
    scaled(header, stored.subarray(n * size, (n + 1) * size), voxels, storedChannels);
  const manyClasses = oneHot === true && frames > 1;
  const data = manyClasses ? greatestFrame(frames, voxels, samplesOf) : samplesOf(chosen);
  const unchosen = frames > 1 && frame === undefined && !manyClasses;
  return {
    path,
    format: header.format,
    shape: [ni, nj, nk],
    channels: header.channels,
    dtype: manyClasses ? 'uint8' : header.dtype,
    data,
    spacing: header.spacing,
    hasSpacing: true,
    affine: header.affine,
    orientation: orientationOf(header.affine),
    ...(header.slope !== 1 && !manyClasses && { step: Math.abs(header.slope) }),
    ...(unchosen && {
      unchosen: {
        frames,
        how: 'give the number of one, from 0, or, where its frames are the classes with the background first, "one-hot": `labelFrame` of the domain in a config, --frame of "meddistill score"',
      },
      warnings: [`${path} has ${frames} frames, of which the first is read; "frame" chooses one.`],
    }),
  };
}

/** Of each voxel the number of the first frame whose sample is greatest. */
function greatestFrame(
  frames: number,
  voxels: number,
  samplesOf: (frame: number) => Volume['data'],
): Uint8Array {
  const index = new Uint8Array(voxels);
  const greatest = Float64Array.from(samplesOf(0).subarray(0, voxels));
  for (let frame = 1; frame < Math.min(frames, 256); frame++) {
    const samples = samplesOf(frame);
    for (let n = 0; n < voxels; n++)
      if (samples[n] > greatest[n]) {
        greatest[n] = samples[n];
        index[n] = frame;
      }
  }
  return index;
}

/**
 * The bytes of a NIfTI-1 single file (little endian) with `affine` as its sform, and as its qform where a rotation and
 * voxel sizes can express it, so that every reader finds the same place.
 * `data` is [k][j][i], or [frame][k][j][i]: uint8 for label maps, float32 for images and probabilities.
 */
export function encodeNifti1(
  shape: readonly [number, number, number],
  data: Uint8Array | Float32Array | Int16Array,
  affine: readonly (readonly number[])[],
  frames = 1,
): Buffer {
  if ([...shape, frames].some((n) => n > 32767))
    throw new UserError(
      `A NIfTI-1 file holds at most 32767 voxels along an axis, not ${shape.join(' x ')}.`,
    );
  const bytes = Buffer.alloc(352 + data.byteLength);
  const put16 = (value: number, at: number) => bytes.writeInt16LE(value, at);
  const put32 = (value: number, at: number) => bytes.writeFloatLE(value, at);
  bytes.writeInt32LE(348, 0);
  [frames > 1 ? 4 : 3, ...shape, frames, 1, 1, 1].forEach((value, n) => put16(value, 40 + 2 * n));
  const [code, bits] =
    data instanceof Uint8Array ? [2, 8] : data instanceof Int16Array ? [4, 16] : [16, 32];
  put16(code, 70);
  put16(bits, 72);
  const spacing = [0, 1, 2].map((axis) => columnNorm(affine, axis));
  const quaternion = quaternionOf(affine, spacing);
  [quaternion?.handed ?? 1, ...spacing, 1, 1, 1, 1].forEach((value, n) => put32(value, 76 + 4 * n));
  put32(352, 108);
  put32(1, 112);
  bytes[123] = 2; // millimetres
  put16(quaternion ? 1 : 0, 252);
  put16(1, 254);
  quaternion?.bcd.forEach((value, n) => put32(value, 256 + 4 * n));
  [0, 1, 2].forEach((row) => put32(affine[row][3], 268 + 4 * row));
  for (let row = 0; row < 3; row++)
    for (let column = 0; column < 4; column++)
      put32(affine[row][column], 280 + 4 * (4 * row + column));
  bytes.write('n+1\0', 344, 'latin1');
  if (endianness() === 'LE')
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 352);
  else if (data instanceof Uint8Array) bytes.set(data, 352);
  else
    data.forEach((value, n) =>
      data instanceof Int16Array
        ? bytes.writeInt16LE(value, 352 + 2 * n)
        : bytes.writeFloatLE(value, 352 + 4 * n),
    );
  return bytes;
}

/** b, c, d of the rotation's quaternion and the handedness of the axes; null where the axes are not orthogonal. */
function quaternionOf(
  affine: readonly (readonly number[])[],
  spacing: readonly number[],
): { bcd: [number, number, number]; handed: 1 | -1 } | null {
  if (spacing.some((s) => s === 0)) return null;
  const unit = [0, 1, 2].map((row) => [0, 1, 2].map((c) => affine[row][c] / spacing[c]));
  const dot = (p: number, q: number) =>
    [0, 1, 2].reduce((sum, r) => sum + unit[r][p] * unit[r][q], 0);
  if (Math.abs(dot(0, 1)) > 1e-4 || Math.abs(dot(0, 2)) > 1e-4 || Math.abs(dot(1, 2)) > 1e-4)
    return null;
  const [m, n, o] = unit;
  const determinant =
    m[0] * (n[1] * o[2] - n[2] * o[1]) -
    m[1] * (n[0] * o[2] - n[2] * o[0]) +
    m[2] * (n[0] * o[1] - n[1] * o[0]);
  const handed = determinant < 0 ? -1 : 1;
  const r = unit.map((row) => [row[0], row[1], row[2] * handed]);
  // Each component's square from the diagonal, the signs from the largest one.
  const squares = [
    1 + r[0][0] + r[1][1] + r[2][2],
    1 + r[0][0] - r[1][1] - r[2][2],
    1 - r[0][0] + r[1][1] - r[2][2],
    1 - r[0][0] - r[1][1] + r[2][2],
  ];
  const largest = squares.indexOf(Math.max(...squares));
  const products = [
    [squares[0], r[2][1] - r[1][2], r[0][2] - r[2][0], r[1][0] - r[0][1]],
    [r[2][1] - r[1][2], squares[1], r[0][1] + r[1][0], r[0][2] + r[2][0]],
    [r[0][2] - r[2][0], r[0][1] + r[1][0], squares[2], r[1][2] + r[2][1]],
    [r[1][0] - r[0][1], r[0][2] + r[2][0], r[1][2] + r[2][1], squares[3]],
  ][largest];
  const norm = Math.hypot(...products) * (products[0] < 0 ? -1 : 1);
  return { bcd: [products[1] / norm, products[2] / norm, products[3] / norm], handed };
}
