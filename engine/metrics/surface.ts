import type { Metric, SurfaceMetrics } from './metric';
import type { Shape, Spacing } from './shape';
import { percentile } from './statistics';

/**
 * What lies beyond the image, which matters for masks that touch its border: with `background` their border voxels are
 * surface (as MONAI and MedPy have it), with `foreground` an organ cut off by the scan has no surface at the cut (as the
 * CHAOS evaluation has it).
 */
export type Outside = 'background' | 'foreground';

const titles: Record<keyof SurfaceMetrics, string> = {
  assd: 'ASSD, mm',
  hd95: 'HD95, mm',
  hd: 'HD, mm',
};

export const distanceMetrics: readonly Metric[] = Object.entries(titles).map(([name, title]) => ({
  name,
  title,
  digits: 2,
  of: (c) => c.surface()?.[name as keyof SurfaceMetrics] ?? null,
}));

/**
 * Surface distances of two masks [slices][rows][columns], nonzero inside: from each surface voxel of one to the nearest of
 * the other, voxel centre to voxel centre. A surface voxel has one of its 6 neighbours outside the mask; along an axis of
 * one sample there are no neighbours, so that a picture has 4. With one mask empty all distances are the image's diagonal,
 * so that a missed case costs the most that it can; with both empty null.
 */
export function surfaceMetrics(
  prediction: Uint8Array,
  reference: Uint8Array,
  shape: Shape,
  spacing: Spacing,
  outside: Outside = 'background',
): SurfaceMetrics | null {
  const box = boundingBox([prediction, reference], shape);
  if (!box) return null;
  const ofPrediction = surfaceOf(prediction, shape, box, outside);
  const ofReference = surfaceOf(reference, shape, box, outside);
  if (ofPrediction.count === 0 || ofReference.count === 0) {
    // Neither has a surface where both fill the image and the outside is foreground.
    const alike = ofPrediction.count === ofReference.count;
    const farthest = alike ? 0 : diagonal(shape, spacing);
    return { assd: farthest, hd95: farthest, hd: farthest };
  }
  const size = sizeOf(box);
  const there = distances(ofPrediction, ofReference, size, spacing);
  const back = distances(ofReference, ofPrediction, size, spacing);
  const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
  const largest = (values: Float64Array) => values.reduce((a, b) => Math.max(a, b), 0);
  return {
    assd: (sum(there) + sum(back)) / (there.length + back.length),
    hd95: Math.max(percentile(there, 95), percentile(back, 95)),
    hd: Math.max(largest(there), largest(back)),
  };
}

/** The image's diagonal in mm; axes of one sample have no extent. */
export function diagonal(shape: Shape, spacing: Spacing): number {
  return Math.hypot(...shape.map((samples, axis) => (samples > 1 ? samples * spacing[axis] : 0)));
}

/** First and last sample of a part of an image along slices, rows, columns. */
export interface Box {
  first: [number, number, number];
  last: [number, number, number];
}

/** The smallest box around what is nonzero in any of the masks; null if nothing is. */
export function boundingBox(masks: readonly Uint8Array[], shape: Shape): Box | null {
  const [slices, rows, columns] = shape;
  const first: Box['first'] = [slices, rows, columns];
  const last: Box['last'] = [-1, -1, -1];
  for (const mask of masks)
    for (let z = 0, start = 0; z < slices; z++)
      for (let y = 0; y < rows; y++, start += columns) {
        let left = 0;
        while (left < columns && mask[start + left] === 0) left++;
        if (left === columns) continue;
        let right = columns - 1;
        while (mask[start + right] === 0) right--;
        if (z < first[0]) first[0] = z;
        if (z > last[0]) last[0] = z;
        if (y < first[1]) first[1] = y;
        if (y > last[1]) last[1] = y;
        if (left < first[2]) first[2] = left;
        if (right > last[2]) last[2] = right;
      }
  return last[0] < 0 ? null : { first, last };
}

export const sizeOf = ({ first, last }: Box): [number, number, number] => [
  last[0] - first[0] + 1,
  last[1] - first[1] + 1,
  last[2] - first[2] + 1,
];

/** Surface voxels slice by slice of a box, each as row * columns + column within it, ascending. */
interface Surface {
  slices: Int32Array[];
  count: number;
}

function surfaceOf(mask: Uint8Array, shape: Shape, box: Box, outside: Outside): Surface {
  const [slices, rows, columns] = shape;
  const [, height, width] = sizeOf(box);
  const surface: Surface = { slices: [], count: 0 };
  const found = new Int32Array(height * width);
  // At the image's border a voxel stands in for the neighbour that it lacks; `bare` says where that neighbour is background.
  const before = (at: number, step: number) => (at > 0 ? step : 0);
  const after = (at: number, samples: number, step: number) => (at < samples - 1 ? step : 0);
  const bare = (at: number, samples: number) =>
    outside === 'background' && samples > 1 && (at === 0 || at === samples - 1);
  for (let z = box.first[0]; z <= box.last[0]; z++) {
    const under = before(z, rows * columns);
    const over = after(z, slices, rows * columns);
    const bareSlice = bare(z, slices);
    let count = 0;
    for (let y = box.first[1]; y <= box.last[1]; y++) {
      const above = before(y, columns);
      const below = after(y, rows, columns);
      const bareRow = bareSlice || bare(y, rows);
      const row = (z * rows + y) * columns;
      const place = (y - box.first[1]) * width - box.first[2];
      for (let x = box.first[2]; x <= box.last[2]; x++) {
        const index = row + x;
        if (mask[index] === 0) continue;
        if (
          bareRow ||
          mask[index - before(x, 1)] === 0 ||
          mask[index + after(x, columns, 1)] === 0 ||
          mask[index - above] === 0 ||
          mask[index + below] === 0 ||
          mask[index - under] === 0 ||
          mask[index + over] === 0 ||
          bare(x, columns)
        )
          found[count++] = place + x;
      }
    }
    surface.slices.push(found.slice(0, count));
    surface.count += count;
  }
  return surface;
}

/**
 * Distance in mm of each voxel of `from` to the nearest voxel of `to`, both within a box of `size`: the exact Euclidean
 * distance transform of `to`, read at `from`. Its first two axes are transformed a slice at a time (Felzenszwalb and
 * Huttenlocher, Theory of Computing 2012), and the third is a minimum over slices that is taken at the voxels of `from` only,
 * so that no volume of distances is ever held.
 */
function distances(
  from: Surface,
  to: Surface,
  size: Shape,
  [sliceSpacing, rowSpacing, columnSpacing]: Spacing,
): Float64Array {
  const [depth, height, width] = size;
  const squared = new Float64Array(from.count);
  squared.fill(Infinity);
  const nearest: Float64Array[] = [];
  let start = 0;
  for (const slice of from.slices) nearest.push(squared.subarray(start, (start += slice.length)));
  // The largest value in each slice's `nearest`: what is at least as far away cannot improve any of them.
  const largest = from.slices.map(() => Infinity);
  const plane = new Float64Array(height * width);
  const envelope = new LowerEnvelope(width, columnSpacing);
  for (const z of coarseToFine(depth)) {
    const canImprove = (other: number) =>
      from.slices[other].length > 0 && ((other - z) * sliceSpacing) ** 2 < largest[other];
    if (to.slices[z].length === 0 || !from.slices.some((_, other) => canImprove(other))) continue;
    alongRows(plane, to.slices[z], width, rowSpacing);
    for (let y = 0; y < height; y++) envelope.transform(plane, y * width);
    for (let other = 0; other < depth; other++) {
      if (!canImprove(other)) continue;
      const between = ((other - z) * sliceSpacing) ** 2;
      const voxels = from.slices[other];
      const best = nearest[other];
      let most = 0;
      for (let n = 0; n < voxels.length; n++) {
        const value = plane[voxels[n]] + between;
        if (value < best[n]) best[n] = value;
        if (best[n] > most) most = best[n];
      }
      largest[other] = most;
    }
  }
  for (let n = 0; n < squared.length; n++) squared[n] = Math.sqrt(squared[n]);
  return squared;
}

/** 0 to count - 1, every 16th first, then those halfway between: an early bound on every distance spares most of the work. */
function coarseToFine(count: number): number[] {
  const order: number[] = [];
  for (let stride = 16; stride >= 1; stride /= 2)
    for (let n = stride < 16 ? stride : 0; n < count; n += stride < 16 ? 2 * stride : stride)
      order.push(n);
  return order;
}

/** Fills the plane with the squared distance in mm to the nearest of `voxels` in the same column. */
function alongRows(plane: Float64Array, voxels: Int32Array, width: number, spacing: number): void {
  plane.fill(Infinity);
  for (const voxel of voxels) plane[voxel] = 0;
  for (let n = width; n < plane.length; n++) {
    const next = plane[n - width] + 1;
    if (next < plane[n]) plane[n] = next;
  }
  for (let n = plane.length - width - 1; n >= 0; n--) {
    const next = plane[n + width] + 1;
    if (next < plane[n]) plane[n] = next;
  }
  for (let n = 0; n < plane.length; n++) plane[n] = (plane[n] * spacing) ** 2;
}

/** Replaces f by min over v of f(v) + (spacing (x - v))^2, the lower envelope of parabolas. */
class LowerEnvelope {
  private readonly apexes: Int32Array;
  private readonly heights: Float64Array;
  /** Where each parabola of the envelope begins to be the lowest. */
  private readonly begins: Float64Array;

  constructor(
    private readonly length: number,
    private readonly spacing: number,
  ) {
    this.apexes = new Int32Array(length);
    this.heights = new Float64Array(length);
    this.begins = new Float64Array(length + 1);
  }

  transform(values: Float64Array, offset: number): void {
    const { apexes, heights, begins, length } = this;
    const unit = this.spacing ** 2;
    let last = -1;
    for (let x = 0; x < length; x++) {
      const height = values[offset + x];
      if (height === Infinity) continue;
      let begin = -Infinity;
      while (last >= 0) {
        const apex = apexes[last];
        begin = (x + apex + (height - heights[last]) / (unit * (x - apex))) / 2;
        if (begin > begins[last]) break;
        last--;
        begin = -Infinity;
      }
      last++;
      apexes[last] = x;
      heights[last] = height;
      begins[last] = begin;
    }
    begins[last + 1] = Infinity;
    for (let x = 0, n = 0; x < length; x++) {
      while (begins[n + 1] < x) n++;
      values[offset + x] = unit * (x - apexes[n]) ** 2 + heights[n];
    }
  }
}
