import * as vscode from 'vscode';
import type { MachineEstimate } from '../engine/contract/estimate';
import type { RunRegistry } from './run-registry';
import { engineEnvironment, readSettings } from './settings';

interface KnownEstimate {
  /** The config's text and the settings that it was made with. */
  of: string;
  /** When it was made, in milliseconds as of `Date.now`. */
  at: number;
  estimate: MachineEstimate;
}

/** What runs take on this machine, of the configs that were estimated in this window. */
export class KnownEstimates {
  private readonly known = new Map<string, KnownEstimate>();
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;

  constructor(private readonly runs: Pick<RunRegistry, 'list'>) {}

  /** That of a config just as it is now; undefined where its text, the settings or what is left to train are others by now. */
  of(config: vscode.TextDocument): MachineEstimate | undefined {
    const found = this.known.get(config.uri.toString());
    return found?.of === subjectOf(config) && !this.hasRunSince(config.uri.fsPath, found.at)
      ? found.estimate
      : undefined;
  }

  /** Makes the estimate of a config as it is now, and remembers it; undefined where that was called off. */
  async make(
    config: vscode.TextDocument,
    estimate: () => Promise<MachineEstimate | undefined>,
  ): Promise<MachineEstimate | undefined> {
    const of = subjectOf(config);
    const made = await estimate();
    if (!made) return undefined;
    this.known.set(config.uri.toString(), { of, at: Date.now(), estimate: made });
    this.changed.fire();
    return made;
  }

  dispose(): void {
    this.changed.dispose();
  }

  /** Stages that a run has finished are not trained again. */
  private hasRunSince(config: string, at: number): boolean {
    return this.runs.list().some(({ record, isRunning }) => {
      if (isRunning || record?.config !== config) return false;
      return Date.parse(record.ended ?? record.since ?? record.started) > at;
    });
  }
}

const subjectOf = (config: vscode.TextDocument): string =>
  JSON.stringify([config.getText(), readSettings(config.uri), engineEnvironment()]);
