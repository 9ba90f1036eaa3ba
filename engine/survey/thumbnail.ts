import { encode } from 'fast-png';
import type { DistillConfig } from '../config/config';
import { prepareCase } from '../preparation/prepare';
import { resizeLinear, resizeNearest } from '../preparation/resample';
import type { CohortCase } from '../cohort/cohort';

/** Colours of classes, told apart by colour-blind eyes (Okabe and Ito 2008). */
const classColors = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [204, 121, 167],
  [213, 94, 0],
  [0, 114, 178],
];

/**
 * A PNG of the slice of a case that shows most of its classes, as the network sees its grey values, with the classes'
 * outlines drawn in; at most `side` pixels wide and high.
 */
export async function thumbnail(
  config: DistillConfig,
  item: CohortCase,
  side: number,
): Promise<Uint8Array> {
  // Some slices are enough to choose from, in the files' own grid.
  const domain = { ...config.domains[item.domain], maxSlices: 24 };
  const { prepared, native } = await prepareCase(
    {
      ...config,
      domains: { [item.domain]: domain },
      input: { ...config.input, size: [8, 8], fit: 'patch', spacing: 0 },
      cache: { ...config.cache, gigabytes: 0 },
    },
    item,
  );
  const { slices, channels } = prepared;
  const { rows, columns } = native;
  const pixels = rows * columns;
  const areaOf = (slice: number) => {
    let area = 0;
    if (native.label)
      for (let n = slice * pixels; n < (slice + 1) * pixels; n++) if (native.label[n]) area++;
    return area;
  };
  const areas = Array.from({ length: slices }, (_, slice) => areaOf(slice));
  const best = areas.some((area) => area > 0)
    ? areas.indexOf(Math.max(...areas))
    : Math.floor(slices / 2);

  const [down, across] = native.spacing;
  const [tall, wide] = [rows * down, columns * across];
  // Pixels a millimetre: never more than the file has.
  const scale = Math.min(side / Math.max(tall, wide), 1 / Math.min(down, across));
  const height = Math.max(1, Math.round(tall * scale));
  const width = Math.max(1, Math.round(wide * scale));
  const planes = Array.from({ length: 3 }, (_, c) => {
    const at = best * channels + (channels === 3 ? c : 0);
    const stride = prepared.rows * prepared.columns;
    const plane = prepared.image.subarray(at * stride, (at + 1) * stride);
    return resizeLinear(
      crop(plane, prepared.columns, rows, columns),
      1,
      [rows, columns],
      [height, width],
    );
  });
  const all = planes.flatMap((plane) => [...plane]);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const label = native.label
    ? resizeNearest(
        native.label.slice(best * pixels, (best + 1) * pixels),
        1,
        [rows, columns],
        [height, width],
      )
    : new Uint8Array(height * width);
  const data = new Uint8Array(3 * height * width);
  for (let r = 0; r < height; r++)
    for (let c = 0; c < width; c++) {
      const n = r * width + c;
      const own = label[n];
      const edge =
        own > 0 &&
        (label[n - 1] !== own ||
          label[n + 1] !== own ||
          label[n - width] !== own ||
          label[n + width] !== own);
      for (let k = 0; k < 3; k++)
        data[3 * n + k] = edge
          ? classColors[(own - 1) % classColors.length][k]
          : Math.round((255 * (planes[k][n] - low)) / (high - low || 1));
    }
  return encode({ width, height, data, channels: 3, depth: 8 });
}

function crop(plane: Float32Array, width: number, rows: number, columns: number): Float32Array {
  if (plane.length === rows * columns) return plane.slice();
  const out = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++)
    out.set(plane.subarray(r * width, r * width + columns), r * columns);
  return out;
}
