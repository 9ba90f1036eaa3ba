import * as vscode from 'vscode';
import { estimateText } from '../../engine/presentation/estimate-table';
import { configSelector } from '../config-file';
import type { Services } from '../services';
import { Outline } from './outline';

/** The actions above a config: distill, what that takes, and, once it has been run, what can be done with its latest run. */
export function registerLenses(
  context: vscode.ExtensionContext,
  { runs, estimates }: Services,
): void {
  const changed = new vscode.EventEmitter<void>();
  let shown = '';
  context.subscriptions.push(
    changed,
    estimates.onDidChange(() => changed.fire()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('meddistill')) changed.fire();
    }),
    runs.onDidChange(() => {
      const state = runs
        .list()
        .map((run) => `${run.folder} ${run.state}`)
        .join();
      if (state !== shown) changed.fire();
      shown = state;
    }),
    vscode.languages.registerCodeLensProvider(configSelector, {
      onDidChangeCodeLenses: changed.event,
      provideCodeLenses(document) {
        const top = new vscode.Range(0, 0, 0, 0);
        const lens = (title: string, command: string, argument: unknown, tooltip?: string) =>
          new vscode.CodeLens(top, {
            title,
            tooltip,
            command: `meddistill.${command}`,
            arguments: [argument],
          });
        const own = runs.list().filter((run) => run.record?.config === document.uri.fsPath);
        const finished = own.find((run) => run.state === 'finished');
        const stopped = own.find((run) => run.canResume);
        const estimate = estimates.of(document);
        return [
          lens('$(play) Distill Student', 'distill', document.uri),
          estimate
            ? lens(
                `$(watch) About ${estimateText(estimate)} on this machine`,
                'estimateCost',
                document.uri,
                'Show what each stage takes, and make the run fit into a time',
              )
            : lens(
                '$(watch) Estimate Cost',
                'estimateCost',
                document.uri,
                'Time a few steps of each stage, and say what a run takes on this machine',
              ),
          ...(hasTrainedTeacher(document)
            ? [lens('$(mortar-board) Try Teacher', 'tryTeacher', document.uri)]
            : []),
          ...(stopped && stopped === own[0]
            ? [lens('$(debug-continue) Resume', 'resume', stopped.folder)]
            : []),
          ...(finished ? [lens('$(beaker) Evaluate', 'evaluate', finished.folder)] : []),
          ...(own.length > 0
            ? [lens('$(graph-line) Open Dashboard', 'openDashboard', own[0].folder)]
            : []),
          ...(finished
            ? [lens('$(layout) Compare Predictions', 'comparePredictions', finished.folder)]
            : []),
        ];
      },
    }),
  );
}

/** True where the teacher is given as a file. */
const hasTrainedTeacher = (document: vscode.TextDocument): boolean =>
  new Outline(document.getText()).patterns().some(({ path }) => path[0] === 'teacher');
