import type { ImageSlice, LabelSlice, SliceQuery, SliceResult } from '../contract/viewer';
import { UserError } from '../errors';
import type { Scene } from './scene';
import type { SliceSamples } from './sliced-image';

/** One slice of the image and of the layers asked for; what is wrong with one of them is said in its place. */
export async function readSlice(scene: Scene, query: SliceQuery): Promise<SliceResult> {
  const { plane, index, frame, threshold } = query;
  const result: SliceResult = { image: null, layers: {} };
  if (query.image)
    result.image = await orSentence(async () =>
      imageSlice(await scene.image.slice(plane, index, frame)),
    );
  for (const name of query.layers) {
    const layer = scene.layers.get(name);
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
function imageSlice({ data, channels, rows, columns }: SliceSamples): ImageSlice {
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
