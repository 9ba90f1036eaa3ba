import { basename, dirname } from 'node:path';
import type { LayerInfo, LayerName, PlaneName, ViewerSource } from '../contract/viewer';
import { UserError } from '../errors';
import { groupedWarnings } from '../preparation/grouped-warnings';
import { luminance } from '../preparation/intensity';
import { isPlaced } from '../images/catalogue';
import { cornersApart, shareOfVoxel } from '../images/grid';
import type { Volume } from '../images/volume';
import { countAlong, walksOf } from '../images/walks';
import { readOverlayContent } from './label-values';
import { checkResampled, ResampledLabels } from './resampled-labels';
import { imageInfo, type Layer, type Scene, type Signal } from './scene';
import { SlicedImage, type SlicedImageOptions } from './sliced-image';
import type { OpenFiles, Voxels } from './voxels';
import { windowsOf } from './windows';

/** A file states all that is known of it. */
const asStated: SlicedImageOptions = { axis: 'axial', orientation: null, spacing: null };

/**
 * Opens a file with label files laid over it. @throws UserError where the image cannot be shown; what is wrong with an
 * overlay is said in its info
 */
export async function openFileScene(
  source: Extract<ViewerSource, { kind: 'file' }>,
  open: OpenFiles,
  signal: Signal,
): Promise<Scene> {
  const image = await SlicedImage.open([source.path], open, asStated);
  const layers = new Map<LayerName, Layer>();
  // Label values get one numbering over all overlays, so that one colour means one value.
  const found = new Map<LayerName, number[]>();
  const titles = overlayTitles(source.overlays);
  const noticed = [...(image.head.warnings ?? [])];
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
      noticed.push(...(voxels.warnings ?? []));
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
  const named = { id: source.path, images: [source.path], labels: source.overlays, masks: [] };
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
      warnings: groupedWarnings([{ prepared: { case: named }, warnings: noticed }]),
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
  image: SlicedImage,
  voxels: Voxels,
  open: OpenFiles,
): Promise<{ read: ReadSamples; note: string | null }> {
  const sameKind = isPlaced(image.head) === isPlaced(voxels);
  const sameGrid =
    sameKind &&
    (isPlaced(voxels)
      ? sharesGrid(image.head, voxels)
      : image.head.shape.join() === voxels.shape.join());
  if (sameGrid) {
    const overlay = await SlicedImage.open([voxels.path], open, asStated);
    return {
      read: async (plane, index, frame) => {
        const { data, channels, marks } = await overlay.slice(plane, index, frame);
        return marks ?? (channels === 1 ? data : luminance(data).map(Math.round));
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

/** True where both grids have their voxels at the same places, to a tenth of a voxel, whatever the order of their axes. */
function sharesGrid(one: Voxels, other: Voxels): boolean {
  const [walks, otherWalks] = [walksOf(one.affine, 'axial'), walksOf(other.affine, 'axial')];
  return (
    countAlong(one.shape, walks).join() === countAlong(other.shape, otherWalks).join() &&
    cornersApart([one, walks], [other, otherWalks]) <= shareOfVoxel(one, 0.1)
  );
}

/** Place of each sample, rounded, among `values`, counted from 1; 0 for any other. */
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
    out[n] =
      n > 0 && samples[n] === samples[n - 1]
        ? out[n - 1]
        : (places.get(Math.round(samples[n])) ?? 0);
  return out;
}
