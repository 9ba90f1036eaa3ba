import { boundingBox, sizeOf } from './surface';
import { type Shape } from './shape';

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
  const image = new VoxelSet((depth + 2) * step[0]);
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++) {
      const from = ((box.first[0] + z) * rows + box.first[1] + y) * columns + box.first[2];
      const to = (z + 1) * step[0] + (y + 1) * step[1] + 1;
      for (let x = 0; x < width; x++) if (mask[from + x] !== 0) image.add(to + x);
    }
  thin(image, step, shape);
  const skeleton: number[] = [];
  image.forEach((index) => {
    const z = Math.floor(index / step[0]) - 1 + box.first[0];
    const y = Math.floor((index % step[0]) / step[1]) - 1 + box.first[1];
    skeleton.push((z * rows + y) * columns + (index % step[1]) - 1 + box.first[2]);
  });
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

/**
 * A voxel and its 26 neighbours, the voxel itself in the middle. A neighbourhood is a number with bit n set where the n-th of
 * them is in the mask; the voxel's own bit is never set.
 */
const places: readonly Offset[] = Array.from({ length: 27 }, (_, n) => [
  Math.floor(n / 9) - 1,
  (Math.floor(n / 3) % 3) - 1,
  (n % 3) - 1,
]);
const middle = 13;
const neighbours = places.filter((_, n) => n !== middle);

const bitsOf = (belongs: (offset: Offset) => boolean): number =>
  places.reduce((bits, at, n) => (n !== middle && belongs(at) ? bits | (1 << n) : bits), 0);

/** For each place the neighbours that touch it. */
const adjacent = places.map((a) =>
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

function thin(image: VoxelSet, step: Steps, shape: Shape): void {
  const toIndex = (offset: Offset) =>
    offset[0] * step[0] + offset[1] * step[1] + offset[2] * step[2];
  const steps = sides
    .filter((side) => side.every((d, axis) => d === 0 || shape[axis] > 1))
    .map(toIndex);
  const rowsAround = Int32Array.from(
    places.filter((place) => place[2] === -1),
    toIndex,
  );
  const neighbourhood = (index: number): number => {
    let bits = 0;
    for (let row = 0; row < 9; row++) bits |= image.three(index + rowsAround[row]) << (3 * row);
    return bits & ~(1 << middle);
  };
  const removable = remembered(isRemovable);
  const connected = remembered(isConnected);
  const border = new VoxelSet(image.size);
  image.forEach((index) => {
    if (steps.some((side) => !image.has(index + side))) border.add(index);
  });
  for (let changed = true; changed;) {
    changed = false;
    for (const side of steps) {
      const candidates: number[] = [];
      border.forEach((index) => {
        if (!image.has(index + side) && removable(neighbourhood(index))) candidates.push(index);
      });
      for (const index of candidates) {
        // Candidates before this one may be gone by now.
        if (!connected(neighbourhood(index))) continue;
        image.delete(index);
        border.delete(index);
        changed = true;
        for (const exposed of steps) if (image.has(index + exposed)) border.add(index + exposed);
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

/** A set of voxels by index, a bit for each; read in ascending order, quickly where they are few. */
class VoxelSet {
  private readonly words: Int32Array;
  /** A bit for each word that is not 0, or was not. */
  private readonly summary: Int32Array;

  constructor(readonly size: number) {
    this.words = new Int32Array((size >>> 5) + 2);
    this.summary = new Int32Array((this.words.length >>> 5) + 1);
  }

  has(index: number): boolean {
    return ((this.words[index >>> 5] >>> (index & 31)) & 1) === 1;
  }

  /** Bits 0, 1, 2: whether it has this index and the two that follow. */
  three(index: number): number {
    const word = index >>> 5;
    const bit = index & 31;
    return ((this.words[word] >>> bit) | ((this.words[word + 1] << 1) << (31 - bit))) & 7;
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
