import { isPlaced } from '../images/catalogue';
import type { Volume } from '../images/volume';
import type { LayerInfo, LayerName, PlaneInfo, PlaneName, SceneInfo } from '../contract/viewer';
import type { SlicedImage } from './sliced-image';

/** Long work looks at this between two planes. */
export interface Signal {
  readonly isCancellationRequested: boolean;
}

/** Class indices [row][column] of a slice. */
export type ReadLabels = (
  plane: PlaneName,
  index: number,
  frame: number,
  threshold: number | null,
) => Promise<Uint8Array>;

export interface Layer {
  info: LayerInfo;
  /** Null where it cannot be shown; `info.error` says why. */
  read: ReadLabels | null;
}

/** An image with its label maps, opened but not read: what the viewer shows. */
export interface Scene {
  image: SlicedImage;
  layers: Map<LayerName, Layer>;
  info: SceneInfo;
}

/** What the image itself tells for a scene's info. */
export function imageInfo({ head, planes, files }: SlicedImage) {
  const { path, format, dtype, channels, frames, spacing, hasSpacing, affine, orientation } = head;
  return {
    path,
    format,
    dtype,
    shape: [head.shape[0], head.shape[1], head.shape[2] * files.length] as Volume['shape'],
    channels,
    frames,
    spacing,
    affine: hasSpacing && files.length === 1 ? affine : null,
    orientation: isPlaced(head) ? orientation : null,
    planes: planes.map((plane): PlaneInfo => {
      const { name, title, slices, rows, columns, spacing, letters, origin, steps } = plane;
      return { name, title, slices, rows, columns, spacing, letters, origin, steps };
    }),
  };
}
