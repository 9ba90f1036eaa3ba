import type { DomainConfig } from '../config/config';
import type { Window } from '../contract/viewer';
import type { SlicedImage } from './sliced-image';

/** Windows of a CT in Hounsfield units, from their usual width and level. */
const ctWindows: readonly Window[] = (
  [
    ['Abdomen', 400, 40],
    ['Liver', 150, 90],
    ['Lung', 1500, -600],
    ['Bone', 1800, 400],
    ['Mediastinum', 350, 50],
    ['Brain', 80, 40],
  ] as const
).map(([name, width, level]) => ({ name, low: level - width / 2, high: level + width / 2 }));

/**
 * The windows to choose from: that of the networks' input where there is one, the image's own percentiles and range (of a few
 * slices), and the usual ones where it looks like a CT. Colour pictures have their 8 bits alone.
 */
export async function windowsOf(
  image: SlicedImage,
  intensity: DomainConfig['intensity'] | null,
): Promise<Window[]> {
  const { head } = image;
  if (head.channels > 1) return [{ name: 'Full range', low: 0, high: 255 }];
  const sorted = await sampleIntensities(image);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const windows: Window[] = [];
  const add = (name: string, low: number, high: number) =>
    windows.push({ name, low, high: high > low ? high : low + 1 });
  if (intensity && 'window' in intensity) add('Network input', ...intensity.window);
  const ct = at(0) <= -500 && at(0) >= -4096 && at(1) > 100;
  if (ct) windows.push(...ctWindows);
  if (head.dtype === 'uint8') add('Full range', 0, 255);
  add('1% to 99%', at(0.01), at(0.99));
  add('5% to 95%', at(0.05), at(0.95));
  if (head.dtype !== 'uint8') add('Full range', at(0), at(1));
  return windows;
}

/** Finite samples of a few slices in ascending order; slices before the middle, since a gzipped file is inflated from its start. */
async function sampleIntensities(image: SlicedImage): Promise<Float32Array> {
  const [plane] = image.planes.filter((p) => p.walks.slice.axis === 2).concat(image.planes);
  const chosen = new Set([0.25, 0.4, 0.5].map((share) => Math.floor(share * (plane.slices - 1))));
  const parts: number[] = [];
  for (const index of chosen) {
    const at = plane.walks.slice.reversed ? plane.slices - 1 - index : index;
    const { data } = await image.slice(plane.name, at);
    const stride = Math.max(1, Math.floor(data.length / 20000));
    for (let n = 0; n < data.length; n += stride) if (Number.isFinite(data[n])) parts.push(data[n]);
  }
  return Float32Array.from(parts).sort();
}
