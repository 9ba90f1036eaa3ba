import { keepState } from '../shared/vscode-api';
import type { Host } from './host';
import { inTurn, whenChanged, type Part } from './store';

/** Has the page's state kept for when it is loaded again, and the settings remembered for the next time. */
export class Memory implements Part {
  /** True from the second time on: what was restored is remembered already. */
  private changed = false;

  constructor(private readonly host: Host) {}

  readonly render = inTurn(
    whenChanged(
      ({ settings, source, place }) => [settings, source, place],
      ([settings, source, place]) => keepState({ version: 1, settings, source, place }),
    ),
    whenChanged(
      // The extension remembers what was opened last: that counts also where no setting is another.
      ({ settings, shown }) => [settings, shown],
      ([settings]) => {
        if (this.changed) this.host.say({ type: 'remember', settings });
        this.changed = true;
      },
    ),
  );
}
