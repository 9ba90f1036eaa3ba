import * as vscode from 'vscode';

/** Asks the browser that shows the window for something; the actions are in workbench.mjs. */
async function ask(action: string, input: object): Promise<unknown> {
  const response = await fetch(process.env['MEDDISTILL_TEST_BRIDGE']!, {
    method: 'POST',
    body: JSON.stringify({ action, ...input }),
  });
  const { result, error } = (await response.json()) as { result?: unknown; error?: string };
  if (error !== undefined) throw new Error(error);
  return result;
}

/** Writes a line to the terminal. */
export const print = async (text: string): Promise<void> => {
  await ask('print', { text });
};

/** Takes a picture of the window, for people to look at. */
export const screenshot = (name: string) => ask('screenshot', { name });
export const press = (keys: string) => ask('press', { keys });
export const type = (text: string) => ask('type', { text });
export const click = (selector: string) => ask('click', { selector });
export const hover = (selector: string) => ask('hover', { selector });
/** Texts of the elements of the workbench that match. */
export const texts = (selector: string) => ask('texts', { selector }) as Promise<string[]>;
/** Addresses that the window has asked for since it was opened. */
export const requests = () => ask('requests', {}) as Promise<string[]>;
/** Runs the body of a function in the page of the webview that shows `selector`; its result must be JSON. */
export const inFrame = (selector: string, body: string) => ask('inFrame', { selector, body });

/** The messages that the window shows; under test they are in its notification centre, not beside it. */
export async function notifications(): Promise<string[]> {
  await vscode.commands.executeCommand('notifications.showList');
  return await texts('.notifications-center .notification-list-item-message');
}

/** Chooses a command in the palette, as a user does. */
export async function palette(title: string): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.showCommands');
  await type(title);
  await click(`.quick-input-list .monaco-list-row:has-text("${title}")`);
}

/** Waits until `probe` returns something, and returns it. */
export async function until<T>(
  probe: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  what: string,
  milliseconds = 30_000,
): Promise<T> {
  for (const end = Date.now() + milliseconds; ;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`Waited ${milliseconds / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A file of the workspace. */
export const workspaceFile = (path: string): vscode.Uri =>
  vscode.Uri.joinPath(vscode.workspace.workspaceFolders![0].uri, path);
