import type { Confusion } from '../contract/metrics';
import type { Shape, Spacing } from './shape';

/** A number that says how well a class was segmented in a case: declared in a file that computes it, listed in the catalogue. */
export interface Metric {
  /** In reports and CSV files. */
  readonly name: string;
  /** In tables, with its unit. */
  readonly title: string;
  /** Decimals in tables. */
  readonly digits: number;
  /** Of one class in one case; null where it is undefined, or what it needs was not given. */
  of(c: ClassCase): number | null;
  /** True where the confusion matrix is all that it needs, so that one can be taken over all cases at once. */
  readonly fromCounts?: boolean;
}

/** One class in one case as metrics see it; what is costly is taken when it is first asked for. */
export interface ClassCase {
  readonly counts: Confusion;
  /** 1 where pixels count; null: everywhere. */
  readonly fov: Uint8Array | null;
  /** Probabilities of the class, where they are known, and whether a pixel is the class in the reference. */
  readonly probabilities: (() => Float32Array) | null;
  readonly isReference: (pixel: number) => boolean;
  /** Both maps as masks within the field of view. */
  masks(): { prediction: Uint8Array; reference: Uint8Array };
  /** Of the maps, where it is known. */
  readonly shape: Shape | null;
  /** In mm, where it is known. */
  readonly spacing: Spacing | null;
  /** Whether skeletons are wanted. */
  readonly centrelines: boolean;
  /** Null without shape or spacing. */
  surface(): SurfaceMetrics | null;
}

/** Distances in mm between the surfaces of two masks. */
export interface SurfaceMetrics {
  /** Average symmetric surface distance: the mean over the surface voxels of both masks, pooled (CHAOS, MONAI). */
  assd: number;
  /** The larger of the two directed 95th percentiles (MONAI; others pool both directions first). */
  hd95: number;
  /** Hausdorff distance, the largest of all; CHAOS calls it MSSD. */
  hd: number;
}
