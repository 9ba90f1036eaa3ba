import { isDicom } from './dicom-file';
import { readSeries } from './dicom-series';
import type { Format } from './format';

/** DICOM: a file, or the files of a series in a folder, under any names. */
export const dicom: Format = {
  names: ['dicom'],
  titles: ['DICOM'],
  extensions: [],
  picture: false,
  gzipped: false,
  is: isDicom,
  read: (path, _bytes, choice) => readSeries(path, [path], choice),
  readSeries,
  labelName: () => null,
};
