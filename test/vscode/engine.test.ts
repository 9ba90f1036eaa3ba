import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Api } from '../../extension/extension';
import { configText } from '../../extension/config/scan';
import { notifications, until, workspaceFile } from './bridge';

describe("the engine's server", function () {
  this.timeout(60_000);
  let api: Api;
  let document: vscode.TextDocument;

  before(async () => {
    api = await vscode.extensions.getExtension<Api>('meddistill.meddistill')!.activate();
    document = await vscode.workspace.openTextDocument(workspaceFile('tiny.distill.jsonc'));
  });
  afterEach(() => vscode.commands.executeCommand('notifications.clearAll'));

  const summarize = () => api.services.engine.request('summarize', configText(document));

  it('is started again after a crash, which is shown once', async () => {
    const { config } = await summarize();
    assert.deepEqual(config?.classes, ['liver']);
    const { pid } = api.services.engine;
    process.kill(pid!, 'SIGKILL');
    await until(() => api.services.engine.pid === undefined, 'its end');
    assert.deepEqual((await summarize()).config?.classes, ['liver']);
    assert.notEqual(api.services.engine.pid, pid);
    const shown = await until(async () => {
      const found = (await notifications()).filter((text) => text.includes('stopped unexpectedly'));
      return found.length > 0 && found;
    }, 'the message');
    assert.equal(shown.length, 1);
    assert.match(shown[0], /SIGKILL/);
  });

  it('can be restarted by hand, without a word', async () => {
    await summarize();
    const { pid } = api.services.engine;
    await vscode.commands.executeCommand('meddistill.restartEngine');
    await summarize();
    assert.notEqual(api.services.engine.pid, pid);
    assert.deepEqual(
      (await notifications()).filter((text) => text.includes('unexpectedly')),
      [],
    );
  });
});
