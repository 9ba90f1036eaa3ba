/** The parts of cornerstone-core that are used, and images as it wants them. */
import cornerstone from 'cornerstone-core';
import type { ImageSlice } from '../../engine/contract/viewer';

export { cornerstone };

/** A slice with the values behind its pixels. */
export type CornerstoneImage = cornerstone.Image;

let made = 0;

/** A slice as an image of cornerstone, with pixels of the given size in mm. Samples that are no integers are drawn in 65535 steps. */
export function cornerstoneImage(
  slice: ImageSlice,
  spacing: readonly [row: number, column: number],
): CornerstoneImage {
  const { rows, columns, channels } = slice;
  const shared = {
    imageId: `slice:${++made}`,
    rows,
    columns,
    height: rows,
    width: columns,
    rowPixelSpacing: spacing[0],
    columnPixelSpacing: spacing[1],
    invert: false,
    sizeInBytes: slice.data.byteLength,
  };
  if (channels === 3) {
    const pixels = colorPixels(slice);
    return {
      ...shared,
      color: true,
      rgba: true,
      minPixelValue: 0,
      maxPixelValue: 255,
      slope: 1,
      intercept: 0,
      windowWidth: 255,
      windowCenter: 127.5,
      getPixelData: () => pixels,
    } as unknown as CornerstoneImage;
  }
  const { pixels, slope, intercept } = integerPixels(slice);
  let [low, high] = [Infinity, -Infinity];
  for (let n = 0; n < pixels.length; n++) {
    if (pixels[n] < low) low = pixels[n];
    if (pixels[n] > high) high = pixels[n];
  }
  return {
    ...shared,
    color: false,
    rgba: false,
    minPixelValue: low,
    maxPixelValue: high,
    slope,
    intercept,
    windowWidth: 1,
    windowCenter: 0,
    getPixelData: () => pixels,
  } as unknown as CornerstoneImage;
}

function colorPixels({ data, rows, columns }: ImageSlice): Uint8Array {
  const pixels = rows * columns;
  const rgba = new Uint8Array(4 * pixels);
  for (let n = 0; n < pixels; n++) {
    rgba[4 * n] = data[n];
    rgba[4 * n + 1] = data[pixels + n];
    rgba[4 * n + 2] = data[2 * pixels + n];
    rgba[4 * n + 3] = 255;
  }
  return rgba;
}

function integerPixels({ data }: ImageSlice) {
  if (!(data instanceof Float32Array)) return { pixels: data, slope: 1, intercept: 0 };
  let [low, high] = [Infinity, -Infinity];
  for (let n = 0; n < data.length; n++) {
    if (data[n] < low && data[n] > -Infinity) low = data[n];
    if (data[n] > high && data[n] < Infinity) high = data[n];
  }
  if (!(high > low))
    [low, high] = [Number.isFinite(low) ? low : 0, (Number.isFinite(low) ? low : 0) + 1];
  const slope = (high - low) / 65535;
  const pixels = new Uint16Array(data.length);
  // What is not finite is drawn as the nearest finite value, not a number as the least.
  for (let n = 0; n < data.length; n++)
    pixels[n] = Math.max(0, Math.min(65535, Math.round((data[n] - low) / slope))) || 0;
  return { pixels, slope, intercept: low };
}
