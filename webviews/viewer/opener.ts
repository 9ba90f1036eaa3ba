import type { ViewerSource } from '../../engine/contract/viewer';
import { errorText, type Host } from './host';
import type { State } from './state';
import { fail, open } from './transitions';
import { whenChanged, type Part, type Update } from './store';

/** Opens what is asked for. An answer that comes after something else was asked for is dropped. */
export class Opener implements Part {
  private asked: ViewerSource | null = null;

  constructor(
    private readonly host: Host,
    private readonly update: Update,
  ) {}

  readonly render = whenChanged(
    ({ asked }) => [asked],
    ([asked]) => {
      this.asked = asked;
      if (asked) void this.open(asked);
    },
  );

  dispose(): void {
    this.asked = null;
  }

  private async open(source: ViewerSource): Promise<void> {
    const answer = await this.host.call('viewerOpen', { source }).then(
      (found) => (state: State) => open(state, source, found),
      (error: unknown) => (state: State) => fail(state, errorText(error)),
    );
    if (this.asked === source) this.update(answer);
  }
}
