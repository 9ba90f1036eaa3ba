import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type * as Library from 'dcmjs-codecs';
import { UserError } from '../errors';
import { codestreamSize, withoutJp2Boxes } from './codestream';
import { decodeRle } from './dicom-rle';
import { checkPlausible } from './limits';
import { reasonOf } from './reason';

/** The pixels of one frame, as its data set describes them. */
export interface FrameLayout {
  rows: number;
  columns: number;
  samplesPerPixel: number;
  bitsAllocated: number;
  bitsStored: number;
  pixelRepresentation: number;
  planarConfiguration: number;
  photometricInterpretation: string;
}

type Decoder = 'rle' | 'decodeJpeg' | 'decodeJpegLs' | 'decodeJpeg2000' | 'decodeHtJpeg2000';

/** Transfer syntaxes whose frames are compressed one by one: the family, and how many samples a byte can stand for at most. */
const compressed: Record<string, { decoder: Decoder; name: string; ratio: number } | undefined> = {
  '1.2.840.10008.1.2.5': { decoder: 'rle', name: 'RLE', ratio: 64 },
  ...family('decodeJpeg', 'JPEG', 512, ['4.50', '4.51', '4.57', '4.70']),
  // These pack an empty picture into a hundred bytes, so that they have a floor as well; no picture with anything in it
  // comes near the ratio.
  ...family('decodeJpegLs', 'JPEG-LS', 1024, ['4.80', '4.81']),
  ...family('decodeJpeg2000', 'JPEG 2000', 1024, ['4.90', '4.91']),
  ...family('decodeHtJpeg2000', 'High-Throughput JPEG 2000', 1024, ['4.201', '4.202', '4.203']),
};
const emptyPicture = 2 ** 24;

function family(decoder: Decoder, name: string, ratio: number, endings: string[]) {
  return Object.fromEntries(
    endings.map((ending) => [`1.2.840.10008.1.2.${ending}`, { decoder, name, ratio }]),
  );
}

/** True for a transfer syntax whose frames `decodeFrame` reads. */
export const isCompressed = (transferSyntax: string): boolean =>
  compressed[transferSyntax] !== undefined;

type Codecs = typeof Library;
let codecs: Promise<Codecs> | null = null;

async function loadCodecs(): Promise<Codecs> {
  // The names of a CommonJS library may be seen on its default alone.
  const imported = (await import('dcmjs-codecs')) as Codecs & { default?: Codecs };
  const library = imported.default ?? imported;
  // Bundled, the library no longer lies beside its WebAssembly file.
  const beside = join(__dirname, 'dcmjs-native-codecs.wasm');
  await library.NativeCodecs.initializeAsync(
    existsSync(beside) ? { webAssemblyModulePathOrUrl: beside } : undefined,
  );
  return library;
}

/**
 * Decompresses one frame: samples in little-endian bytes, colour interleaved as RGB.
 * @throws UserError where the stream is damaged, or is not of the size that the data set states
 */
export async function decodeFrame(
  path: string,
  transferSyntax: string,
  fragments: Uint8Array,
  layout: FrameLayout,
): Promise<Uint8Array> {
  const { decoder, name, ratio } = compressed[transferSyntax]!;
  const { rows, columns, samplesPerPixel } = layout;
  const stream = name.endsWith('JPEG 2000') ? withoutJp2Boxes(fragments) : fragments;
  const least = ratio === 1024 ? emptyPicture : undefined;
  checkPlausible(path, stream.length, rows * columns * samplesPerPixel, ratio, least);
  const damaged = (error: unknown) =>
    new UserError(`${path}: its ${name} stream is damaged (${reasonOf(error)}).`);
  if (decoder === 'rle')
    try {
      return decodeRle(stream, rows * columns, samplesPerPixel, layout.bitsAllocated / 8);
    } catch (error) {
      throw damaged(error);
    }
  const size = codestreamSize(stream);
  if (!size) throw new UserError(`${path}: its ${name} stream has no frame header.`);
  if (size.rows !== rows || size.columns !== columns || size.components !== samplesPerPixel)
    throw new UserError(
      `${path}: its ${name} stream is ${size.columns} x ${size.rows} with ${size.components} samples a pixel, but its header states ${columns} x ${rows} with ${samplesPerPixel}.`,
    );
  if (size.bits > 16)
    throw new UserError(
      `${path}: its ${name} stream has ${size.bits} bits a sample; up to 16 are read.`,
    );
  // Decoders fill up what is missing; the marker that ends every one of these streams tells.
  if (!endsWhole(stream)) throw new UserError(`${path}: its ${name} stream is truncated.`);
  codecs ??= loadCodecs();
  const { Context, NativeCodecs } = await codecs;
  try {
    const context = new Context({ width: columns, height: rows, ...layout, encodedBuffer: stream });
    // Colours come as RGB whatever the stream holds them in.
    const decoded = NativeCodecs[decoder](context, { convertColorspaceToRgb: true });
    const bytes = decoded.getDecodedBuffer();
    const samples = rows * columns * samplesPerPixel;
    if (!bytes || ![1, 2, 4].includes(bytes.length / samples))
      throw new Error(`it gives ${bytes?.length ?? 0} bytes for ${samples} samples`);
    return bytes;
  } catch (error) {
    // What a failed decoder leaves behind in its memory is not to be trusted.
    NativeCodecs.release();
    codecs = null;
    throw damaged(error);
  }
}

/** True where the end marker (FF D9) comes last but for padding. */
function endsWhole(stream: Uint8Array): boolean {
  const end = stream.lastIndexOf(0xd9);
  return end > 0 && stream[end - 1] === 0xff && stream.length - end <= 16;
}
