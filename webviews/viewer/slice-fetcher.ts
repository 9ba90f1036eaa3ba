import type { Host } from './host';
import { frameOf, neededLayers, planeOf, sliceOf } from './selectors';
import { Slices } from './slices';
import type { Shown } from './state';
import { failSlice, takeSlice, wait } from './transitions';
import { inTurn, whenChanged, whenOpen, type Part, type Update } from './store';

/** Fetches the slice that is to be shown, with all layers that the panes need. */
export class SliceFetcher implements Part {
  private slices: Slices | null = null;

  constructor(
    private readonly host: Host,
    private readonly update: Update,
  ) {}

  readonly render = inTurn(
    whenChanged(
      ({ shown }) => [shown],
      ([shown]) => {
        this.slices?.stop();
        this.slices = shown && this.slicesOf(shown);
      },
    ),
    whenOpen(
      (state) => [
        state.shown,
        planeOf(state).name,
        sliceOf(state),
        frameOf(state),
        state.place.threshold,
        neededLayers(state),
      ],
      ([, plane, index, frame, threshold, layers]) => {
        const slices = this.slices!;
        slices.want({ plane, index, frame, threshold }, layers);
        this.update((state) => wait(state, slices.waiting));
      },
    ),
  );

  dispose(): void {
    this.slices?.stop();
  }

  private slicesOf({ source, planes }: Shown): Slices {
    return new Slices(
      source,
      (query) => this.host.call('viewerSlice', query),
      (plane) => planes.find(({ name }) => name === plane)?.slices ?? 0,
      (slice) => this.update((state) => takeSlice(state, slice)),
      (_, text) => this.update((state) => failSlice(state, text)),
    );
  }
}
