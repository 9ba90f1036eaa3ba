/** Small uncompressed DICOM files, made as a test wants them. */

/** What a made file states; what is undefined it leaves out. */
export interface Made {
  seriesUid?: string;
  sopUid?: string;
  seriesNumber?: string;
  instance?: number;
  imageType?: string;
  photometric?: string;
  /** LPS, mm. */
  position?: number[];
  orientation?: number[];
  location?: number;
  spacing?: number[];
  thickness?: number;
  between?: number;
  acquisitionTime?: string;
  echoTime?: string;
  columns?: number;
  rows?: number;
  frames?: number;
  /** Grid Frame Offset Vector. */
  offsets?: number[];
  /** The element that tells frames apart, as group and number. */
  increment?: [number, number];
  bits?: 8 | 16;
  signed?: boolean;
  intercept?: number;
  samples?: number[];
  preamble?: string;
}

const text = (values: string | number | number[] | undefined) =>
  values === undefined ? undefined : [values].flat().join('\\');
const short = (...values: number[]) => {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, n) => bytes.writeUInt16LE(value, 2 * n));
  return bytes;
};

function element(group: number, number: number, vr: string, value: string | Buffer): Buffer {
  const content = Buffer.from(value);
  const padding = content.length % 2 === 0 ? '' : vr === 'UI' ? '\0' : ' ';
  const padded = Buffer.concat([content, Buffer.from(padding)]);
  const long = vr === 'OW' || vr === 'OB';
  const head = Buffer.alloc(long ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, 'latin1');
  if (long) head.writeUInt32LE(padded.length, 8);
  else head.writeUInt16LE(padded.length, 6);
  return Buffer.concat([head, padded]);
}

/** An axial slice of 4 x 3 pixels with the samples 0 to 11, but for what is given. */
export function dicomMade(made: Made = {}): Buffer {
  const { columns = 4, rows = 3, frames = 1, bits = 16, signed = false } = made;
  const samples = made.samples ?? Array.from({ length: columns * rows * frames }, (_, n) => n);
  const pixels = Buffer.from(
    bits === 8
      ? new (signed ? Int8Array : Uint8Array)(samples).buffer
      : new (signed ? Int16Array : Uint16Array)(samples).buffer,
  );
  const elements: (readonly [number, number, string, string | Buffer | undefined])[] = [
    [0x8, 0x8, 'CS', made.imageType ?? 'ORIGINAL\\PRIMARY\\AXIAL'],
    [0x8, 0x18, 'UI', made.sopUid ?? `1.2.3.${made.instance ?? 1}`],
    [0x8, 0x32, 'TM', made.acquisitionTime],
    [0x8, 0x60, 'CS', 'CT'],
    [0x18, 0x50, 'DS', text(made.thickness)],
    [0x18, 0x81, 'DS', made.echoTime],
    [0x18, 0x88, 'DS', text(made.between)],
    [0x20, 0xe, 'UI', made.seriesUid ?? '1.2.3'],
    [0x20, 0x11, 'IS', made.seriesNumber ?? '5'],
    [0x20, 0x13, 'IS', text(made.instance)],
    [0x20, 0x32, 'DS', text(made.position)],
    [0x20, 0x37, 'DS', text(made.orientation ?? [1, 0, 0, 0, 1, 0])],
    [0x20, 0x1041, 'DS', text(made.location)],
    [0x28, 0x2, 'US', short(1)],
    [0x28, 0x4, 'CS', made.photometric ?? 'MONOCHROME2'],
    [0x28, 0x8, 'IS', frames > 1 ? text(frames) : undefined],
    [0x28, 0x9, 'AT', made.increment && short(...made.increment)],
    [0x28, 0x10, 'US', short(rows)],
    [0x28, 0x11, 'US', short(columns)],
    [0x28, 0x30, 'DS', text(made.spacing ?? [1, 1])],
    [0x28, 0x100, 'US', short(bits)],
    [0x28, 0x101, 'US', short(bits)],
    [0x28, 0x102, 'US', short(bits - 1)],
    [0x28, 0x103, 'US', short(signed ? 1 : 0)],
    [0x28, 0x1052, 'DS', text(made.intercept)],
    [0x28, 0x1053, 'DS', made.intercept === undefined ? undefined : '1'],
    [0x3004, 0xc, 'DS', text(made.offsets)],
    [0x7fe0, 0x10, bits === 8 ? 'OB' : 'OW', pixels],
  ];
  const preamble = Buffer.alloc(128);
  preamble.write(made.preamble ?? '', 'latin1');
  const syntax = element(2, 0x10, 'UI', '1.2.840.10008.1.2.1');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(syntax.length);
  return Buffer.concat([
    preamble,
    Buffer.from('DICM'),
    element(2, 0, 'UL', length),
    syntax,
    ...elements.flatMap(([group, number, vr, value]) =>
      value === undefined ? [] : [element(group, number, vr, value)],
    ),
  ]);
}
