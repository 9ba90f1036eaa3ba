/** A case's label map and field of view, of its slices in its files' grid. */
import { takeSlice } from '../images/walks';
import { estimateFieldOfView } from './field-of-view';
import { mapLabels, mapMask, requireNumbers } from './labels';
import type { OccurringLabels } from './prepared-case';
import { requireSameSize, walksBeside, type ReadCase } from './read-case';

/**
 * Class indices of a case's slices, [slices][rows][columns] in its files' grid, and what occurs in its label files; null
 * where it has no labels; and what was unusual about these, in sentences. @throws ConfigError where image and label differ
 * in size; UserError as `mapLabels`
 */
export function classIndices(
  read: ReadCase,
  classes: readonly string[],
): { label: Uint8Array | null; occurring: OccurringLabels; warnings: string[] } {
  const { images, labels: files, domain, slices, rows, columns } = read;
  const occurring: OccurringLabels = { classes: new Set(), values: new Set() };
  const warnings: string[] = [];
  if (files.length === 0) return { label: null, occurring, warnings };
  const maps = files.map((file, n) => {
    requireSameSize(read, 'label', images[n], file);
    requireNumbers(file);
    const mapped = mapLabels(file, classes, domain.values);
    const { labels, values } = mapped;
    warnings.push(...mapped.warnings);
    values.forEach((value) => occurring.values.add(value));
    for (let index = 1; index <= classes.length; index++)
      if (labels.includes(index)) occurring.classes.add(index);
    return labels;
  });
  const label = new Uint8Array(slices.length * rows * columns);
  slices.forEach(({ file, index }, s) => {
    const walks = walksBeside(read, images[file], files[file]);
    const place = { shape: files[file].shape, walks, index };
    takeSlice(maps[file], place, label, s * rows * columns);
  });
  return { label, occurring, warnings };
}

/**
 * Where a case's slices count, 0 and 1, [slices][rows][columns] in its files' grid: as its masks say, or estimated; null
 * where they count everywhere. @throws ConfigError where image and mask differ in size
 */
export function fieldOfViewOf(read: ReadCase): Uint8Array | null {
  const { domain, images, masks, walks, slices, rows, columns } = read;
  if (domain.fov === 'none' || (domain.fov === 'provided' && masks.length === 0)) return null;
  const pixels = rows * columns;
  const fov = new Uint8Array(slices.length * pixels);
  if (domain.fov === 'provided') {
    masks.forEach((mask, file) => requireSameSize(read, 'mask', images[file], mask));
    const maps = masks.map(mapMask);
    slices.forEach(({ file, index }, s) => {
      const own = walksBeside(read, images[file], masks[file]);
      takeSlice(maps[file], { shape: masks[file].shape, walks: own, index }, fov, s * pixels);
    });
    return fov;
  }
  slices.forEach(({ file, index }, s) => {
    const { data, channels, shape } = images[file];
    const slice = new Float32Array(channels * pixels);
    const voxels = data.length / channels;
    for (let c = 0; c < channels; c++)
      takeSlice(
        data.subarray(c * voxels, (c + 1) * voxels),
        { shape, walks, index },
        slice,
        c * pixels,
      );
    fov.set(estimateFieldOfView(slice, channels, rows, columns), s * pixels);
  });
  return fov;
}
