import type { FileStart } from './file-start';
import type { Layout, StoredImage } from './stored';
import type { Volume } from './volume';

/** Which of several volumes in a file or a folder is read. */
export interface ReadChoice {
  /** Of several DICOM series: an instance UID, a number, or a description (`*` for any characters, in any case), and, of several stacks under one UID, `/` and which. */
  series?: string;
  /**
   * From 0: of a NIfTI file with more than three dimensions, the page of a TIFF, the picture of an animated GIF, or where each position of a
   * series has several images (echoes, phases); default: the first.
   */
  frame?: number;
  /** Of a NIfTI file whose frames are classes, background first: the index of the greatest frame in place of one of them. */
  oneHot?: boolean;
}

/** An image format: a file of this folder exports one, and `catalogue.ts` lists it. Every question about a format is asked here. */
export interface Format {
  /** What its volumes state as their `format`: one name for each of its versions. */
  names: readonly [string, ...string[]];
  /** For people, in the order of a sentence. */
  titles: readonly [string, ...string[]];
  /** Endings, without the dot, by which whole images are looked for by name; none where a file is a part of one. */
  extensions: readonly string[];
  /** True where a file is one slice that states no place in the patient: a folder of them is a stack. */
  picture: boolean;
  /** True if its files may be gzipped. */
  gzipped: boolean;
  /** True if a file is of this format, by its beginning (inflated, if it is gzipped) or, where that cannot tell, by its name. */
  is: (head: Uint8Array, path: string) => boolean;
  /** Reads the file at `path`, whose content as it lies on the disk is `bytes`. @throws UserError naming the file */
  read: (path: string, bytes: Uint8Array, choice: ReadChoice) => Promise<Volume>;
  /** Of a format whose volumes are series of files: reads the one in `files`, which lie in `folder`. @throws UserError */
  readSeries?: (folder: string, files: readonly string[], choice: ReadChoice) => Promise<Volume>;
  /** Of a format whose files may hold more than a volume: describes all of it. @throws UserError as `read` */
  inspect?: (path: string, bytes: Uint8Array) => Promise<Inspection>;
  /** Of a format whose samples can be read piece by piece: where they are. @throws UserError as `read` */
  locate?: (path: string, start: FileStart) => Promise<LocatedImage>;
  /** Of a format of several files: all that are read for one of this name, whether they are there or not; null for one that stands alone. */
  parts?: (path: string) => string[] | null;
  /** What a label map for the image file of this name is called; null: after its case, since the image is many files. */
  labelName: (name: string) => string | null;
}

/** An image whose samples can be read piece by piece. */
export interface LocatedImage {
  header: StoredImage;
  layout: Layout;
  /** The file with the samples, and whether it is gzipped. */
  path: string;
  gzipped: boolean;
}

/** What a file holds. */
export interface Inspection {
  path: string;
  format: string;
  /** NIfTI: every dimension as stated, i first; series: columns, rows, slices; pictures: columns, rows. */
  shape: number[];
  /** numpy's name of the type of the stored samples. */
  dtype: string;
  channels: number;
  /** Voxel size along i, j, k in mm; 1 where the file states none. */
  spacing: [number, number, number];
  hasSpacing: boolean;
  /** The direction in which i, j, k grow. */
  orientation: string;
  /** Voxel to world mm, RAS+. */
  affine: number[][];
  /** Least and greatest sample of all frames and channels, scaled, values that are not a number aside; NaN where there is no other. */
  min: number;
  max: number;
  /** What its reader noticed and whoever trusts the numbers should know: sentences. */
  warnings?: string[];
}
