import { affineOf } from '../images/orientation';
import { isPlaced } from '../images/catalogue';
import type { Volume } from '../images/volume';
import { UserError } from '../errors';
import { arrange, planeNames, planeOf, type Plane } from './planes';
import type { PlaneName, Vector } from '../contract/viewer';
import type { OpenFiles, Voxels } from './voxels';

/** What an image's files do not state themselves. */
export interface SlicedImageOptions {
  /** The plane of the slices of several volumes. */
  axis: PlaneName;
  /** Of pictures: where their columns, rows and slices grow to, e.g. `LPS`; null where it is not known. */
  orientation: string | null;
  /** In place of the row and column spacing in mm that the files state. */
  spacing: [row: number, column: number] | null;
}

/** Samples of one slice, [channel][row][column]. */
export interface SliceSamples {
  data: Volume['data'];
  channels: number;
  rows: number;
  columns: number;
  /** Of a label file: see `Volume`. */
  path?: string;
  marks?: Volume['marks'];
  step?: Volume['step'];
}

/** A volume, or several files whose slices follow each other: one case. */
export class SlicedImage {
  private constructor(
    readonly files: readonly string[],
    private readonly open: OpenFiles,
    readonly head: Voxels,
    readonly planes: readonly Plane[],
  ) {}

  /**
   * Of a label map, `image` is what it belongs to: where not both of them state where their voxels lie, it is walked as that is.
   * @throws UserError where the first file cannot be read
   */
  static async open(
    files: readonly string[],
    open: OpenFiles,
    options: SlicedImageOptions,
    image?: SlicedImage,
  ): Promise<SlicedImage> {
    if (files.length === 0) throw new UserError('The case has no files.');
    const head = await open.get(files[0]);
    const sameOrder =
      image && !(isPlaced(head) && isPlaced(image.head)) && sizeOf(head) === sizeOf(image.head);
    const planes = sameOrder ? image.planes : planesOf(head, files.length, options);
    return new SlicedImage(files, open, head, planes);
  }

  plane(name: PlaneName): Plane {
    const plane = this.planes.find((p) => p.name === name);
    if (!plane)
      throw new UserError(
        `${this.head.path} has no ${name} view; it has ${this.planes.map((p) => p.name).join(', ')}.`,
      );
    return plane;
  }

  /** Slice `index` of a plane. @throws UserError */
  async slice(name: PlaneName, index: number, frame = 0): Promise<SliceSamples> {
    const plane = this.plane(name);
    const { slice } = plane.walks;
    if (!(index >= 0 && index < plane.slices))
      throw new UserError(
        `${this.head.path}: slice ${index} was asked for; there are ${plane.slices}.`,
      );
    const each = plane.slices / this.files.length;
    const path = this.files[Math.floor(index / each)];
    const voxels = await this.open.get(path);
    if (sizeOf(voxels) !== sizeOf(this.head))
      throw new UserError(
        `${voxels.path} is ${sizeOf(voxels)}, but the first of its case, ${this.head.path}, is ${sizeOf(this.head)}.`,
      );
    const own = index % each;
    const at = slice.reversed ? each - 1 - own : own;
    const samples = await voxels.plane(slice.axis, at, Math.min(frame, voxels.frames - 1));
    const marks = await voxels.marks?.(slice.axis, at);
    return {
      path: voxels.path,
      ...(marks && { marks: arrange(marks, plane, 1) as Volume['marks'] }),
      ...(voxels.step !== undefined && { step: voxels.step }),
      data: arrange(samples, plane, voxels.channels),
      channels: voxels.channels,
      rows: plane.rows,
      columns: plane.columns,
    };
  }
}

const sizeOf = ({ shape }: Pick<Volume, 'shape'>): string => shape.join(' x ');

/** A volume can be seen from three sides, pictures and several files from one. */
function planesOf(head: Voxels, files: number, options: SlicedImageOptions): Plane[] {
  if (isPlaced(head)) {
    if (files === 1) return planeNames.map((name) => planeOf(head, name));
    return [alongFiles(planeOf(head, options.axis), files)];
  }
  const affine = affineOf(options.orientation ?? undefined);
  if (!affine)
    throw new UserError(
      `The orientation "${options.orientation}" of ${head.path} is none; three letters are expected, one each of L or R, P or A, I or S.`,
    );
  const plane = planeOf({ ...head, affine }, 'axial');
  return [
    {
      ...alongFiles(plane, files),
      title: plane.slices * files > 1 ? 'Slices' : 'Picture',
      spacing: options.spacing ?? plane.spacing,
      letters: options.orientation === null ? null : plane.letters,
    },
  ];
}

/** The plane through several files, whose third voxel axis counts the files. */
function alongFiles(plane: Plane, files: number): Plane {
  if (files === 1) return plane;
  const origin: Vector = [...plane.origin];
  const slice: Vector = [0, 0, 0];
  const { axis } = plane.walks.slice;
  origin[axis] = 0;
  slice[axis] = 1;
  return {
    ...plane,
    slices: plane.slices * files,
    origin,
    steps: { ...plane.steps, slice },
  };
}
