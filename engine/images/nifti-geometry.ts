/** Where a NIfTI header places its voxels: two forms, voxel sizes and units, of which one geometry in mm is made. */
import { columnNorm, nearestRotation } from './orientation';

type Affine = number[][];

/** What a header of either version states about its grid, in its own units. */
export interface NiftiForms {
  /** Voxels along i, j and k; 0 where the header has no such axis. */
  counts: number[];
  /** The handedness of the qform, then the size along each axis. */
  pixdim: number[];
  qform: { code: number; bcd: number[]; offset: number[] };
  sform: { code: number; affine: Affine };
  /** What lengths are multiplied with to be mm. */
  toMm: number;
  /** The relative rounding of the header's floats. */
  precision: number;
}

/** The unit of length in `xyzt_units`; one that is unknown is taken for the millimetre. */
const lengths: Record<number, number | undefined> = { 1: 1000, 2: 1, 3: 1e-3 };

/** Forms, sizes and units of the 348 or 540 bytes of a NIfTI-1 or -2 header. */
export function readForms(header: Uint8Array): NiftiForms {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const first = header.length < 540;
  const little = view.getInt32(0, true) === (first ? 348 : 540);
  const float = (at1: number, at2: number, n: number) =>
    first ? view.getFloat32(at1 + 4 * n, little) : view.getFloat64(at2 + 8 * n, little);
  const floats = (at1: number, at2: number, count: number) =>
    Array.from({ length: count }, (_, n) => float(at1, at2, n));
  const code = (at1: number, at2: number) =>
    first ? view.getInt16(at1, little) : view.getInt32(at2, little);
  const units = first ? view.getUint8(123) : view.getInt32(500, little);
  return {
    counts: [1, 2, 3].map((n) =>
      first ? view.getInt16(40 + 2 * n, little) : Number(view.getBigInt64(16 + 8 * n, little)),
    ),
    pixdim: floats(76, 104, 8),
    qform: { code: code(252, 344), bcd: floats(256, 352, 3), offset: floats(268, 376, 3) },
    sform: {
      code: code(254, 348),
      affine: [0, 1, 2]
        .map((row) => [0, 1, 2, 3].map((column) => float(280, 400, 4 * row + column)))
        .concat([[0, 0, 0, 1]]),
    },
    toMm: lengths[units & 7] ?? 1,
    precision: first ? 2 ** -23 : Number.EPSILON,
  };
}

/** Which of a header's forms has a code above 0, places voxels by finite numbers, and gives them a size in all directions. */
export function usableForms(forms: NiftiForms): { sform: boolean; qform: boolean } {
  const usable = (code: number, affine: Affine) =>
    code > 0 && isFinite(affine) && Math.abs(volumeOfAxes(affine)) > 1e-6;
  return {
    sform: usable(forms.sform.code, forms.sform.affine),
    qform: usable(forms.qform.code, qformAffine(forms)),
  };
}

/**
 * Voxel to world in mm, RAS+: the sform where its code is above 0, else the qform where its code is above 0, else the voxel
 * sizes alone with the first axis running to the left and the origin at the centre of the grid, as nibabel has it. A form
 * that gives its voxels no size, such as one of zeros, gives way to the next. The spacing is that of the affine.
 * `warnings` tell where the header contradicts itself; they begin with `path`. The affine may be of numbers that are not
 * finite where nothing else is stated.
 */
export function geometryOf(
  path: string,
  forms: NiftiForms,
): { affine: Affine; spacing: [number, number, number]; warnings: string[] } {
  const { sform, qform } = forms;
  const usable = usableForms(forms);
  const warnings: string[] = [];
  let own: Affine;
  if (usable.sform) own = sform.affine;
  else if (usable.qform) own = qformAffine(forms);
  else if (sform.code > 0 && !isZero(sform.affine)) own = sform.affine;
  else if (sform.code <= 0 && qform.code > 0) own = qformAffine(forms);
  else own = affineOfSizes(forms);

  if (sform.code > 0 && !usable.sform && isFinite(own))
    warnings.push(
      `${path}: its sform gives its voxels no size, ${usable.qform ? 'so that the qform is' : own === sform.affine ? 'but is all it states, so that it is' : 'so that the voxel sizes alone are'} used.`,
    );
  const mm = inMm(own, forms.toMm);
  const stated = [1, 2, 3].map((axis) => Math.abs(forms.pixdim[axis]) * forms.toMm);
  const norms = [0, 1, 2].map((axis) => columnNorm(mm, axis));
  const isStated = (axis: number) => stated[axis] > 0 && Number.isFinite(stated[axis]);
  const agree = [0, 1, 2].map(
    (axis) => Math.abs(stated[axis] - norms[axis]) <= 1e-3 * norms[axis] || norms[axis] === 0,
  );
  if (usable.sform && [0, 1, 2].some((axis) => isStated(axis) && !agree[axis]))
    warnings.push(
      `${path}: its sform states voxels of ${sizes(norms)} mm, but its pixdim ${sizes(stated)} mm; those of the sform are used, for places and for distances.`,
    );
  const sizeless = [0, 1, 2].filter(
    (axis) => forms.counts[axis] > 1 && forms.pixdim[axis + 1] === 0,
  );
  if (own !== sform.affine && sizeless.length > 0)
    warnings.push(
      `${path}: its header states no voxel size along ${sizeless.map((axis) => 'ijk'[axis]).join(' and ')}; ${forms.toMm} mm is taken.`,
    );
  if (usable.sform && usable.qform) {
    const apart = inMm(qformAffine(forms), forms.toMm);
    const share = 0.1 * Math.min(...norms);
    const furthest = cornersApart(forms.counts, mm, apart);
    // Beside a sheared sform, a qform can only be the nearest rotation.
    if (furthest > share && cornersApart(forms.counts, rotationAlone(mm, norms), apart) > share)
      warnings.push(
        `${path}: its sform and its qform place its voxels up to ${Number(furthest.toPrecision(3))} mm apart; the sform is used, while other programs may use the qform.`,
      );
  }
  return {
    affine: mm,
    spacing: norms.map((norm, axis) =>
      isStated(axis) && agree[axis] ? stated[axis] : norm || 1,
    ) as [number, number, number],
    warnings,
  };
}

const isFinite = (affine: Affine) => affine.every((row) => row.every(Number.isFinite));
const isZero = (affine: Affine) =>
  [0, 1, 2].every((row) => [0, 1, 2].every((column) => affine[row][column] === 0));
const sizes = (mm: number[]) => mm.map((value) => Number(value.toPrecision(4))).join(' x ');

/** Lengths in mm; an affine that is in mm already stays as it is. */
function inMm(affine: Affine, toMm: number): Affine {
  if (toMm === 1) return affine;
  return affine.map((row, r) => (r < 3 ? row.map((value) => value * toMm) : row));
}

/** The volume that the three axes span when each has the length 1: 1 at right angles, 0 where one is missing or lies in the plane of the others. */
function volumeOfAxes(affine: Affine): number {
  const [a, b, c] = [0, 1, 2].map((column) => {
    const norm = columnNorm(affine, column) || 1;
    return [0, 1, 2].map((row) => affine[row][column] / norm);
  });
  return (
    a[0] * (b[1] * c[2] - b[2] * c[1]) -
    a[1] * (b[0] * c[2] - b[2] * c[0]) +
    a[2] * (b[0] * c[1] - b[1] * c[0])
  );
}

/** The affine's nearest one with axes at right angles, of the same origin and voxel sizes. */
function rotationAlone(affine: Affine, norms: number[]): Affine {
  const rotation = nearestRotation(affine);
  return rotation
    .map((row, r) => [...row.map((value, column) => value * norms[column]), affine[r][3]])
    .concat([[0, 0, 0, 1]]);
}

/** By how far the corners of a grid lie apart at most, placed by two affines. */
function cornersApart(counts: number[], one: Affine, other: Affine): number {
  const last = counts.map((count) => Math.max(1, count) - 1);
  const distances = Array.from({ length: 8 }, (_, corner) =>
    Math.hypot(
      ...[0, 1, 2].map((row) =>
        last.reduce(
          (sum, at, axis) =>
            sum + ((corner >> axis) & 1) * at * (one[row][axis] - other[row][axis]),
          one[row][3] - other[row][3],
        ),
      ),
    ),
  );
  return Math.max(...distances);
}

function qformAffine({ pixdim, qform, precision }: NiftiForms): Affine {
  // An axis without a size, as a single slice may have it, has voxels of one unit.
  const [, di, dj, dk] = pixdim.map((size) => (size === 0 ? 1 : Math.abs(size)));
  const [b, c, d] = qform.bcd;
  // The three are rounded: what is left for the fourth within that rounding is nothing, a turn by half a circle.
  const rest = 1 - b * b - c * c - d * d;
  const a = rest < 3 * precision ? 0 : Math.sqrt(rest);
  const rotation = rotationOf(a, b, c, d);
  const handed = pixdim[0] < 0 ? -1 : 1;
  return rotation
    .map((row, r) => [row[0] * di, row[1] * dj, row[2] * dk * handed, qform.offset[r]])
    .concat([[0, 0, 0, 1]]);
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

function affineOfSizes({ pixdim, counts }: NiftiForms): Affine {
  const half = counts.map((count) => ((count || 1) - 1) / 2);
  const size = [1, 2, 3].map((axis) => Math.abs(pixdim[axis]) || 1);
  return [
    [-size[0], 0, 0, half[0] * size[0]],
    [0, size[1], 0, -half[1] * size[1]],
    [0, 0, size[2], -half[2] * size[2]],
    [0, 0, 0, 1],
  ];
}

/**
 * b, c, d of the quaternion of the affine's rotation, or of the rotation nearest to it where its axes are not at right
 * angles, and the handedness of the axes; null where an axis has no length.
 */
export function quaternionOf(
  affine: readonly (readonly number[])[],
  spacing: readonly number[],
): { bcd: number[]; handed: 1 | -1 } | null {
  if (spacing.some((s) => s === 0)) return null;
  const unit = isSheared(affine)
    ? nearestRotation(affine)
    : [0, 1, 2].map((row) => [0, 1, 2].map((c) => affine[row][c] / spacing[c]));
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

/** True for an affine whose axes are not at right angles, as those of a tilted gantry. */
export function isSheared(affine: readonly (readonly number[])[]): boolean {
  const norms = [0, 1, 2].map((column) => columnNorm(affine, column));
  const dot = (p: number, q: number) =>
    [0, 1, 2].reduce(
      (sum, row) => sum + (affine[row][p] / norms[p]) * (affine[row][q] / norms[q]),
      0,
    );
  return [dot(0, 1), dot(0, 2), dot(1, 2)].some((value) => Math.abs(value) > 1e-4);
}
