/** A case's files as they are read for preparation, and how its labels and masks belong to its images. */
import type { DomainConfig } from '../config/config';
import { readCaseFiles, type CaseFiles } from '../cohort/case-files';
import type { CohortCase } from '../cohort/cohort';
import { ConfigError } from '../errors';
import { isPlaced } from '../images/catalogue';
import { cornersApart, shareOfVoxel, type FileGrid } from '../images/grid';
import { affineOf } from '../images/orientation';
import type { Volume } from '../images/volume';
import { countAlong, walksOf, type Walks } from '../images/walks';
import { evenly } from '../lists';
import type { CaseGeometry } from './prepared-case';

/** The files of a case, and which of their slices are taken. */
export interface ReadCase extends CaseFiles {
  item: CohortCase;
  domain: DomainConfig;
  /** Of the images: their first one's. */
  walks: Walks;
  slices: CaseGeometry['slices'];
  /** Of a slice, in the files' grid. */
  rows: number;
  columns: number;
}

/** @throws ConfigError for images of different size; UserError as `readCaseFiles` */
export async function readCase(item: CohortCase, domain: DomainConfig): Promise<ReadCase> {
  const files = await readCaseFiles(item, domain);
  const [head] = files.images;
  const walks = domainWalks(head, domain);
  const [, rows, columns] = countAlong(head.shape, walks);
  for (const volume of files.images)
    if (volume.shape.join() !== head.shape.join())
      throw new ConfigError(
        `Case ${item.id} of domain ${item.domain} has slices of different size: ${head.path} is ${sizeOf(head)} and ${volume.path} is ${sizeOf(volume)}.`,
      );
  const slices = files.images.flatMap((volume, file) =>
    Array.from({ length: countAlong(volume.shape, walks)[0] }, (_, index) => ({ file, index })),
  );
  return { ...files, item, domain, walks, slices: evenly(slices, domain.maxSlices), rows, columns };
}

const sizeOf = (volume: Pick<Volume, 'shape'>) => volume.shape.join(' x ');

/**
 * The slices of a file as its domain wants them: along the domain's axis where the file states its place, else those of a
 * picture of the domain's orientation.
 * @throws ConfigError for a `domain.orientation` that is none
 */
export function domainWalks(file: FileGrid, domain: DomainConfig): Walks {
  const affine = isPlaced(file) ? file.affine : affineOf(domain.orientation);
  if (!affine)
    throw new ConfigError(
      `The orientation "${domain.orientation}" given for ${file.path} is none; three letters are expected, one each of L or R, P or A, I or S.`,
    );
  return walksOf(affine, isPlaced(file) ? domain.axis : 'axial');
}

/** A label or mask that states its place is walked by its own affine, which may order its voxels otherwise; a picture like its image. */
export function walksBeside(
  { walks, domain }: Pick<ReadCase, 'walks' | 'domain'>,
  image: FileGrid,
  other: FileGrid,
): Walks {
  return isPlaced(image) && isPlaced(other) ? domainWalks(other, domain) : walks;
}

/** @throws ConfigError where a label or a mask is not of its image's size, seen along the domain's slices */
export function requireSameSize(
  read: Pick<ReadCase, 'item' | 'walks' | 'domain'>,
  what: 'label' | 'mask',
  image: FileGrid,
  other: FileGrid,
): void {
  const { item, walks } = read;
  const ours = countAlong(image.shape, walks).join();
  if (countAlong(other.shape, walksBeside(read, image, other)).join() !== ours)
    throw new ConfigError(
      `Image and ${what} of case ${item.id} of domain ${item.domain} differ in size: ${image.path} is ${sizeOf(image)} and ${other.path} is ${sizeOf(other)}.`,
    );
}

/**
 * Image and label that both state their place should state the same: they are paired voxel by voxel. The sentences tell
 * of each label and mask whose corners lie more than half a voxel from those of its image.
 */
export function misplaced({ walks, domain, images, labels, masks }: ReadCase): string[] {
  const told = (what: 'label' | 'mask') => (other: Volume, n: number) => {
    const image = images[n];
    if (!isPlaced(image) || !isPlaced(other)) return [];
    const apart = cornersApart([image, walks], [other, domainWalks(other, domain)]);
    if (apart <= shareOfVoxel(image, 0.5)) return [];
    return [
      `${other.path}: by its header the ${what} lies up to ${Number(apart.toPrecision(3))} mm away from its image, ${image.path}; the two are paired voxel by voxel all the same.`,
    ];
  };
  return [...labels.flatMap(told('label')), ...masks.flatMap(told('mask'))];
}
