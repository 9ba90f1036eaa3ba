import { errorText, type Host } from './host';
import { isComparable } from './layers';
import { frameOf } from './selectors';
import type { Shown, State } from './state';
import { beginCount, failCount, takeScores } from './transitions';
import { whenOpen, type Part, type Update } from './store';

/** Until the slider of thresholds is taken to rest, in ms: counting reads all of the files. */
const restAfter = 400;

/** Has the Dice of all slices counted. */
export class DiceCounter implements Part {
  private of: Shown | null = null;
  /** Counts countings, so that an answer that comes late is dropped. */
  private counting = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly host: Host,
    private readonly update: Update,
  ) {}

  readonly render = whenOpen(
    (state) => [state.shown, state.place.threshold, frameOf(state)],
    ([shown, threshold, frame]) => {
      clearTimeout(this.timer);
      const count = () => void this.count(shown, threshold, frame);
      if (shown === this.of) this.timer = setTimeout(count, restAfter);
      else count();
      this.of = shown;
    },
  );

  dispose(): void {
    clearTimeout(this.timer);
    this.counting++;
  }

  private async count(of: Shown, threshold: number | null, frame: number): Promise<void> {
    const counting = ++this.counting;
    if (!isComparable(of)) return;
    this.update(beginCount);
    const answer = await this.host.call('viewerDice', { source: of.source, frame, threshold }).then(
      (dice) => (state: State) => takeScores(state, { of, dice, threshold }),
      (error: unknown) => (state: State) => failCount(state, of, errorText(error)),
    );
    if (counting === this.counting) this.update(answer);
  }
}
