import type { DistillConfig } from '../config/config';
import type { CohortCase } from '../cohort/cohort';
import { ConfigError } from '../errors';
import { takeSlice } from '../images/walks';
import { CaseCache } from './case-cache';
import { classIndices, fieldOfViewOf } from './case-maps';
import { inputChannels } from './channels';
import { chooseChannels, normalizeIntensity } from './intensity';
import type { CaseGeometry, NativeCase, PreparedResult } from './prepared-case';
import { misplaced, readCase, type ReadCase } from './read-case';
import { finiteRange } from '../images/volume';
import { requireFinite, unusualImage, unusualSize, withoutForeground } from './unusual-case';
import { resizeLinear, resizeNearest } from './resample';

/**
 * Reads a case's files and brings them to the network's scale.
 * Slices run along the domain's axis of the world nearest to it (up for axial), in a fixed in-plane orientation. Then
 * the field of view, the intensities (statistics over the whole case), class indices, and the resampling: images bilinear with averaging,
 * labels and field of view to the nearest pixel. With `fit: "patch"` a slice smaller than `input.size` is padded below
 * and to the right: the image by its last pixels, label and field of view by 0. Labels and masks are null where the
 * case has none. The result is kept in the config's cache, where it has one: then its arrays are read from there as they
 * are used.
 * @throws ConfigError where image and label differ in size, or a spacing is needed and not known.
 */
export async function prepareCase(
  config: DistillConfig,
  item: CohortCase,
): Promise<PreparedResult> {
  const cache = await CaseCache.of(config);
  return cache ? cache.get(config, item, () => prepareNow(config, item)) : prepareNow(config, item);
}

/** True where a case lies in the config's cache. */
export async function isPrepared(config: DistillConfig, item: CohortCase): Promise<boolean> {
  return (await (await CaseCache.of(config))?.has(config, item)) ?? false;
}

async function prepareNow(config: DistillConfig, item: CohortCase): Promise<PreparedResult> {
  const domain = config.domains[item.domain];
  const read = await readCase(item, domain);
  const { images, walks, slices, rows, columns } = read;
  const [head] = images;
  const fov = fieldOfViewOf(read);
  const channels = inputChannels(config);
  const image = samplesOf(read, channels);
  const before = finiteRange(image);
  requireFinite(read, before);
  normalizeIntensity(image, [channels, slices.length, rows, columns], domain, fov, head.dtype);
  const { label, occurring, warnings } = classIndices(read, config.classes);

  const spacing = nativeSpacing(read);
  const { size, fit } = config.input;
  const scaled = scaledSize(config, read, spacing);
  const prepared: [number, number] =
    fit === 'resize' ? size : [Math.max(scaled[0], size[0]), Math.max(scaled[1], size[1])];
  const geometry: CaseGeometry = {
    id: item.id,
    files: images.map(({ path, format, shape, affine, niftiHeader }) => ({
      path,
      format,
      shape,
      affine,
      niftiHeader,
    })),
    walks,
    slices,
    native: [rows, columns],
    scaled,
    prepared,
  };
  const padded = prepared[0] !== scaled[0] || prepared[1] !== scaled[1];
  const everywhere = () => new Uint8Array(slices.length * rows * columns).fill(1);
  const scaledLabels = (map: Uint8Array) =>
    padTo(
      resizeNearest(map, slices.length, [rows, columns], scaled),
      slices.length,
      scaled,
      prepared,
    );
  return {
    prepared: {
      case: item,
      slices: slices.length,
      channels,
      rows: prepared[0],
      columns: prepared[1],
      image: scaleImage(image, channels, slices.length, geometry),
      label: label && scaledLabels(label),
      fov: fov || padded ? scaledLabels(fov ?? everywhere()) : null,
    },
    native: { slices: slices.length, rows, columns, label, fov, spacing },
    geometry,
    occurring,
    warnings: [
      ...readWarnings(read),
      ...warnings,
      ...misplaced(read),
      ...unusualImage(read, before, finiteRange(image)),
      ...unusualSize(read, config.input, scaled),
      ...withoutForeground(read, occurring),
    ],
  };
}

/** What the readers of a case's files noticed. */
const readWarnings = ({ images, labels, masks }: ReadCase): string[] =>
  [...images, ...labels, ...masks].flatMap(({ warnings }) => warnings ?? []);

/** The image's own samples, of the channels that the domain asks for: [channels][slices][rows][columns]. */
function samplesOf(
  { domain, images, walks, slices, rows, columns }: ReadCase,
  channels: number,
): Float32Array {
  const pixels = rows * columns;
  const samples = new Float32Array(channels * slices.length * pixels);
  // A grey volume needs no copy of its only plane.
  const planes = images.map((volume) =>
    volume.channels === 1 ? volume.data : chooseChannels(volume, domain.channel),
  );
  for (let c = 0; c < channels; c++)
    slices.forEach(({ file, index }, s) => {
      const { shape } = images[file];
      const voxels = shape[0] * shape[1] * shape[2];
      // A grey image among colour ones fills all three channels with its only one.
      const plane = domain.channel === 'rgb' && images[file].channels > 1 ? c : 0;
      takeSlice(
        planes[file].subarray(plane * voxels, (plane + 1) * voxels),
        { shape, walks, index },
        samples,
        (c * slices.length + s) * pixels,
      );
    });
  return samples;
}

function nativeSpacing({ domain, images: [head], walks }: ReadCase): NativeCase['spacing'] {
  return [
    domain.spacing?.[0] ?? head.spacing[walks.row.axis],
    domain.spacing?.[1] ?? head.spacing[walks.column.axis],
    head.spacing[walks.slice.axis],
  ];
}

function scaledSize(
  { input }: DistillConfig,
  { item, domain, images: [head], rows, columns }: ReadCase,
  spacing: NativeCase['spacing'],
): [number, number] {
  if (input.fit === 'resize') return input.size;
  if (input.spacing === 0) return [rows, columns];
  if (!domain.spacing && !head.hasSpacing)
    throw new ConfigError(
      `input.spacing is ${input.spacing} mm, but ${head.path} states no pixel spacing; give domains.${item.domain}.spacing, or set input.spacing to 0.`,
    );
  return [
    Math.max(1, Math.round((rows * spacing[0]) / input.spacing)),
    Math.max(1, Math.round((columns * spacing[1]) / input.spacing)),
  ];
}

/** [channels][slices][native] to [slices][channels][prepared]. */
function scaleImage(
  image: Float32Array,
  channels: number,
  slices: number,
  { native, scaled, prepared }: CaseGeometry,
): Float32Array {
  if (channels === 1 && native.join() === prepared.join()) return image;
  const pixels = native[0] * native[1];
  const out = new Float32Array(slices * channels * prepared[0] * prepared[1]);
  for (let s = 0; s < slices; s++)
    for (let c = 0; c < channels; c++) {
      const at = (c * slices + s) * pixels;
      const plane = resizeLinear(image.subarray(at, at + pixels), 1, native, scaled);
      out.set(
        padTo(plane, 1, scaled, prepared, true),
        (s * channels + c) * prepared[0] * prepared[1],
      );
    }
  return out;
}

/** Grows [planes][rows][columns] below and to the right, by 0 or by the last row and column. */
function padTo<T extends Float32Array | Uint8Array>(
  map: T,
  planes: number,
  [rows, columns]: readonly [number, number],
  [toRows, toColumns]: readonly [number, number],
  replicate = false,
): T {
  if (rows === toRows && columns === toColumns) return map;
  const out = new (map.constructor as new (length: number) => T)(planes * toRows * toColumns);
  for (let plane = 0; plane < planes; plane++)
    for (let r = 0; r < (replicate ? toRows : rows); r++) {
      const from = (plane * rows + Math.min(r, rows - 1)) * columns;
      const to = (plane * toRows + r) * toColumns;
      out.set(map.subarray(from, from + columns), to);
      if (replicate) out.fill(map[from + columns - 1], to + columns, to + toColumns);
    }
  return out;
}

/**
 * Prepares cases of one domain, and checks that each class occurs in their labels. `onCase` is called after each.
 * @throws ConfigError as `prepareCase`, and for a class of which no pixel is found: with the values that do occur.
 */
export async function prepareDomain(
  config: DistillConfig,
  name: string,
  cases: readonly CohortCase[],
  onCase: (result: PreparedResult) => void = () => {},
): Promise<PreparedResult[]> {
  const results: PreparedResult[] = [];
  for (const item of cases) {
    const result = await prepareCase(config, item);
    results.push(result);
    onCase(result);
  }
  checkClasses(config, name, results);
  return results;
}

/** @throws ConfigError for a class of which no pixel occurs in a domain's labels. */
function checkClasses(config: DistillConfig, name: string, results: PreparedResult[]): void {
  // Where no case was asked for, none can say.
  if (results.length === 0) return;
  config.classes.forEach((className, n) => {
    if (results.some(({ occurring }) => occurring.classes.has(n + 1))) return;
    const values = [...new Set(results.flatMap(({ occurring }) => [...occurring.values]))].sort(
      (a, b) => a - b,
    );
    const listed =
      values.length <= 12
        ? values.join(', ')
        : `${values.length} values from ${values[0]} to ${values.at(-1)}`;
    throw new ConfigError(
      `domains.${name}.values.${className}: ${JSON.stringify(config.domains[name].values[className])} never occurs in the labels of the ${results.length} cases; these values occur: ${listed}.`,
    );
  });
}
