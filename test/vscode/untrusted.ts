import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Api } from '../../extension/extension';
import { notifications, screenshot, until, workspaceFile } from './bridge';

describe('a workspace that is not trusted', function () {
  this.timeout(60_000);
  let api: Api;

  before(async () => {
    assert.equal(vscode.workspace.isTrusted, false);
    api = await vscode.extensions.getExtension<Api>('meddistill.meddistill')!.activate();
  });

  it('can be looked at', async () => {
    const document = await vscode.workspace.openTextDocument(workspaceFile('tiny.distill.jsonc'));
    await vscode.window.showTextDocument(document);
    await until(async () => {
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
        'vscode.executeHoverProvider',
        document.uri,
        document.positionAt(document.getText().indexOf('"ct"') + 2),
      );
      return hovers
        .flatMap(({ contents }) => contents)
        .some((content) => typeof content === 'object' && content.value.includes('12 cases'));
    }, 'the hover');
  });

  it('runs nothing, and says why', async () => {
    for (const command of ['distill', 'estimateCost', 'newConfig', 'createSample'])
      assert.equal(
        await vscode.commands.executeCommand(
          `meddistill.${command}`,
          workspaceFile('tiny.distill.jsonc'),
        ),
        undefined,
      );
    await until(
      async () => (await notifications()).some((text) => text.includes('runs nothing')),
      'the message',
    );
    await screenshot('untrusted');
    assert.deepEqual(api.services.runs.list(), []);
  });

  it('does not take folders and variables from the settings of the workspace', async () => {
    const settings = vscode.workspace.getConfiguration('meddistill');
    await settings.update('runsFolder', '/elsewhere', vscode.ConfigurationTarget.Workspace);
    assert.equal(vscode.workspace.getConfiguration('meddistill').get('runsFolder'), '');
  });
});
