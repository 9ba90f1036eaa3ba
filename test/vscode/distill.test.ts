import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'jsonc-parser';
import * as vscode from 'vscode';
import type { Api } from '../../extension/extension';
import type { RunModel } from '../../extension/run-model';
import { notifications, palette, screenshot, texts, until, workspaceFile } from './bridge';

describe('Distill Student', function () {
  this.timeout(240_000);
  let api: Api;

  afterEach(() => vscode.commands.executeCommand('notifications.clearAll'));

  before(async () => {
    api = await vscode.extensions.getExtension<Api>('meddistill.meddistill')!.activate();
  });

  const runOf = (name: string): Promise<RunModel> =>
    until(() => api.services.runs.list().find((run) => run.name.startsWith(name)), `a run ${name}`);

  it('runs a tiny config from the palette to its end', async () => {
    await vscode.window.showTextDocument(workspaceFile('palette.distill.jsonc'));
    await palette('MedDistill: Distill Student');
    const run = await runOf('palette-');
    await until(() => run.progress.stage === 'warmup', 'the second stage', 120_000);
    const [progress] = await notifications();
    assert.match(
      progress,
      /Student warm-up: \d+ of 10|Semantic/,
      'the notification tells the step',
    );
    await screenshot('distill-running');
    const status = (await texts('.statusbar-item')).join(' ');
    assert.match(status, /%/, 'the status bar tells how far it is');
    await until(() => run.state === 'finished', 'the end of the run', 200_000);
    for (const file of ['report.json', 'student.onnx', 'metrics.jsonl', 'config.distill.jsonc'])
      assert.ok(existsSync(join(run.folder, file)), `${file} is there`);
    const device = process.env['MEDDISTILL_TEST_DEVICE'];
    if (device) assert.equal(run.record?.device?.name, device);
    const message = await until(
      async () => (await notifications()).find((text) => text.includes('is finished')),
      'the closing message',
    );
    assert.match(message, /Dice on mr .* \(warm-up .*, teacher .*\)/);
    await screenshot('distill-finished');
  });

  it('evaluates a finished run again, and shows the table', async () => {
    const run = await runOf('palette-');
    await vscode.commands.executeCommand('meddistill.evaluate', run.folder);
    const { document } = vscode.window.activeTextEditor!;
    assert.equal(document.languageId, 'markdown');
    assert.match(document.getText(), /\| Student, distilled +\|/);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  it('tries a trained teacher, from the line above its config', async () => {
    const run = await runOf('palette-');
    const tiny = parse(readFileSync(workspaceFile('tiny.distill.jsonc').fsPath, 'utf8')) as object;
    const config = workspaceFile('taught.distill.jsonc');
    const taught = {
      ...tiny,
      teacher: { network: 'onnx', file: join(run.folder, 'student.onnx'), activation: 'none' },
      methods: [{ method: 'kd', targets: 'precomputed' }],
    };
    writeFileSync(config.fsPath, JSON.stringify(taught, null, 2));
    try {
      await vscode.window.showTextDocument(config);
      const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
        'vscode.executeCodeLensProvider',
        config,
      );
      const lens = lenses.find(({ command }) => command?.title.includes('Try Teacher'))!;
      await screenshot('try-teacher-lens');
      await vscode.commands.executeCommand(
        lens.command!.command,
        ...(lens.command!.arguments as unknown[]),
      );
      const { document } = vscode.window.activeTextEditor!;
      assert.match(document.getText(), /^# Teacher of taught\n/);
      assert.match(document.getText(), /\| Teacher +\| 0\.\d{3}.*\| [\d,]+ +\|\n/);
      await screenshot('try-teacher');
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    } finally {
      rmSync(config.fsPath);
    }
  });

  it('ends within 2 seconds when it is stopped, and goes on when it is resumed', async () => {
    const result = await vscode.commands.executeCommand<{ folder: string }>(
      'meddistill.distill',
      workspaceFile('long.distill.jsonc'),
    );
    const run = api.services.runs.get(result.folder)!;
    await until(() => run.progress.step > 10, 'some steps', 60_000);
    const pid = run.pid!;
    const began = Date.now();
    await vscode.commands.executeCommand('meddistill.stop', run.folder);
    assert.ok(Date.now() - began < 2000, `it took ${Date.now() - began} ms`);
    assert.throws(() => process.kill(pid, 0), 'the process is gone');
    await until(() => run.canResume, 'a run that can be resumed');
    const stoppedAt = run.progress.step;
    await until(
      async () => (await notifications()).some((text) => text.includes('can be resumed')),
      'the message that it was stopped',
    );

    await vscode.commands.executeCommand('meddistill.resume', run.folder);
    await until(() => run.pid !== pid && run.progress.step > stoppedAt, 'further steps', 60_000);
    const events = readFileSync(join(run.folder, 'metrics.jsonl'), 'utf8');
    assert.match(events, /"state":"resumed"/);

    // What dies says why, and the window goes on.
    process.kill(run.pid!, 'SIGKILL');
    await until(() => run.state === 'interrupted', 'the end of the process');
    await until(
      async () =>
        (await notifications()).some((text) => /stopped unexpectedly: .*SIGKILL/.test(text)),
      'the message that it died',
    );
    await screenshot('distill-died');
    assert.ok(run.canResume);
  });

  it('says what is wrong with a config instead of running it', async () => {
    await vscode.window.showTextDocument(workspaceFile('broken.distill.jsonc'));
    const before = api.services.runs.list().length;
    const command = vscode.commands.executeCommand(
      'meddistill.distill',
      workspaceFile('broken.distill.jsonc'),
    );
    await until(
      async () => (await notifications()).some((text) => text.includes('cannot be run')),
      'the message',
    );
    await screenshot('distill-broken');
    await vscode.commands.executeCommand('notifications.clearAll');
    await command;
    assert.equal(api.services.runs.list().length, before);
  });
});
