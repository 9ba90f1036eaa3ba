import { inverse, Matrix } from 'ml-matrix';
import { readVolume } from '../images/read-volume';
import type { Volume } from '../images/volume';
import { UserError } from '../errors';
import { voxelAt } from './places';
import type { Plane } from './planes';

/** More voxels than this are not held for resampling. */
const maxVoxels = 2 ** 27;

/** A label file on another grid than the image, sampled at the image's places. It is held as a whole, and released when unused. */
export class ResampledLabels {
  private volume: WeakRef<Volume> | null = null;

  constructor(
    private readonly path: string,
    private readonly image: Pick<Volume, 'affine'>,
  ) {}

  /** The nearest samples on an image's slice [row][column]; 0 outside the file's grid. @throws UserError */
  async slice(plane: Plane, index: number): Promise<Volume['data']> {
    const volume = await this.read();
    const toVoxel = inverse(new Matrix(volume.affine)).mmul(new Matrix(this.image.affine));
    const at = (row: number, column: number) =>
      toVoxel
        .mmul(Matrix.columnVector([...voxelAt(plane, index, row, column), 1]))
        .to1DArray()
        .slice(0, 3);
    const origin = at(0, 0);
    const rowStep = at(1, 0).map((value, axis) => value - origin[axis]);
    const columnStep = at(0, 1).map((value, axis) => value - origin[axis]);
    const { data, shape } = volume;
    const [ni, nj, nk] = shape;
    const out = new (data.constructor as new (length: number) => Volume['data'])(
      plane.rows * plane.columns,
    );
    for (let row = 0, n = 0; row < plane.rows; row++)
      for (let column = 0; column < plane.columns; column++, n++) {
        const i = Math.round(origin[0] + row * rowStep[0] + column * columnStep[0]);
        const j = Math.round(origin[1] + row * rowStep[1] + column * columnStep[1]);
        const k = Math.round(origin[2] + row * rowStep[2] + column * columnStep[2]);
        if (i >= 0 && i < ni && j >= 0 && j < nj && k >= 0 && k < nk)
          out[n] = data[i + ni * (j + nj * k)];
      }
    return out;
  }

  private async read(): Promise<Volume> {
    const held = this.volume?.deref();
    if (held) return held;
    const volume = await readVolume(this.path);
    this.volume = new WeakRef(volume);
    return volume;
  }
}

/** @throws UserError for a file too big to be resampled */
export function checkResampled(path: string, shape: Volume['shape']): void {
  if (shape[0] * shape[1] * shape[2] > maxVoxels)
    throw new UserError(
      `${path} has another grid than the image and more than ${maxVoxels} voxels; resample it to the image's grid.`,
    );
}
