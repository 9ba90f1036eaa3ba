/**
 * Every image format that is read, in the order in which a file is asked whether it is one. DICOM's mark stands behind 128
 * bytes that are the writer's own and may begin as another format does; NIfTI goes by a file's name where nothing else helps.
 */
import { dicom } from './dicom';
import type { Format } from './format';
import type { FileStart } from './file-start';
import { gif } from './gif';
import { jpeg } from './jpeg';
import { netpbm } from './netpbm';
import { nifti } from './nifti';
import { png } from './png';
import { tiff } from './tiff';
import type { Volume } from './volume';

export const formats: readonly Format[] = [dicom, png, jpeg, tiff, gif, netpbm, nifti];

const pictures = formats.filter(({ picture }) => picture);

/** The format of a volume. */
export function formatOf({ format }: Pick<Volume, 'format'>): Format {
  const found = formats.find(({ names }) => names.includes(format));
  if (!found) throw new RangeError(`no image format is called ${format}`);
  return found;
}

/** True for volumes whose format says where their voxels lie in the patient; pictures do not. */
export const isPlaced = (volume: Pick<Volume, 'format'>): boolean => !formatOf(volume).picture;

/** The format of a file that begins so; null for an unknown one. */
export const recognize = (path: string, { head, gzipped }: FileStart): Format | null =>
  formats.find((format) => (format.gzipped || !gzipped) && format.is(head, path)) ?? null;

/** The ending of a file's name by which it is told for a whole image, with its dot; null for any other name. */
export function imageEnding(name: string): string | null {
  const endings = formats.flatMap(({ extensions }) => extensions.map((ending) => `.${ending}`));
  const found = endings
    .sort((a, b) => b.length - a.length)
    .find((ending) => name.toLowerCase().endsWith(ending));
  return found === undefined ? null : name.slice(-found.length);
}

/** True for the name of a picture, as its ending tells. */
export const isPictureName = (name: string): boolean =>
  pictures.some(({ extensions }) =>
    extensions.some((ending) => name.toLowerCase().endsWith(`.${ending}`)),
  );

/** `PNG, JPEG, TIFF, GIF, PBM, PGM or PPM` */
export const pictureTitles = (conjunction: 'and' | 'or'): string => listed(pictures, conjunction);

/** `DICOM, NIfTI, PNG, ... and PPM` */
export const formatTitles = (conjunction: 'and' | 'or'): string =>
  listed([...formats.filter(({ picture }) => !picture), ...pictures], conjunction);

function listed(some: readonly Format[], conjunction: string): string {
  const titles = some.flatMap((format) => format.titles);
  return `${titles.slice(0, -1).join(', ')} ${conjunction} ${titles.at(-1)}`;
}
