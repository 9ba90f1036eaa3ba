/** Formats of the field that are not read, told by their content or, where that cannot tell, by their names. */
import { UserError } from '../errors';
import { formatTitles } from './catalogue';

interface UnreadFormat {
  title: string;
  /** Of a file's first bytes, inflated. */
  is: (head: Uint8Array) => boolean;
  /** Of its name. */
  ending: RegExp;
  /** What to save it as, and by what program. */
  how: string;
}

const startsWith =
  (...marks: (string | readonly number[])[]) =>
  (head: Uint8Array): boolean =>
    marks.some((mark) => Buffer.from(mark as string).equals(head.subarray(0, mark.length)));

const asNifti = 'save it as NIfTI (.nii.gz), for example with 3D Slicer or SimpleITK';
const asPng = 'save it as PNG or TIFF, for example with ImageJ or GIMP';

const unread: readonly UnreadFormat[] = [
  {
    title: 'NRRD',
    is: startsWith('NRRD'),
    ending: /\.(nrrd|nhdr)$/i,
    how: asNifti,
  },
  {
    title: 'MetaImage',
    // A text of lines such as "ObjectType = Image".
    is: (head) =>
      /^\s*(ObjectType|NDims|Comment)\s*=/.test(
        Buffer.from(head.subarray(0, 64)).toString('latin1'),
      ),
    ending: /\.(mha|mhd)$/i,
    how: asNifti,
  },
  {
    title: 'FreeSurfer MGH',
    // Its first number is a version, 1, which others begin with too.
    is: () => false,
    ending: /\.(mgh|mgz|mgh\.gz)$/i,
    how: 'save it as NIfTI (.nii.gz), for example with mri_convert or nibabel',
  },
  {
    title: 'MINC or HDF5',
    is: startsWith([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a], 'CDF'),
    ending: /\.(mnc|h5|hdf5)$/i,
    how: 'save each image as NIfTI (.nii.gz), for example with nibabel',
  },
  {
    title: 'NumPy',
    is: startsWith([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]),
    ending: /\.(npy|npz)$/i,
    how: 'save each image as NIfTI (.nii.gz), with its voxel size, for example with nibabel or SimpleITK',
  },
  {
    title: 'JPEG 2000',
    is: startsWith([0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20], [0xff, 0x4f, 0xff, 0x51]),
    ending: /\.(jp2|j2k|jpx)$/i,
    how: asPng,
  },
  {
    title: 'BMP',
    is: startsWith('BM'),
    ending: /\.bmp$/i,
    how: asPng,
  },
  {
    title: 'WebP',
    is: (head) => startsWith('RIFF')(head) && startsWith('WEBP')(head.subarray(8)),
    ending: /\.webp$/i,
    how: asPng,
  },
];

/** Why a file that is of no format of the catalogue is not read, and what to do where that is known. `head`: its first bytes, inflated. */
export function unreadFormat(path: string, head: Uint8Array = new Uint8Array()): UserError {
  const found = unread.find(({ is }) => is(head)) ?? unread.find(({ ending }) => ending.test(path));
  return new UserError(
    found
      ? `${path} is a ${found.title} file, which is not read: ${found.how}.`
      : `${path} is of no known format; ${formatTitles('and')} are read.`,
  );
}

/** True for the name of a file of a format that is known but not read. */
export const isUnreadName = (name: string): boolean =>
  unread.some(({ ending }) => ending.test(name));

/** True for such a file, by its first bytes or its name. */
export const isUnread = (path: string, head: Uint8Array): boolean =>
  isUnreadName(path) || unread.some(({ is }) => is(head));
