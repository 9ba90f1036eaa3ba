import { basename } from 'node:path';
import { UserError } from '../errors';
import { isPlaced } from './catalogue';
import { checkDimensions } from './limits';
import { naturalOrder } from '../lists';
import type { Volume } from './volume';

/** Pictures of one size and kind, in the order given, as one volume: the n-th is the slice k = n. */
export async function readStack(
  folder: string,
  files: readonly string[],
  read: (file: string) => Promise<Volume>,
): Promise<Volume> {
  const head = await read(files[0]);
  const [columns, rows] = head.shape;
  const { channels } = head;
  checkDimensions(folder, [columns, rows, files.length, channels]);
  const pixels = columns * rows;
  const data = new (head.data.constructor as new (length: number) => Volume['data'])(
    files.length * pixels * channels,
  );
  const marks = head.marks && new Uint16Array(files.length * pixels);
  const warnings: string[] = [];
  for (const [k, file] of files.entries()) {
    const picture = k === 0 ? head : await read(file);
    if (picture.shape[2] !== 1)
      throw new UserError(
        `${file} has ${picture.shape[2]} pages, but a file of a folder of pictures is one slice; move it to a place of its own, or choose a page by "frame".`,
      );
    if (picture.shape.join() !== head.shape.join() || picture.channels !== channels)
      throw new UserError(
        `${folder}: its pictures differ, ${head.path} being ${columns} x ${rows} with ${channels} channels and ${file} ${picture.shape[0]} x ${picture.shape[1]} with ${picture.channels}.`,
      );
    if (picture.dtype !== head.dtype)
      throw new UserError(
        `${folder}: its pictures differ, the samples of ${head.path} being ${head.dtype} and those of ${file} ${picture.dtype}.`,
      );
    if ((picture.marks === undefined) !== (head.marks === undefined))
      throw new UserError(
        `${folder}: its pictures differ, one of ${head.path} and ${file} being told by a palette or by its alpha channel and the other one not.`,
      );
    for (let c = 0; c < channels; c++)
      data.set(
        picture.data.subarray(c * pixels, (c + 1) * pixels),
        (c * files.length + k) * pixels,
      );
    marks?.set(picture.marks!, k * pixels);
    picture.warnings?.forEach((sentence) => warnings.push(sentence));
  }
  return {
    ...head,
    path: folder,
    shape: [columns, rows, files.length],
    data,
    ...(marks && { marks }),
    ...(warnings.length > 0 && { warnings }),
    slices: files.map((path) => ({ path, instance: null })),
  };
}

const stem = (path: string) => basename(path).replace(/\.[^.]*$/, '');

/**
 * A stack of pictures in the order of the slices of the image that it belongs to. Pictures named as the series' files are
 * its twins; else the n-th picture belongs to the n-th instance of the series, or, where instances have no numbers of
 * their own, to its n-th file. An image that is no series keeps the pictures' order.
 * @throws UserError where their numbers differ
 */
export function stackLike(image: Volume, stack: Volume): Volume {
  const { slices } = image;
  const pictures = stack.slices;
  if (!slices || !pictures || isPlaced(stack)) return stack;
  if (slices.length !== pictures.length)
    throw new UserError(
      `${stack.path} holds ${pictures.length} pictures, but ${image.path} has ${slices.length} slices; there must be one for each.`,
    );
  const order = orderOf(image, slices, pictures);
  const [columns, rows, count] = stack.shape;
  const pixels = columns * rows;
  const data = stack.data.slice();
  for (let c = 0; c < stack.channels; c++)
    order.forEach((from, k) => {
      const at = (c * count + from) * pixels;
      data.set(stack.data.subarray(at, at + pixels), (c * count + k) * pixels);
    });
  const marks = stack.marks?.slice();
  order.forEach((from, k) => {
    marks?.set(stack.marks!.subarray(from * pixels, (from + 1) * pixels), k * pixels);
  });
  return {
    ...stack,
    data,
    ...(marks && { marks }),
    slices: order.map((from) => pictures[from]),
  };
}

type Slices = NonNullable<Volume['slices']>;

/** For each slice of the image, which picture is its own. */
function orderOf(image: Volume, slices: Slices, pictures: Slices): number[] {
  const byStem = new Map(pictures.map(({ path }, n) => [stem(path), n]));
  const twins = slices.map(({ path }) => byStem.get(stem(path)));
  if (new Set(twins).size === slices.length && !twins.includes(undefined)) return twins as number[];
  const numbered =
    new Set(slices.map(({ instance }) => instance)).size === slices.length &&
    slices.every(({ instance }) => instance !== null);
  const places = slices.map((_, k) => k);
  const inOrder = numbered
    ? places.sort((a, b) => slices[a].instance! - slices[b].instance!)
    : isPlaced(image)
      ? places.sort((a, b) => naturalOrder(slices[a].path, slices[b].path))
      : places;
  const order = new Array<number>(slices.length);
  inOrder.forEach((place, rank) => (order[place] = rank));
  return order;
}
