import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DomainConfig } from '../config/config';
import { readCaseFiles } from '../cohort/case-files';
import type { CohortCase } from '../cohort/cohort';
import { stampOf } from '../files';
import { seriesReader } from '../images/read-volume';
import { packVoxels, type OpenFiles } from './voxels';

/** Names under which a case's image, labels and masks are held. */
export interface WholeCase {
  images: string[];
  labels: string[];
  masks: string[];
  /** Lets go of what was read. */
  release(): void;
}

/** Files of a case, as `CohortCase` has them. */
export type CaseSources = Pick<CohortCase, 'images' | 'labels' | 'masks'>;

/**
 * A DICOM series or a folder of pictures becomes a volume only when all of its files are read, and the order of its labels comes from
 * them: such a case is read once and put aside. Null for any other case, whose files are read slice by slice.
 */
export async function openWholeCase(
  item: CaseSources,
  domain: Pick<DomainConfig, 'series' | 'frame' | 'labelFrame'>,
  files: OpenFiles,
): Promise<WholeCase | null> {
  const [first] = item.images;
  if (!(await isSeries(first))) return null;
  const choice = JSON.stringify([item, domain.series, domain.frame, domain.labelFrame]);
  const name = (what: string) => `${first}\0${what} ${choice}`;
  const stamp = (await stampOf(item.images.length > 1 ? dirname(first) : first)) ?? '';
  const readAll = () => readCaseFiles(item, domain);
  let reading: ReturnType<typeof readAll> | null = null;
  const shared = () => (reading ??= readAll());
  // Labels that cannot be read are no reason to show no image.
  const image = () =>
    shared().catch(() => readCaseFiles({ images: item.images, labels: [], masks: [] }, domain));
  files.provide(name('image'), stamp, async () => packVoxels((await image()).images[0]));
  const beside = (what: 'labels' | 'masks') =>
    item[what].slice(0, 1).map(() => {
      const held = name(what);
      files.provide(held, stamp, async () => packVoxels((await shared())[what][0]));
      return held;
    });
  return {
    images: [name('image')],
    labels: beside('labels'),
    masks: beside('masks'),
    release: () => void (reading = null),
  };
}

/** True for a folder and for a file of a series. */
async function isSeries(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() || (await seriesReader(path)) !== null;
}
