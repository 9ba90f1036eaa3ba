import { existsSync } from 'node:fs';
import { endianness } from 'node:os';
import { UserError } from '../errors';
import { readRegular } from '../files';
import { readStart, startOf } from './file-start';
import type { Format, ReadChoice } from './format';
import { checkDimensions, checkPlausible, gunzip, isGzip } from './limits';
import {
  geometryOf,
  isSheared,
  quaternionOf,
  readForms,
  usableForms,
  type NiftiForms,
} from './nifti-geometry';
import { columnNorm, orientationOf } from './orientation';
import { scaled, toSamples } from './stored';
import type { Layout, StoredImage, StoredSamples, StoredType } from './stored';
import { extremes, finiteRange, unusualSamples, type Volume } from './volume';

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
    const warnings = [
      ...(header.warnings ?? []),
      ...unusualSamples(
        path,
        finiteRange(stored, channels, storedChannels),
        (sample) => sample * slope + intercept,
      ),
    ];
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
      ...(warnings.length > 0 && { warnings }),
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
  if (beside !== null) return openPair(beside, await readRegular(beside), path, bytes);
  const { head } = startOf(path, bytes);
  const image = imageBeside(path, head);
  if (image !== null) return openPair(path, bytes, image, await readRegular(image));
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

  const own = copy.subarray(0, size);
  const { affine, spacing, warnings } = geometryOf(path, readForms(own));
  if (affine.some((row) => row.some((value) => !Number.isFinite(value))))
    throw new UserError(`${path}: the affine in the header holds a value that is not finite.`);
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
      niftiHeader: Buffer.from(own).toString('base64'),
      ...(warnings.length > 0 ? { warnings } : {}),
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
  const warnings = [
    ...(header.warnings ?? []),
    ...(unchosen
      ? [`${path} has ${frames} frames, of which the first is read; "frame" chooses one.`]
      : []),
  ];
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
    niftiHeader: header.niftiHeader,
    ...(header.slope !== 1 && !manyClasses && { step: Math.abs(header.slope) }),
    ...(unchosen && {
      unchosen: {
        frames,
        how: 'give the number of one, from 0, or, where its frames are the classes with the background first, "one-hot": `labelFrame` of the domain in a config, --frame of "meddistill score"',
      },
    }),
    ...(warnings.length > 0 && { warnings }),
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
 * The bytes of a NIfTI-1 single file (little endian) with `affine`, in mm, as its sform, and as its qform the same, or the
 * rotation nearest to it where its axes are not at right angles, so that every reader finds the same place.
 * `data` is [k][j][i], or [frame][k][j][i]: uint8 for label maps, float32 for images and probabilities.
 * `like` is the header of a NIfTI file on the same grid, whose place and description are carried over field by field, so
 * that every reader finds the two in one place, whichever form it takes.
 */
export function encodeNifti1(
  shape: readonly [number, number, number],
  data: Uint8Array | Float32Array | Int16Array,
  affine: readonly (readonly number[])[],
  frames = 1,
  like?: Uint8Array,
): Buffer {
  if ([...shape, frames].some((n) => n > 32767))
    throw new UserError(
      `A NIfTI-1 file holds at most 32767 voxels along an axis, not ${shape.join(' x ')}.`,
    );
  const bytes = Buffer.alloc(352 + data.byteLength);
  bytes.writeInt32LE(348, 0);
  [frames > 1 ? 4 : 3, ...shape, frames, 1, 1, 1].forEach((value, n) =>
    bytes.writeInt16LE(value, 40 + 2 * n),
  );
  const [code, bits] =
    data instanceof Uint8Array ? [2, 8] : data instanceof Int16Array ? [4, 16] : [16, 32];
  bytes.writeInt16LE(code, 70);
  bytes.writeInt16LE(bits, 72);
  bytes.writeFloatLE(352, 108);
  bytes.writeFloatLE(1, 112);
  if (like) carryDescription(like, bytes);
  else bytes[123] = 2; // millimetres
  putForms(bytes, like ? formsLike(like, affine, frames) : formsOf(affine));
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

type Forms = Pick<NiftiForms, 'pixdim' | 'qform' | 'sform'>;

/** Both forms for a place in mm. */
function formsOf(affine: readonly (readonly number[])[]): Forms {
  const spacing = [0, 1, 2].map((axis) => columnNorm(affine, axis));
  const quaternion = quaternionOf(affine, spacing);
  return {
    pixdim: [quaternion?.handed ?? 1, ...spacing, 1, 1, 1, 1],
    qform: {
      code: quaternion ? 1 : 0,
      bcd: quaternion?.bcd ?? [0, 0, 0],
      offset: [0, 1, 2].map((row) => affine[row][3]),
    },
    sform: { code: 1, affine: affine.map((row) => [...row]) },
  };
}

/**
 * The forms of a file on the same grid as they stand in its header, but for what no reader can use: a form that gives its
 * voxels no size is replaced by the place in use, and a sheared sform alone gets the nearest rotation beside it.
 */
function formsLike(
  header: Uint8Array,
  affine: readonly (readonly number[])[],
  frames: number,
): Forms {
  const forms = readForms(header);
  const usable = usableForms(forms);
  const { qform, sform, toMm } = forms;
  const used = formsOf(
    affine.map((row, r) => (r < 3 ? row.map((value) => value / toMm) : [...row])),
  );
  const newSform = sform.code > 0 && !usable.sform;
  const newQform =
    (qform.code > 0 && !usable.qform) ||
    (qform.code <= 0 && sform.code > 0 && !newSform && isSheared(sform.affine));
  const pixdim = forms.pixdim.map((size, n) => {
    if (n === 0) return newQform ? used.pixdim[0] : size;
    if (n > 3) return frames > 1 ? 1 : size;
    return Math.abs(size) > 0 && Number.isFinite(size) ? size : used.pixdim[n] || 1;
  });
  return {
    pixdim,
    sform: newSform ? { ...used.sform, code: sform.code } : sform,
    qform: newQform ? { ...used.qform, code: qform.code > 0 ? qform.code : sform.code } : qform,
  };
}

function putForms(bytes: Buffer, { pixdim, qform, sform }: Forms): void {
  const put = (values: number[], at: number) =>
    values.forEach((value, n) => bytes.writeFloatLE(value, at + 4 * n));
  put(pixdim, 76);
  bytes.writeInt16LE(qform.code, 252);
  bytes.writeInt16LE(sform.code, 254);
  put(qform.bcd, 256);
  put(qform.offset, 268);
  put(sform.affine.slice(0, 3).flat(), 280);
}

/**
 * Copies what a header says beside its place and its samples: units, the order in which slices were acquired, and texts.
 * Its scale, its display range and its intent are those of its own samples and stay behind.
 */
function carryDescription(header: Uint8Array, bytes: Buffer): void {
  const from = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  const first = header.length < 540;
  const little = from.readInt32LE(0) === (first ? 348 : 540);
  const int16 = (at: number) => (little ? from.readInt16LE(at) : from.readInt16BE(at));
  const int32 = (at: number) => (little ? from.readInt32LE(at) : from.readInt32BE(at));
  const int64 = (at: number) => (little ? from.readBigInt64LE(at) : from.readBigInt64BE(at));
  const float = (at1: number, at2: number) =>
    first
      ? little
        ? from.readFloatLE(at1)
        : from.readFloatBE(at1)
      : little
        ? from.readDoubleLE(at2)
        : from.readDoubleBE(at2);
  bytes[39] = from[first ? 39 : 524]; // which axes are frequency, phase and slice
  bytes[122] = first ? from[122] : int32(496) & 0xff; // slice_code
  bytes[123] = first ? from[123] : int32(500) & 0xff; // xyzt_units
  bytes.writeInt16LE(first ? int16(74) : Number(BigInt.asIntN(16, int64(224))), 74); // slice_start
  bytes.writeInt16LE(first ? int16(120) : Number(BigInt.asIntN(16, int64(232))), 120); // slice_end
  bytes.writeFloatLE(float(132, 208), 132); // slice_duration
  bytes.writeFloatLE(float(136, 216), 136); // toffset
  const texts = first ? 148 : 240;
  bytes.set(from.subarray(texts, texts + 80), 148); // descrip
  bytes.set(from.subarray(texts + 80, texts + 104), 228); // aux_file
}
