import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DomainConfig } from '../config/config';
import { isDicomFile, readCaseFiles } from '../data/case-files';
import { packVoxels, type OpenFiles } from './voxels';

/** Names under which a case's image and labels are held. */
export interface WholeCase {
  images: string[];
  labels: string[];
  /** Lets go of what was read. */
  release(): void;
}

/**
 * A DICOM series or a folder of pictures becomes a volume only when all of its files are read, and the order of its labels comes from
 * them: such a case is read once and put aside. Null for any other case, whose files are read slice by slice.
 */
export async function openWholeCase(
  item: { images: string[]; labels: string[] },
  domain: Pick<DomainConfig, 'series' | 'frame'>,
  files: OpenFiles,
): Promise<WholeCase | null> {
  const [first] = item.images;
  if (!(await isSeries(first))) return null;
  const choice = JSON.stringify([item.images, item.labels, domain.series, domain.frame]);
  const name = (what: string, n: number) => `${first}\0${what} ${n} ${choice}`;
  const stamp = await stat(item.images.length > 1 ? dirname(first) : first).then(
    ({ mtimeMs }) => String(mtimeMs),
    () => '',
  );
  const readAll = () => readCaseFiles({ ...item, masks: [] }, domain);
  let reading: ReturnType<typeof readAll> | null = null;
  const shared = () => (reading ??= readAll());
  // Labels that cannot be read are no reason to show no image.
  const image = () =>
    shared().catch(() => readCaseFiles({ images: item.images, labels: [], masks: [] }, domain));
  files.provide(name('image', 0), stamp, async () => packVoxels((await image()).images[0]));
  const labels = item.labels.length > 0 ? [name('label', 0)] : [];
  for (const label of labels)
    files.provide(label, stamp, async () => packVoxels((await shared()).labels[0]));
  return { images: [name('image', 0)], labels, release: () => void (reading = null) };
}

/** True for a folder and for a DICOM file. */
async function isSeries(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() || isDicomFile(path);
}
