import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DistillConfig, DomainConfig } from '../config/config';
import type { NetworkInfo } from '../contract/plan';
import type { DomainReport } from '../contract/report';
import type { LayerInfo, LayerName, PlaneName, ViewerSource } from '../contract/viewer';
import { UserError } from '../errors';
import type { OutputKind } from '../evaluation/evaluation';
import { stampOf } from '../files';
import { isPlaced } from '../images/catalogue';
import { readVolume } from '../images/read-volume';
import { predictionName } from '../images/write-volume';
import { estimateFieldOfView } from '../preparation/field-of-view';
import { groupedWarnings } from '../preparation/grouped-warnings';
import { mapLabels, mapMask } from '../preparation/labels';
import { caseFile, regularInside } from '../runs/inside';
import { readRunConfig } from '../runs/run-config';
import { largestBytes, outputFolder } from '../runs/run-files';
import { RunFolder } from '../runs/run-folder';
import { imageInfo, type Layer, type ReadLabels, type Scene } from './scene';
import { SlicedImage, type SlicedImageOptions } from './sliced-image';
import { openVoxels, packVoxels, type OpenFiles } from './voxels';
import { openWholeCase, type CaseSources, type WholeCase } from './whole-case';
import { windowsOf } from './windows';

/** A case of a run, whose image is open. */
interface OpenCase {
  source: Extract<ViewerSource, { kind: 'case' }>;
  runFolder: RunFolder;
  classes: string[];
  domain: DomainReport;
  /** Null where the run's copy of its config cannot be read. */
  settings: DomainConfig | null;
  options: SlicedImageOptions;
  item: CaseSources;
  /** Null for a case whose files are read slice by slice. */
  whole: WholeCase | null;
  image: SlicedImage;
  files: OpenFiles;
  /** What the readers of its files noticed: sentences. */
  noticed: string[];
}

/** A layer before its files are opened. */
interface LayerPlan {
  info: Omit<LayerInfo, 'error' | 'note'>;
  /** @throws UserError where it cannot be shown */
  open: () => Promise<ReadLabels>;
}

/**
 * Opens a case of a run with its predictions. @throws UserError where the image cannot be shown; what is wrong with a
 * layer is said in its info
 */
export async function openCaseScene(
  source: Extract<ViewerSource, { kind: 'case' }>,
  files: OpenFiles,
): Promise<Scene> {
  const run = resolve(source.run);
  const runFolder = new RunFolder(run);
  const report = runFolder.readReport();
  const domain = report.domains[source.domain];
  const paths =
    domain?.files && Object.hasOwn(domain.files, source.id) ? domain.files[source.id] : undefined;
  if (!paths)
    throw new UserError(
      `The run ${run} has no case "${source.id}" in a domain "${source.domain}".`,
    );
  const settings = runConfigIfAny(runFolder)?.domains[source.domain] ?? null;
  const options = {
    axis: settings?.axis ?? 'axial',
    orientation: settings?.orientation ?? null,
    spacing: settings?.spacing ?? null,
  } as const;
  const absolute = (path: string) => caseFile(run, path);
  const item = {
    images: paths.images.map(absolute),
    labels: paths.labels.map(absolute),
    masks: paths.masks.map(absolute),
  };
  const whole = await openWholeCase(item, settings ?? {}, files);
  const images = whole?.images ?? (await ofFrame(item.images, settings?.frame, files));
  const image = await SlicedImage.open(images, files, options);
  const { classes } = report;
  const open: OpenCase = {
    source,
    runFolder,
    classes,
    domain,
    settings,
    options,
    item,
    whole,
    image,
    files,
    noticed: [...(image.head.warnings ?? [])],
  };
  const inside = fieldOfView(open);
  const plans = [
    referenceLayer(open),
    ...report.networks.map((network) => networkLayer(open, network)),
  ];
  const layers = new Map<LayerName, Layer>();
  for (const plan of plans) if (plan) layers.set(plan.info.name, await openLayer(plan, inside));
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
      classes,
      warnings: groupedWarnings([
        { prepared: { case: { ...item, id: source.id } }, warnings: open.noticed },
      ]),
      note: noteOf(image, settings, inside !== null),
      windows: await windowsOf(image, settings?.intensity ?? null),
    },
  };
}

/** What the networks saw otherwise than it is shown. */
function noteOf(
  { head }: SlicedImage,
  settings: DomainConfig | null,
  hasField: boolean,
): string | null {
  const channel = settings?.channel ?? 'rgb';
  const said = [
    ...(hasField ? ['Outside of the field of view nothing counts, and nothing is shown.'] : []),
    ...(head.channels > 1 && channel !== 'rgb'
      ? [
          `The networks see ${channel === 'grey' ? 'its luminance' : `its ${channel} channel`} alone.`,
        ]
      : []),
  ];
  return said.length > 0 ? said.join(' ') : null;
}

/** Null where the run's copy of its config is gone or cannot be read. */
function runConfigIfAny(folder: RunFolder): DistillConfig | null {
  try {
    return readRunConfig(folder);
  } catch {
    return null;
  }
}

async function openLayer({ info, open }: LayerPlan, inside: ReadInside | null): Promise<Layer> {
  try {
    const read = await open();
    return {
      info: { ...info, note: null, error: null },
      read: inside ? within(inside, read) : read,
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { info: { ...info, note: null, error: error.message }, read: null };
  }
}

/** Null for a case without labels. */
function referenceLayer(open: OpenCase): LayerPlan | null {
  const { item, whole, settings, runFolder, classes } = open;
  if (item.labels.length === 0) return null;
  return {
    info: {
      name: 'reference',
      title: 'Reference',
      path: item.labels[0],
      probabilities: false,
      threshold: null,
    },
    open: async () => {
      if (!settings)
        throw new UserError(
          `The run's config ${runFolder.file('config')} cannot be read, and with it what the values of the labels mean.`,
        );
      const { labelFrame } = settings;
      const labels = await openBeside(
        open,
        whole?.labels ??
          (labelFrame === 'one-hot'
            ? await asClasses(open)
            : await ofFrame(item.labels, labelFrame, open.files)),
      );
      open.noticed.push(...(labels.head.warnings ?? []));
      const frame = whole || typeof labelFrame !== 'number' ? 0 : labelFrame;
      return async (plane, index) =>
        mapLabels(await labels.slice(plane, index, frame), classes, settings.values).labels;
    },
  };
}

/** Names under which files are held of which one frame is chosen: a page of a TIFF, a picture of a GIF. */
async function ofFrame(
  paths: readonly string[],
  frame: number | undefined,
  files: OpenFiles,
): Promise<readonly string[]> {
  if (frame === undefined) return paths;
  return Promise.all(
    paths.map(async (path) => {
      const name = `${path}\0frame ${frame}`;
      files.provide(name, (await stampOf(path)) ?? '', () => openVoxels(path, { frame }));
      return name;
    }),
  );
}

/** Names under which the case's label files, whose frames are classes, are held as the indices of these. */
const asClasses = ({ item, files }: OpenCase): Promise<string[]> =>
  Promise.all(
    item.labels.map(async (path) => {
      const name = `${path}\0classes`;
      const stamp = (await stampOf(path)) ?? '';
      files.provide(name, stamp, async () => packVoxels(await readVolume(path, { oneHot: true })));
      return name;
    }),
  );

/** Null for a network that was not evaluated and of which there are no predictions. */
function networkLayer(open: OpenCase, network: NetworkInfo): LayerPlan | null {
  const { source, runFolder, domain, whole, item, image, classes } = open;
  const { name, title, role, color } = network;
  const evaluated = domain.networks[name];
  /** Relative to the run's folder. */
  const named = (kind: OutputKind) =>
    (whole ? [image.head.path] : item.images).map(
      (path) =>
        `${outputFolder(kind, source.domain, name)}/${predictionName({ ...image.head, path }, source.id)}`,
    );
  const isThere = (file: string) => existsSync(join(runFolder.path, file));
  const checked = (files: string[]) =>
    files.map((file) => regularInside(runFolder.path, file, largestBytes.labelMap));
  const predictions = named('predictions');
  const path = join(runFolder.path, predictions[0]);
  if (!evaluated && !isThere(predictions[0])) return null;
  const stored = named('probabilities');
  const probabilities = stored.every(isThere);
  const threshold = evaluated?.threshold;
  return {
    info: {
      name,
      title,
      role,
      color,
      path,
      probabilities,
      threshold: typeof threshold === 'number' ? threshold : null,
    },
    open: async () => {
      if (!isThere(predictions[0]))
        throw new UserError(
          `The run wrote no predictions of this network: ${path} does not exist; set "output": { "predictions": true } in the config.`,
        );
      const labels = await openBeside(open, checked(predictions));
      const likely = probabilities ? await openBeside(open, checked(stored)) : null;
      return async (plane, index, _frame, value) =>
        likely && value !== null
          ? thresholded(likely, { plane, index, threshold: value, classes: classes.length })
          : Uint8Array.from((await labels.slice(plane, index)).data);
    },
  };
}

/** Files that belong to the case's image. @throws UserError where they do not have its slices */
async function openBeside(
  { files, options, image }: OpenCase,
  paths: readonly string[],
): Promise<SlicedImage> {
  const beside = await SlicedImage.open(paths, files, options, image);
  const size = ({ slices, rows, columns }: SlicedImage['planes'][number]) =>
    `${slices} slices of ${columns} x ${rows}`;
  const plane = image.planes[0];
  const own = beside.planes.find((p) => p.name === plane.name);
  if (!own || size(own) !== size(plane))
    throw new UserError(
      `${beside.head.path} has ${own ? size(own) : 'other views'}, but the image ${image.head.path} has ${size(plane)}.`,
    );
  return beside;
}

/** 1 where a pixel of a slice counts. */
type ReadInside = (plane: PlaneName, index: number) => Promise<Uint8Array>;

/** The field of view within which a case was evaluated; null where that was all of the image. */
function fieldOfView(open: OpenCase): ReadInside | null {
  const { settings, image } = open;
  const { masks } = open.whole ?? open.item;
  const fov = settings?.fov ?? 'none';
  if (fov === 'none' || (fov === 'provided' && masks.length === 0)) return null;
  const labelFrame = settings?.labelFrame;
  const frame = open.whole || typeof labelFrame !== 'number' ? 0 : labelFrame;
  const openMasks = async () =>
    openBeside(open, open.whole ? masks : await ofFrame(masks, frame || undefined, open.files));
  let opened: Promise<SlicedImage> | null = null;
  const read: ReadInside = async (plane, index) => {
    if (fov === 'provided')
      return mapMask(await (await (opened ??= openMasks())).slice(plane, index, frame));
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

/** The most probable of the classes whose probability reaches the threshold. */
async function thresholded(
  likely: SlicedImage,
  place: { plane: PlaneName; index: number; threshold: number; classes: number },
): Promise<Uint8Array> {
  const { plane, index, threshold } = place;
  const frames = Math.min(place.classes, likely.head.frames);
  const scale = likely.head.dtype === 'uint8' && !isPlaced(likely.head) ? 1 / 255 : 1;
  let labels = new Uint8Array(0);
  let best = new Float32Array(0);
  for (let frame = 0; frame < frames; frame++) {
    const { data, rows, columns } = await likely.slice(plane, index, frame);
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
