import type {
  ImageSlice,
  LabelSlice,
  LayerName,
  PlaneName,
  SliceQuery,
  SliceResult,
  ViewerSource,
} from '../../engine/contract/viewer';

/** Where a slice is, and what is wanted of it beside the image. */
export interface SlicePlace {
  plane: PlaneName;
  index: number;
  frame: number;
  threshold: number | null;
}

/** What is there of a slice. */
export interface LoadedSlice {
  place: SlicePlace;
  image: ImageSlice | { error: string };
  layers: Partial<Record<LayerName, LabelSlice>>;
}

type Fetch = (query: SliceQuery) => Promise<SliceResult>;

/**
 * The slices of one source, fetched when they are wanted: one at a time, the latest wish first, then the neighbours ahead. The last ones
 * are kept up to `limit` bytes.
 */
export class Slices {
  private readonly held = new Map<string, LoadedSlice>();
  private wanted: { place: SlicePlace; layers: LayerName[] } | null = null;
  private ahead: SlicePlace[] = [];
  private busy = false;
  private stopped = false;

  constructor(
    private readonly source: ViewerSource,
    private readonly fetch: Fetch,
    /** Slices of each plane, so that none beyond the end is fetched. */
    private readonly count: (plane: PlaneName) => number,
    private readonly onSlice: (slice: LoadedSlice) => void,
    /** The slice could not be fetched at all. */
    private readonly onError: (place: SlicePlace, message: string) => void,
    private readonly limit = 96 * 2 ** 20,
  ) {}

  /** Asks for a slice; `onSlice` follows at once where it is held. Wishes that were not begun are dropped. */
  want(place: SlicePlace, layers: LayerName[]): void {
    const before = this.wanted?.place;
    this.wanted = { place, layers };
    const step = before && before.plane === place.plane && before.index > place.index ? -1 : 1;
    this.ahead = [step, 2 * step, -step]
      .map((by) => ({ ...place, index: place.index + by }))
      .filter(({ plane, index }) => index >= 0 && index < this.count(plane));
    const held = this.complete(place, layers);
    if (held) this.onSlice(held);
    void this.work();
  }

  /** Nothing is told any more. */
  stop(): void {
    this.stopped = true;
    this.held.clear();
  }

  /** True while what was asked for last is on its way. */
  get waiting(): boolean {
    return this.wanted !== null && !this.complete(this.wanted.place, this.wanted.layers);
  }

  private complete(place: SlicePlace, layers: readonly LayerName[]): LoadedSlice | null {
    const held = this.held.get(key(place));
    return held && layers.every((name) => held.layers[name]) ? held : null;
  }

  private async work(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      for (;;) {
        const { wanted } = this;
        if (this.stopped || !wanted) return;
        const place = this.complete(wanted.place, wanted.layers)
          ? this.ahead.find((next) => !this.complete(next, wanted.layers))
          : wanted.place;
        if (!place) return;
        await this.load(place, wanted.layers);
      }
    } finally {
      this.busy = false;
    }
  }

  private async load(place: SlicePlace, layers: readonly LayerName[]): Promise<void> {
    const held = this.held.get(key(place));
    const missing = layers.filter((name) => !held?.layers[name]);
    // Samples of the image do not depend on the threshold.
    const image = held?.image ?? this.held.get(key({ ...place, threshold: null }))?.image;
    try {
      const result = await this.fetch({
        source: this.source,
        ...place,
        image: !image,
        layers: missing,
      });
      if (this.stopped) return;
      const loaded: LoadedSlice = {
        place,
        image: image ?? result.image!,
        layers: { ...held?.layers, ...result.layers },
      };
      this.keep(loaded);
      const { wanted } = this;
      if (wanted && key(wanted.place) === key(place) && this.complete(place, wanted.layers))
        this.onSlice(loaded);
    } catch (error) {
      if (this.stopped) return;
      const isWanted = this.wanted && key(this.wanted.place) === key(place);
      if (isWanted) {
        this.wanted = null;
        this.onError(place, error instanceof Error ? error.message : String(error));
      }
      // A neighbour that fails is asked for again when it is wanted.
      this.ahead = this.ahead.filter((next) => key(next) !== key(place));
    }
  }

  private keep(slice: LoadedSlice): void {
    this.held.delete(key(slice.place));
    this.held.set(key(slice.place), slice);
    let bytes = 0;
    for (const held of this.held.values()) bytes += bytesOf(held);
    for (const [name, held] of this.held) {
      if (bytes <= this.limit || this.held.size <= 1) return;
      this.held.delete(name);
      bytes -= bytesOf(held);
    }
  }
}

const key = ({ plane, index, frame, threshold }: SlicePlace): string =>
  `${plane} ${index} ${frame} ${threshold ?? ''}`;

function bytesOf({ image, layers }: LoadedSlice): number {
  let bytes = 'data' in image ? image.data.byteLength : 0;
  for (const layer of Object.values(layers))
    if (layer && 'labels' in layer) bytes += layer.labels.length;
  return bytes;
}
