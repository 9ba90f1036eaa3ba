import type { LayerInfo, LayerName } from '../../engine/contract/viewer';

/** A pane: a layer's labels under the layer's name, or, as `error`, what differs. */
export type PaneName = string;

/** What a case or file has beside its image. */
export interface Layered {
  layers: readonly LayerInfo[];
}

/** The panes that there can be, in their order; an error map needs a reference and something to compare with it. */
export function panesOf(image: Layered): PaneName[] {
  const names: PaneName[] = image.layers.map(({ name }) => name);
  if (names.length === 0) return ['reference'];
  return isComparable(image) ? [...names, 'error'] : names;
}

/** True where there is a reference, and something to compare with it. */
export const isComparable = (image: Layered): boolean =>
  referenceOf(image) !== null && image.layers.length > 1;

/** The layer that others are compared with: of a file, the first overlay. */
export function referenceOf({ layers }: Layered): LayerName | null {
  const [first] = layers;
  return first && (first.name === 'reference' || first.name === 'overlay 0') && !first.error
    ? first.name
    : null;
}

/** The layers that are compared with the reference. */
export const othersOf = (image: Layered): LayerInfo[] => {
  const reference = referenceOf(image);
  return image.layers.filter(({ name }) => name !== reference);
};

/** The layer whose errors are shown: the chosen one, else the first distilled student, else the last; null without a reference. */
export function judgedOf(image: Layered, chosen: LayerName | null): LayerName | null {
  if (referenceOf(image) === null) return null;
  const others = othersOf(image);
  const judged =
    others.find(({ name }) => name === chosen) ??
    others.find(({ role }) => role === 'student') ??
    others.at(-1);
  return judged?.name ?? null;
}

/** Panes that are off until someone chooses: all baselines but the first. They are fair comparisons in numbers, but panes too many at first sight. */
export const hiddenAtFirst = ({ layers }: Layered): PaneName[] =>
  layers
    .filter(({ role }) => role === 'baseline')
    .slice(1)
    .map(({ name }) => name);

export function paneTitle({ layers }: Layered, pane: PaneName): string {
  if (pane === 'error') return 'Errors';
  return layers.find(({ name }) => name === pane)?.title ?? 'Image';
}

/** `Student, distilled` -> `distilled`. */
export const short = (title: string): string => title.replace(/^Student, /, '');
