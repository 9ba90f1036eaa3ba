/** How a camera was held, as Exif and TIFF state it, and the picture the way up in which viewers show it. */
import type { Volume } from './volume';

const orientationTag = 0x112;

/** The orientation, 1 to 8, in the first directory of an Exif block, which is laid out as a TIFF file; 1 where it states none. */
export function exifOrientation(block: Uint8Array): number {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  if (block.length < 8) return 1;
  const littleEndian = view.getUint16(0) === 0x4949;
  const first = view.getUint32(4, littleEndian);
  if (first + 2 > block.length) return 1;
  const entries = view.getUint16(first, littleEndian);
  for (let at = first + 2; at < first + 2 + 12 * entries && at + 12 <= block.length; at += 12)
    if (view.getUint16(at, littleEndian) === orientationTag) {
      const value = view.getUint16(at + 8, littleEndian);
      return value >= 1 && value <= 8 ? value : 1;
    }
  return 1;
}

/** A picture turned and mirrored as its orientation, 1 to 8, says that it is to be shown. `tag` names where that stands. */
export function asShown(picture: Volume, orientation: number, tag: string): Volume {
  if (!(orientation >= 2 && orientation <= 8)) return picture;
  const { path, shape, data, marks, warnings = [] } = picture;
  const [width, height, pages] = shape;
  // From 5 on, what is stored as a row is shown as a column.
  const turned = orientation >= 5;
  const [columns, rows] = turned ? [height, width] : [width, height];
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBelow = [3, 4, 6, 7].includes(orientation);
  const shown = <T extends Volume['data']>(samples: T): T => {
    const out = samples.slice() as T;
    for (let plane = 0; plane < samples.length; plane += width * height)
      for (let y = 0, n = plane; y < rows; y++)
        for (let x = 0; x < columns; x++, n++) {
          const [u, v] = turned ? [y, x] : [x, y];
          const column = fromRight ? width - 1 - u : u;
          const row = fromBelow ? height - 1 - v : v;
          out[n] = samples[plane + row * width + column];
        }
    return out;
  };
  return {
    ...picture,
    shape: [columns, rows, pages],
    data: shown(data),
    ...(marks && { marks: shown(marks) }),
    warnings: [
      ...warnings,
      `${path} is stored ${width} x ${height} and read as it is shown, ${columns} x ${rows}: its ${tag} is ${orientation}.`,
    ],
  };
}
