import type { Inspection, ReadChoice } from './format';
import { isPlaced } from './catalogue';
import { openImage, readOpened } from './read-volume';
import { extremes, finiteRange, unusualSamples } from './volume';

/** Describes an image file; for NIfTI the values agree with nibabel's. @throws UserError as `readVolume` */
export async function inspect(path: string, choice: ReadChoice = {}): Promise<Inspection> {
  const opened = await openImage(path);
  if (opened.file?.format.inspect)
    return opened.file.format.inspect(opened.path, opened.file.bytes);
  const volume = await readOpened(opened, choice);
  const { format, shape, dtype, channels, spacing, hasSpacing, orientation, affine } = volume;
  const warnings = [
    ...(volume.warnings ?? []),
    ...unusualSamples(opened.path, finiteRange(volume.data)),
  ];
  return {
    path: opened.path,
    format,
    shape: isPlaced(volume) || shape[2] > 1 ? shape : shape.slice(0, 2),
    dtype,
    channels,
    spacing,
    hasSpacing,
    orientation,
    affine,
    ...extremes(volume.data),
    ...(warnings.length > 0 && { warnings }),
  };
}
