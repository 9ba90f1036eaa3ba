/**
 * All that the editor shows beside views: messages, progress and lists of choices. What they say may hold names of others, from a run's
 * folder or a config; here, and nowhere else, these lose what the editor would take for more than text.
 */
import * as vscode from 'vscode';
import { oneLine, withoutIcons, withoutLinks } from '../engine/presentation/plain-text';

/** As much as a message shows. */
const longest = 1000;

/** Shows a message; resolves with the choice that was made of those offered. */
export const inform = (message: string, ...choices: string[]) =>
  vscode.window.showInformationMessage(withoutLinks(message, longest), ...choices);
export const warn = (message: string, ...choices: string[]) =>
  vscode.window.showWarningMessage(withoutLinks(message, longest), ...choices);
export const complain = (message: string, ...choices: string[]) =>
  vscode.window.showErrorMessage(withoutLinks(message, longest), ...choices);

/** Asks before something is done; resolves with true if it is to be. `detail`: a line below the question. */
export async function confirm(question: string, choice: string, detail = ''): Promise<boolean> {
  const options = { modal: true, detail: withoutLinks(detail, longest) };
  return (
    (await vscode.window.showWarningMessage(withoutLinks(question, longest), options, choice)) ===
    choice
  );
}

export interface ShownProgress {
  /** `increment`: in percent. */
  report(step: { message?: string; increment?: number }): void;
}

/** Shows a notification for as long as `work` takes. */
export const withProgress = <T>(
  title: string,
  options: { cancellable: boolean },
  work: (progress: ShownProgress, token: vscode.CancellationToken) => Promise<T>,
): Thenable<T> =>
  vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: withoutLinks(title, longest),
      ...options,
    },
    (progress, token) =>
      work(
        {
          report: ({ message, increment }) =>
            progress.report({
              increment,
              message: message === undefined ? undefined : withoutLinks(message, longest),
            }),
        },
        token,
      ),
  );

/** A line of a list. */
export interface Choice {
  /** Name of an icon before the label. */
  icon?: string;
  label: string;
  description?: string;
  detail?: string;
  picked?: boolean;
}

const asItem = <T extends Choice>(choice: T): vscode.QuickPickItem & { choice: T } => {
  const { icon, label, description, detail, picked } = choice;
  return {
    label: (icon === undefined ? '' : `$(${icon}) `) + withoutIcons(label),
    description: description && withoutIcons(description),
    detail: detail && withoutIcons(detail),
    picked,
    choice,
  };
};

type PickOptions = Pick<vscode.QuickPickOptions, 'matchOnDescription' | 'matchOnDetail'> & {
  placeHolder: string;
};

/** The one of a list that is picked; undefined where none is. */
export async function pick<T extends Choice>(
  choices: readonly T[],
  { placeHolder, ...options }: PickOptions,
): Promise<T | undefined> {
  const items = choices.map(asItem<T>);
  const shown = { ...options, placeHolder: oneLine(placeHolder) };
  return (await vscode.window.showQuickPick(items, shown))?.choice;
}

/** Those of a list that are picked; undefined where the picking is given up. */
export async function pickSeveral<T extends Choice>(
  choices: readonly T[],
  { placeHolder, ...options }: PickOptions,
): Promise<T[] | undefined> {
  const items = choices.map(asItem<T>);
  const shown = { ...options, placeHolder: oneLine(placeHolder), canPickMany: true as const };
  return (await vscode.window.showQuickPick(items, shown))?.map(({ choice }) => choice);
}
