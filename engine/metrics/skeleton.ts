import { boundingBox, sizeOf, type Shape } from './surface';

/**
 * The skeleton of a mask [slices][rows][columns], nonzero inside, as indices of its voxels, ascending: the curve thinning of Lee,
 * Kashyap and Chu ("Building skeleton models via 3-D medial surface/axis thinning algorithms", CVGIP 1994), in 3D and,
 * with one slice, in 2D. Border voxels are deleted from one side after the other, all that are not the end of a line and
 * whose deletion keeps the topology (26-connected, in 2D 8-connected). Sides and order are scikit-image's, and so is the
 * result, voxel by voxel: `skeletonize(mask, method='lee')`.
 */
export function skeletonOf(mask: Uint8Array, shape: Shape): Int32Array {
  const box = boundingBox([mask], shape);
  if (!box) return new Int32Array();
  const [, rows, columns] = shape;
  const [depth, height, width] = sizeOf(box);
  // With a background voxel on every side, so that each voxel has all of its neighbours.
  const step: Steps = [(height + 2) * (width + 2), width + 2, 1];
  const image = new Uint8Array((depth + 2) * step[0]);
  const places = function* () {
    for (let z = 0; z < depth; z++)
      for (let y = 0; y < height; y++)
        yield [
          ((box.first[0] + z) * rows + box.first[1] + y) * columns + box.first[2],
          (z + 1) * step[0] + (y + 1) * step[1] + 1,
        ];
  };
  for (const [from, to] of places())
    for (let x = 0; x < width; x++) if (mask[from + x] !== 0) image[to + x] = 1;
  thin(image, step, shape);
  const skeleton: number[] = [];
  for (const [from, to] of places())
    for (let x = 0; x < width; x++) if (image[to + x] === 1) skeleton.push(from + x);
  return Int32Array.from(skeleton);
}

type Steps = readonly [slice: number, row: number, column: number];
type Offset = readonly [number, number, number];

/** The sides that are thinned, in turn. An axis of one sample has none. */
const sides: readonly Offset[] = [
  [0, -1, 0],
  [0, 1, 0],
  [0, 0, 1],
  [0, 0, -1],
  [1, 0, 0],
  [-1, 0, 0],
];

/** The 26 neighbours of a voxel. A neighbourhood is a number with bit n set where the n-th neighbour is in the mask. */
const neighbours: readonly Offset[] = Array.from(
  { length: 27 },
  (_, n) => [Math.floor(n / 9) - 1, (Math.floor(n / 3) % 3) - 1, (n % 3) - 1] as const,
).filter((offset) => offset.some((d) => d !== 0));

const bitsOf = (belongs: (offset: Offset) => boolean): number =>
  neighbours.reduce((bits, offset, n) => (belongs(offset) ? bits | (1 << n) : bits), 0);

/** For each neighbour those that touch it. */
const adjacent = neighbours.map((a) =>
  bitsOf((b) => b !== a && b.every((d, axis) => Math.abs(d - a[axis]) <= 1)),
);

/**
 * The 6 faces, 12 edges and 8 corners of a voxel: the neighbours that share them, and their sign in the Euler characteristic
 * (corners - edges + faces - voxels).
 */
const cells = neighbours.map((cell) => ({
  sharedBy: bitsOf((offset) => offset.every((d, axis) => d === 0 || d === cell[axis])),
  sign: cell.filter((d) => d !== 0).length === 2 ? -1 : 1,
}));

function thin(image: Uint8Array, step: Steps, shape: Shape): void {
  const toIndex = (offset: Offset) =>
    offset[0] * step[0] + offset[1] * step[1] + offset[2] * step[2];
  const around = Int32Array.from(neighbours, toIndex);
  const steps = sides
    .filter((side) => side.every((d, axis) => d === 0 || shape[axis] > 1))
    .map(toIndex);
  const neighbourhood = (index: number): number => {
    let bits = 0;
    for (let n = 0; n < 26; n++) bits |= image[index + around[n]] << n;
    return bits;
  };
  const removable = remembered(isRemovable);
  const connected = remembered(isConnected);
  const border = new IndexSet(image.length);
  for (let index = 0; index < image.length; index++)
    if (image[index] === 1 && steps.some((side) => image[index + side] === 0)) border.add(index);
  for (let changed = true; changed;) {
    changed = false;
    for (const side of steps) {
      const candidates: number[] = [];
      border.forEach((index) => {
        if (image[index + side] === 0 && removable(neighbourhood(index))) candidates.push(index);
      });
      for (const index of candidates) {
        // Candidates before this one may be gone by now.
        if (!connected(neighbourhood(index))) continue;
        image[index] = 0;
        changed = true;
        border.delete(index);
        for (const exposed of steps) if (image[index + exposed] === 1) border.add(index + exposed);
      }
    }
  }
}

/** The test with a memory for its latest results: neighbourhoods recur, above all on smooth surfaces. */
function remembered(test: (bits: number) => boolean): (bits: number) => boolean {
  const size = 2 ** 16;
  const keys = new Int32Array(size).fill(-1);
  const results = new Uint8Array(size);
  return (bits) => {
    const place = (Math.imul(bits, 0x9e3779b1) >>> 16) % size;
    if (keys[place] !== bits) {
      keys[place] = bits;
      results[place] = test(bits) ? 1 : 0;
    }
    return results[place] === 1;
  };
}

/** Neither the end of a line, nor needed for the number of parts, tunnels and cavities. */
function isRemovable(bits: number): boolean {
  const isEnd = bits !== 0 && (bits & (bits - 1)) === 0;
  return !isEnd && keepsEuler(bits) && isConnected(bits);
}

/** True if the Euler characteristic stays when the voxel goes, and with it the cells that it shares with no other. */
function keepsEuler(bits: number): boolean {
  let lost = -1;
  for (const { sharedBy, sign } of cells) if ((bits & sharedBy) === 0) lost += sign;
  return lost === 0;
}

/** True if the neighbours are of one part, 26-connected without the voxel between them. */
function isConnected(bits: number): boolean {
  let reached = bits & -bits;
  for (let fresh = reached; fresh !== 0;) {
    let grown = 0;
    for (let rest = fresh; rest !== 0; rest &= rest - 1)
      grown |= adjacent[31 - Math.clz32(rest & -rest)];
    fresh = grown & bits & ~reached;
    reached |= fresh;
  }
  return reached === bits;
}

/** A set of indices that is read in ascending order, quickly where they are few. */
class IndexSet {
  private readonly words: Int32Array;
  /** A bit for each word that is not 0, or was not. */
  private readonly summary: Int32Array;

  constructor(size: number) {
    this.words = new Int32Array((size + 31) >>> 5);
    this.summary = new Int32Array((this.words.length + 31) >>> 5);
  }

  add(index: number): void {
    const word = index >>> 5;
    this.words[word] |= 1 << (index & 31);
    this.summary[word >>> 5] |= 1 << (word & 31);
  }

  delete(index: number): void {
    this.words[index >>> 5] &= ~(1 << (index & 31));
  }

  forEach(use: (index: number) => void): void {
    for (let group = 0; group < this.summary.length; group++)
      for (let some = this.summary[group]; some !== 0; some &= some - 1) {
        const word = group * 32 + 31 - Math.clz32(some & -some);
        for (let bits = this.words[word]; bits !== 0; bits &= bits - 1)
          use(word * 32 + 31 - Math.clz32(bits & -bits));
      }
  }
}
