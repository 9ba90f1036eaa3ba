import type { InputConfig } from '../config/config';
import type { Random } from '../random';
import {
  augment,
  augmentAt,
  type AugmentationConfig,
  type Sample,
  type WholeSample,
} from './augmentation';
import type { PreparedCase } from '../preparation/prepared-case';

/**
 * Images [B][channels][rows][columns], class indices and field of view (0, 1) [B][rows][columns], and where a teacher has predicted the cases
 * the probabilities of the classes, [B][classes][rows][columns].
 */
export interface Batch {
  shape: [batch: number, channels: number, rows: number, columns: number];
  images: Float32Array;
  labels: Uint8Array;
  fov: Uint8Array;
  softLabels?: Float32Array;
}

export interface BatchSpec {
  size: InputConfig['size'];
  fit: InputConfig['fit'];
  batchSize: number;
  /** null: none. */
  augmentation: AugmentationConfig | null;
}

/** Augmented views beside each image of a batch, drawn from random numbers of their own. */
export interface ViewsSpec {
  count: number;
  augmentation: AugmentationConfig;
  random: Random;
}

/**
 * Draws slices, each as likely as any other of all cases, and augments them. With `fit: "patch"` a random place in the
 * slice: every other patch, by the flip of a coin, is centred on a pixel of a class (where the slice has one), and a
 * patch lies at least half in the field of view where that can be had in a few tries. With `views` the images are left as they are,
 * and beside each stand augmented views of its place in the slice: first the B images, then the views image by image, view i of image b
 * at B + b * count + i. A pure function of the cases and of what `random` and `views.random` draw.
 */
export function drawBatch(
  cases: PreparedCase[],
  spec: BatchSpec,
  random: Random,
  views?: ViewsSpec,
): Batch {
  const slices = cases.reduce((sum, item) => sum + item.slices, 0);
  const places: { sample: Sample; centre: readonly [number, number] }[] = [];
  const images = Array.from({ length: spec.batchSize }, () => {
    let slice = random.integer(slices);
    const item = cases.find((candidate) => {
      if (slice < candidate.slices) return true;
      slice -= candidate.slices;
      return false;
    })!;
    const sample = sliceOf(item, slice);
    const centre: readonly [number, number] =
      spec.fit === 'patch'
        ? patchCentre(sample, spec.size, random)
        : [(sample.rows - 1) / 2, (sample.columns - 1) / 2];
    places.push({ sample, centre });
    return augmentAt(sample, centre, spec.size, views ? null : spec.augmentation, random);
  });
  if (!views) return batchOf(images);
  const beside = places.flatMap(({ sample, centre }) =>
    Array.from({ length: views.count }, () =>
      augmentAt(sample, centre, spec.size, views.augmentation, views.random),
    ),
  );
  return batchOf([...images, ...beside]);
}

/**
 * Each image of a batch with `count` augmented views of it, as one batch of B * (1 + count): first the B images
 * themselves (the anchors, unchanged), then the views image by image, view i of image b at B + b * count + i.
 * Labels and field of view are warped along.
 */
export function drawViews(
  batch: Batch,
  count: number,
  augmentation: AugmentationConfig,
  random: Random,
): Batch {
  const [size, channels, rows, columns] = batch.shape;
  const anchors = Array.from({ length: size }, (_, b): WholeSample => {
    const pixels = rows * columns;
    return {
      channels,
      rows,
      columns,
      image: batch.images.subarray(b * channels * pixels, (b + 1) * channels * pixels),
      label: batch.labels.subarray(b * pixels, (b + 1) * pixels),
      fov: batch.fov.subarray(b * pixels, (b + 1) * pixels),
    };
  });
  const views = anchors.flatMap((anchor) =>
    Array.from({ length: count }, () => augment(anchor, augmentation, random)),
  );
  return batchOf([...anchors, ...views]);
}

/** Batches of one image size, one after the other. */
export function joinBatches(batches: readonly Batch[]): Batch {
  const [, ...rest] = batches[0].shape;
  const join = <T extends Float32Array | Uint8Array>(parts: T[], all: T): T => {
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };
  const length = (key: 'images' | 'labels') => batches.reduce((sum, b) => sum + b[key].length, 0);
  return {
    shape: [batches.reduce((sum, b) => sum + b.shape[0], 0), ...rest],
    images: join(
      batches.map((b) => b.images),
      new Float32Array(length('images')),
    ),
    labels: join(
      batches.map((b) => b.labels),
      new Uint8Array(length('labels')),
    ),
    fov: join(
      batches.map((b) => b.fov),
      new Uint8Array(length('labels')),
    ),
  };
}

/** A slice of a prepared case: views into it, or read from disk. */
export function sliceOf(item: PreparedCase, slice: number): Sample {
  const { channels, rows, columns } = item;
  const pixels = rows * columns;
  const softLabel = item.softLabel?.(slice);
  const common = { channels, rows, columns, ...(softLabel && { softLabel }) };
  if (item.slice) return { ...common, ...item.slice(slice) };
  return {
    ...common,
    image: item.image.subarray(slice * channels * pixels, (slice + 1) * channels * pixels),
    label: item.label?.subarray(slice * pixels, (slice + 1) * pixels) ?? null,
    fov: item.fov?.subarray(slice * pixels, (slice + 1) * pixels) ?? null,
  };
}

function batchOf(samples: WholeSample[]): Batch {
  const { channels, rows, columns, softLabel } = samples[0];
  const pixels = rows * columns;
  const batch: Batch = {
    shape: [samples.length, channels, rows, columns],
    images: new Float32Array(samples.length * channels * pixels),
    labels: new Uint8Array(samples.length * pixels),
    fov: new Uint8Array(samples.length * pixels),
    ...(softLabel && { softLabels: new Float32Array(samples.length * softLabel.length) }),
  };
  samples.forEach((sample, n) => {
    batch.images.set(sample.image, n * channels * pixels);
    batch.labels.set(sample.label, n * pixels);
    batch.fov.set(sample.fov, n * pixels);
    if (softLabel) batch.softLabels!.set(sample.softLabel!, n * softLabel.length);
  });
  return batch;
}

function patchCentre(
  sample: Sample,
  [rows, columns]: readonly [number, number],
  random: Random,
): [number, number] {
  const { rows: sliceRows, columns: sliceColumns, label } = sample;
  const clampTo = (value: number, size: number, sliceSize: number) =>
    Math.min(Math.max(value, 0), Math.max(0, sliceSize - size));
  const wantClass = random.chance(0.5);
  const pixel = wantClass && label ? drawForeground(label, random) : -1;
  let top = 0;
  let left = 0;
  if (pixel >= 0) {
    const row = Math.floor(pixel / sliceColumns);
    top = clampTo(row - Math.floor(rows / 2), rows, sliceRows);
    left = clampTo((pixel % sliceColumns) - Math.floor(columns / 2), columns, sliceColumns);
  } else
    for (let attempt = 0; attempt < 16; attempt++) {
      top = random.integer(Math.max(1, sliceRows - rows + 1));
      left = random.integer(Math.max(1, sliceColumns - columns + 1));
      if (shareInside(sample, top, left, rows, columns) >= 0.5) break;
    }
  return [top + (rows - 1) / 2, left + (columns - 1) / 2];
}

/** A pixel of any class, or -1: by trial, and where that fails the next one from a random place. */
function drawForeground(label: Uint8Array, random: Random): number {
  for (let attempt = 0; attempt < 64; attempt++) {
    const pixel = random.integer(label.length);
    if (label[pixel] !== 0) return pixel;
  }
  const start = random.integer(label.length);
  for (let n = 0; n < label.length; n++) {
    const pixel = (start + n) % label.length;
    if (label[pixel] !== 0) return pixel;
  }
  return -1;
}

/** Share of a window that lies in the field of view, from every fourth pixel of every fourth row. */
function shareInside(
  { fov, columns: sliceColumns, rows: sliceRows }: Sample,
  top: number,
  left: number,
  rows: number,
  columns: number,
): number {
  if (!fov) return 1;
  let inside = 0;
  let all = 0;
  for (let r = top; r < Math.min(top + rows, sliceRows); r += 4)
    for (let c = left; c < Math.min(left + columns, sliceColumns); c += 4) {
      inside += fov[r * sliceColumns + c];
      all++;
    }
  return inside / all;
}
