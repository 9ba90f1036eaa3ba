import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { DistillConfig, DomainConfig, LabelValue } from '../config/config';
import { estimateFieldOfView } from '../preparation/field-of-view';
import { mapLabels, mapMask } from '../preparation/labels';
import type { Walks } from '../images/walks';
import { isPlaced } from '../images/catalogue';
import type { Volume } from '../images/volume';
import { predictionName } from '../images/write-volume';
import { UserError } from '../errors';
import { readRunConfig } from '../runs/run-config';
import { RunFolder } from '../runs/run-folder';
import { readOverlayContent } from './label-values';
import { voxelAt } from './places';
import { planeOf, type Plane } from './planes';
import type {
  ImageSlice,
  LabelSlice,
  LayerInfo,
  LayerName,
  PlaneInfo,
  PlaneName,
  SliceQuery,
  SliceResult,
  ViewerSource,
  ViewerSubject,
} from '../contract/viewer';
import { checkResampled, ResampledLabels } from './resampled-labels';
import { Stack, type StackOptions, type StackSlice } from './stack';
import { openWholeCase, type CaseSources } from './whole-case';
import type { OpenFiles, Voxels } from './voxels';
import { windowsOf } from './windows';

/** Long work looks at this between two planes. */
export interface Signal {
  readonly isCancellationRequested: boolean;
}

/** Class indices [row][column] of a slice. */
type ReadLabels = (
  plane: PlaneName,
  index: number,
  frame: number,
  threshold: number | null,
) => Promise<Uint8Array>;

export interface Layer {
  info: LayerInfo;
  /** Null where it cannot be shown; `info.error` says why. */
  read: ReadLabels | null;
}

/** An image with its label maps, opened but not read. */
export interface Subject {
  image: Stack;
  layers: Map<LayerName, Layer>;
  info: ViewerSubject;
}

/** Opens what `source` names. @throws UserError where the image cannot be shown; what is wrong with a layer is said in its info. */
export async function openSubject(
  source: ViewerSource,
  open: OpenFiles,
  signal: Signal,
): Promise<Subject> {
  return source.kind === 'case' ? openCase(source, open) : openFile(source, open, signal);
}

async function openCase(
  source: Extract<ViewerSource, { kind: 'case' }>,
  open: OpenFiles,
): Promise<Subject> {
  const run = resolve(source.run);
  const runFolder = new RunFolder(run);
  const report = runFolder.readReport();
  const domain = report.domains[source.domain];
  const files = domain?.files?.[source.id];
  if (!files)
    throw new UserError(
      `The run ${run} has no case "${source.id}" in a domain "${source.domain}".`,
    );
  const config = runConfigIfAny(runFolder);
  const settings = config?.domains[source.domain];
  const options = {
    axis: settings?.axis ?? 'axial',
    orientation: settings?.orientation ?? null,
    spacing: settings?.spacing ?? null,
  } as const;
  const absolute = (path: string) => resolve(run, path);
  const item = {
    images: files.images.map(absolute),
    labels: files.labels.map(absolute),
    masks: files.masks.map(absolute),
  };
  const whole = await openWholeCase(item, settings ?? {}, open);
  const image = await Stack.open(whole?.images ?? item.images, open, options);
  const layers = new Map<LayerName, Layer>();
  const inside = settings ? fieldOfView(settings, whole ?? item, image, open, options) : null;
  const add = async (
    info: Omit<LayerInfo, 'error' | 'note'>,
    openLayer: () => Promise<ReadLabels>,
  ) => {
    try {
      const read = await openLayer();
      layers.set(info.name, {
        info: { ...info, note: null, error: null },
        read: inside ? within(inside, read) : read,
      });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      layers.set(info.name, { info: { ...info, note: null, error: error.message }, read: null });
    }
  };

  if (files.labels.length > 0) {
    const paths = whole?.labels ?? item.labels;
    await add(
      {
        name: 'reference',
        title: 'Reference',
        path: item.labels[0],
        probabilities: false,
        threshold: null,
      },
      async () => {
        if (!settings)
          throw new UserError(
            `The run's config ${runFolder.file('config')} cannot be read, and with it what the values of the labels mean.`,
          );
        const stack = await Stack.open(paths, open, options, image);
        requireSameSize(image, stack);
        const values: Record<string, LabelValue> = settings.values;
        return async (plane, index) =>
          mapLabels(await stack.slice(plane, index), report.classes, values).labels;
      },
    );
  }
  for (const { name: network, title, role, color } of report.networks) {
    const evaluated = domain.networks[network];
    const named = (folder: string) =>
      (whole ? [image.head.path] : image.files).map((path) =>
        join(folder, predictionName({ ...image.head, path }, source.id)),
      );
    const paths = named(runFolder.outputFolder('predictions', source.domain, network));
    if (!evaluated && !existsSync(paths[0])) continue;
    const stored = named(runFolder.outputFolder('probabilities', source.domain, network));
    const probabilities = stored.every((path) => existsSync(path));
    const threshold = evaluated?.threshold;
    await add(
      {
        name: network,
        title,
        role,
        color,
        path: paths[0],
        probabilities,
        threshold: typeof threshold === 'number' ? threshold : null,
      },
      async () => {
        if (!existsSync(paths[0]))
          throw new UserError(
            `The run wrote no predictions of this network: ${paths[0]} does not exist; set "output": { "predictions": true } in the config.`,
          );
        const stack = await Stack.open(paths, open, options, image);
        requireSameSize(image, stack);
        const likely = probabilities ? await Stack.open(stored, open, options, image) : null;
        if (likely) requireSameSize(image, likely);
        return async (plane, index, _frame, value) =>
          likely && value !== null
            ? thresholded(likely, plane, index, value, report.classes.length)
            : Uint8Array.from((await stack.slice(plane, index)).data);
      },
    );
  }
  whole?.release();
  return {
    image,
    layers,
    info: {
      ...imageInfo(image),
      title: `${source.domain} / ${source.id}`,
      frame: whole ? 0 : Math.min(settings?.frame ?? 0, image.head.frames - 1),
      plane: isPlaced(image.head) ? options.axis : 'axial',
      layers: [...layers.values()].map(({ info }) => info),
      classes: report.classes,
      note: inside && 'Outside of the field of view nothing counts, and nothing is shown.',
      windows: await windowsOf(image, settings?.intensity ?? null),
    },
  };
}

/** 1 where a pixel of a slice counts. */
type ReadInside = (plane: PlaneName, index: number) => Promise<Uint8Array>;

/** The field of view within which a case was evaluated; null where that was all of the image. */
function fieldOfView(
  { fov }: Pick<DomainConfig, 'fov'>,
  { masks }: Pick<CaseSources, 'masks'>,
  image: Stack,
  open: OpenFiles,
  options: StackOptions,
): ReadInside | null {
  if (fov === 'none' || (fov === 'provided' && masks.length === 0)) return null;
  let opened: Promise<Stack> | null = null;
  const read: ReadInside = async (plane, index) => {
    if (fov === 'provided') {
      const stack = await (opened ??= Stack.open(masks, open, options, image));
      requireSameSize(image, stack);
      return mapMask(await stack.slice(plane, index));
    }
    const { data, channels, rows, columns } = await image.slice(plane, index);
    return estimateFieldOfView(data, channels, rows, columns);
  };
  // The layers of a slice are read one after the other.
  let last: { place: string; inside: Promise<Uint8Array> } | null = null;
  return (plane, index) => {
    const place = `${plane} ${index}`;
    if (last?.place !== place) last = { place, inside: read(plane, index) };
    return last.inside;
  };
}

/** Labels inside the field of view, 0 elsewhere. */
const within =
  (inside: ReadInside, read: ReadLabels): ReadLabels =>
  async (plane, index, frame, threshold) => {
    const labels = await read(plane, index, frame, threshold);
    const counts = await inside(plane, index);
    return labels.map((label, n) => (counts[n] ? label : 0));
  };

async function openFile(
  source: Extract<ViewerSource, { kind: 'file' }>,
  open: OpenFiles,
  signal: Signal,
): Promise<Subject> {
  const options = { axis: 'axial', orientation: null, spacing: null } as const;
  const image = await Stack.open([source.path], open, options);
  const layers = new Map<LayerName, Layer>();
  // Label values get one numbering over all overlays, so that one colour means one value.
  const found = new Map<LayerName, number[]>();
  const titles = overlayTitles(source.overlays);
  for (const [n, path] of source.overlays.entries()) {
    const name: LayerName = `overlay ${n}`;
    const info: LayerInfo = {
      name,
      title: titles[n],
      path,
      probabilities: false,
      threshold: null,
      note: null,
      error: null,
    };
    try {
      const voxels = await open.get(path);
      const content = await readOverlayContent(voxels, signal);
      const { read, note } = await overlaySlices(image, voxels, open);
      info.note = note;
      if (content.kind === 'probabilities') {
        info.probabilities = true;
        info.threshold = 0.5;
        found.set(name, [1]);
        layers.set(name, {
          info,
          read: async (plane, index, frame, threshold) =>
            Uint8Array.from(await read(plane, index, frame), (p) =>
              p >= (threshold ?? 0.5) ? 1 : 0,
            ),
        });
      } else {
        found.set(name, content.values);
        layers.set(name, {
          info,
          read: async (plane, index, frame) => indexed(await read(plane, index, frame), values),
        });
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      layers.set(name, { info: { ...info, error: error.message }, read: null });
    }
  }
  const values = [...new Set([...found.values()].flat())].sort((a, b) => a - b).slice(0, 255);
  return {
    image,
    layers,
    info: {
      ...imageInfo(image),
      title: basename(source.path),
      frame: 0,
      plane: 'axial',
      layers: [...layers.values()].map(({ info }) => info),
      classes: values.map((value) => `Label ${value}`),
      note: null,
      windows: await windowsOf(image, null),
    },
  };
}

/** File names, with their folders where several are alike. The first of several is what the others are compared with. */
function overlayTitles(paths: readonly string[]): string[] {
  const names = paths.map((path) => basename(path));
  const titles = paths.map((path, n) =>
    names.filter((name) => name === names[n]).length > 1
      ? `${basename(dirname(path))}/${names[n]}`
      : names[n],
  );
  if (titles.length > 1) titles[0] = `${titles[0]} (reference)`;
  return titles;
}

type ReadSamples = (plane: PlaneName, index: number, frame: number) => Promise<Volume['data']>;

/** An overlay on the image's own grid is read as it is; on another one, through both files' places in the world. */
async function overlaySlices(
  image: Stack,
  voxels: Voxels,
  open: OpenFiles,
): Promise<{ read: ReadSamples; note: string | null }> {
  const sameKind = isPlaced(image.head) === isPlaced(voxels);
  const sameGrid =
    sameKind &&
    (isPlaced(voxels)
      ? image.planes.every((plane) => sharesGrid(plane.name, image.head, voxels))
      : image.head.shape.join() === voxels.shape.join());
  if (sameGrid) {
    const stack = await Stack.open([voxels.path], open, {
      axis: 'axial',
      orientation: null,
      spacing: null,
    });
    return {
      read: async (plane, index, frame) => {
        const { data, channels, rows, columns } = await stack.slice(plane, index, frame);
        return channels === 1 ? data : data.subarray(0, rows * columns);
      },
      note: null,
    };
  }
  if (!sameKind || !isPlaced(voxels))
    throw new UserError(
      `${voxels.path} is ${voxels.shape.join(' x ')}, but the image is ${image.head.shape.join(' x ')}; pictures are laid over each other pixel by pixel.`,
    );
  checkResampled(voxels.path, voxels.shape);
  const labels = new ResampledLabels(voxels.path, image.head);
  return {
    read: (plane, index) => labels.slice(image.plane(plane), index),
    note: `${basename(voxels.path)} has another grid; it is shown at its place in the world, resampled to the nearest voxel.`,
  };
}

/** True where both grids have a plane's voxels at the same places, to a tenth of a voxel. */
function sharesGrid(name: PlaneName, one: Voxels, other: Voxels): boolean {
  const [a, b] = [planeOf(one, name), planeOf(other, name)];
  if (a.slices !== b.slices || a.rows !== b.rows || a.columns !== b.columns) return false;
  const tolerance = 0.1 * Math.min(...one.spacing);
  const corners: [number, number, number][] = [
    [0, 0, 0],
    [a.slices - 1, 0, 0],
    [0, a.rows - 1, 0],
    [0, 0, a.columns - 1],
  ];
  return corners.every((corner) => {
    const p = worldOf(one.affine, voxelAt(a, ...corner));
    const q = worldOf(other.affine, voxelAt(b, ...corner));
    return Math.hypot(...p.map((value, axis) => value - q[axis])) <= tolerance;
  });
}

const worldOf = (affine: readonly (readonly number[])[], voxel: readonly number[]): number[] =>
  [0, 1, 2].map(
    (row) =>
      affine[row][0] * voxel[0] +
      affine[row][1] * voxel[1] +
      affine[row][2] * voxel[2] +
      affine[row][3],
  );

/** @throws UserError where a case's label map does not have the image's slices */
function requireSameSize(image: Stack, labels: Stack): void {
  const size = ({ slices, rows, columns }: Stack['planes'][number]) =>
    `${slices} slices of ${columns} x ${rows}`;
  const plane = image.planes[0];
  const own = labels.planes.find((p) => p.name === plane.name);
  if (!own || size(own) !== size(plane))
    throw new UserError(
      `${labels.head.path} has ${own ? size(own) : 'other views'}, but the image ${image.head.path} has ${size(plane)}.`,
    );
}

/** Null where the run's copy of its config is gone or cannot be read. */
function runConfigIfAny(folder: RunFolder): DistillConfig | null {
  try {
    return readRunConfig(folder);
  } catch {
    return null;
  }
}

/** The most probable of the classes whose probability reaches the threshold. */
async function thresholded(
  stack: Stack,
  plane: PlaneName,
  index: number,
  threshold: number,
  classes: number,
): Promise<Uint8Array> {
  const frames = Math.min(classes, stack.head.frames);
  const scale = stack.head.dtype === 'uint8' && !isPlaced(stack.head) ? 1 / 255 : 1;
  let labels = new Uint8Array(0);
  let best = new Float32Array(0);
  for (let frame = 0; frame < frames; frame++) {
    const { data, rows, columns } = await stack.slice(plane, index, frame);
    const pixels = rows * columns;
    if (frame === 0) {
      labels = new Uint8Array(pixels);
      best = new Float32Array(pixels);
    }
    for (let n = 0; n < pixels; n++) {
      const probability = data[n] * scale;
      if (probability >= threshold && (labels[n] === 0 || probability > best[n])) {
        labels[n] = frame + 1;
        best[n] = probability;
      }
    }
  }
  return labels;
}

/** Place of each sample among `values`, counted from 1; 0 for any other. */
function indexed(samples: Volume['data'], values: readonly number[]): Uint8Array {
  const out = new Uint8Array(samples.length);
  if (samples instanceof Uint8Array) {
    const table = new Uint8Array(256);
    values.forEach((value, n) => (table[value] = n + 1));
    for (let n = 0; n < samples.length; n++) out[n] = table[samples[n]];
    return out;
  }
  const places = new Map(values.map((value, n) => [value, n + 1]));
  for (let n = 0; n < samples.length; n++)
    out[n] = n > 0 && samples[n] === samples[n - 1] ? out[n - 1] : (places.get(samples[n]) ?? 0);
  return out;
}

function planeInfo(plane: Plane): PlaneInfo {
  const info: PlaneInfo & { walks?: Walks } = { ...plane };
  delete info.walks;
  return info;
}

function imageInfo({ head, planes, files }: Stack) {
  const { path, format, dtype, channels, frames, spacing, hasSpacing, affine, orientation } = head;
  return {
    path,
    format,
    dtype,
    shape: [head.shape[0], head.shape[1], head.shape[2] * files.length] as Volume['shape'],
    channels,
    frames,
    spacing,
    affine: hasSpacing && files.length === 1 ? affine : null,
    orientation: isPlaced(head) ? orientation : null,
    planes: planes.map(planeInfo),
  };
}

/** One slice of the image and of the layers asked for; what is wrong with one of them is said in its place. */
export async function readSlice(subject: Subject, query: SliceQuery): Promise<SliceResult> {
  const { plane, index, frame, threshold } = query;
  const result: SliceResult = { image: null, layers: {} };
  if (query.image)
    result.image = await orSentence(async () =>
      imageSlice(await subject.image.slice(plane, index, frame)),
    );
  for (const name of query.layers) {
    const layer = subject.layers.get(name);
    result.layers[name] = layer?.read
      ? await orSentence<LabelSlice>(async () => ({
          labels: await layer.read!(
            plane,
            index,
            frame,
            layer.info.probabilities ? threshold : null,
          ),
        }))
      : { error: layer?.info.error ?? `There is no ${name}.` };
  }
  return result;
}

async function orSentence<T>(read: () => Promise<T>): Promise<T | { error: string }> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof UserError) return { error: error.message };
    throw error;
  }
}

/** Samples of 8 and 16 bits as they are, others as float32. */
function imageSlice({ data, channels, rows, columns }: StackSlice): ImageSlice {
  const small =
    data instanceof Uint8Array ||
    data instanceof Int8Array ||
    data instanceof Int16Array ||
    data instanceof Uint16Array ||
    data instanceof Float32Array;
  // Colours are drawn with 8 bits.
  if (channels > 1 && data instanceof Uint16Array)
    return { rows, columns, channels, data: Uint8Array.from(data, (value) => value / 257) };
  return { rows, columns, channels, data: small ? data : new Float32Array(data) };
}
