import { dirname } from 'node:path';
import type { DomainConfig } from '../config/config';
import { UserError } from '../errors';
import type { ReadChoice } from '../images/format';
import { readVolume, seriesReader } from '../images/read-volume';
import { readStack, stackLike } from '../images/stack';
import type { Volume } from '../images/volume';
import type { CohortCase } from './cohort';

/** The files of a case as volumes; labels and masks one for each image, or none. */
export interface CaseFiles {
  images: Volume[];
  labels: Volume[];
  masks: Volume[];
}

/** Which frame of a domain's label files and masks is read. */
export const labelChoice = ({ labelFrame }: Pick<DomainConfig, 'labelFrame'>): ReadChoice =>
  labelFrame === 'one-hot' ? { oneHot: true } : { frame: labelFrame };

/**
 * Reads the files of a case. Loose files of a series (DICOM) become one volume, and their labels and masks one stack in its order; a
 * folder of pictures beside a series is brought into the order of its slices.
 * @throws UserError as `readVolume`
 */
export async function readCaseFiles(
  item: Pick<CohortCase, 'images' | 'labels' | 'masks'>,
  domain: Pick<DomainConfig, 'series' | 'frame' | 'labelFrame'>,
): Promise<CaseFiles> {
  const { series, frame } = domain;
  const choice = { series, frame };
  const ofLabels = labelChoice(domain);
  const readSeries = item.images.length > 1 ? await seriesReader(item.images[0]) : null;
  if (readSeries) {
    const image = await readSeries(dirname(item.images[0]), item.images, choice);
    const beside = async (paths: string[]) =>
      paths.length === 0 ? [] : [await stackOf(item.images, image, paths, ofLabels)];
    return {
      images: [image],
      labels: await beside(item.labels),
      masks: await beside(item.masks),
    };
  }
  const images = await Promise.all(item.images.map((path) => readVolume(path, choice)));
  const beside = (paths: string[]) =>
    Promise.all(
      paths.map(async (path, n) => stackLike(images[n], await readVolume(path, ofLabels))),
    );
  return { images, labels: await beside(item.labels), masks: await beside(item.masks) };
}

/** Of files that belong to a series' files one by one, those of its slices, as one volume. */
function stackOf(
  files: readonly string[],
  image: Volume,
  beside: readonly string[],
  choice: ReadChoice,
) {
  const ordered = image.slices!.map(({ path }) => beside[files.indexOf(path)]);
  return readStack(dirname(beside[0]), ordered, async (path) => {
    const slice = await readVolume(path, choice);
    if (slice.shape[2] !== 1)
      throw new UserError(
        `${path} has ${slice.shape[2]} slices, but it belongs to one slice of ${image.path}.`,
      );
    return slice;
  });
}
