import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Api } from '../../extension/extension';
import type { Report } from '../../engine/contract/report';
import { encodePng } from '../../engine/images/png';
import { makeRun } from '../engine/viewer/run-fixture';
import { hostileName, hostileTexts, intruder, makeHostileRun } from '../hostile-run';
import {
  hover,
  inFrame,
  notifications,
  press,
  requests,
  screenshot,
  texts,
  until,
  workspaceFile,
} from './bridge';

/** What a folder can be called that was sent, and shows in every list. */
const folderName = `run [free space](command:meddistill.showLog) $(flame) ![x](https:${intruder}) <b>`;

describe('the run of somebody with bad intentions in the editor', function () {
  this.timeout(240_000);
  let api: Api;
  const outside = workspaceFile('outside').fsPath;
  const folders = ['finished', 'failed'].map(
    (name) => workspaceFile(`sent/${name} ${folderName}`).fsPath,
  );
  const [finished, failed] = folders;

  before(async () => {
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret.json'), '{}');
    writeFileSync(join(outside, 'secret.png'), encodePng(new Uint8Array(16), 4, 4));
    makeHostileRun(finished, outside, { state: 'finished' });
    makeHostileRun(failed, outside);
    api = await vscode.extensions.getExtension<Api>('meddistill.meddistill')!.activate();
    await vscode.commands.executeCommand('meddistill.refreshRuns');
  });
  afterEach(async () => {
    await vscode.commands.executeCommand('notifications.clearAll');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });
  // Nothing of it was asked for, whatever was shown.
  afterEach(async () =>
    assert.deepEqual(
      (await requests()).filter((address) => address.includes(intruder)),
      [],
    ),
  );

  /** Within these elements of the workbench there are no links, pictures, icons or headings. */
  const assertTextOf = async (selector: string) => {
    for (const alien of [
      'a[href]',
      // The thumbnails of domains are our own.
      'img:not([src^="data:image/png"])',
      'h1',
      'ol',
      'hr',
      'code',
      'em',
      'table',
      '.codicon-flame',
    ])
      assert.deepEqual(await texts(`${selector} ${alien}`), [], `${selector} ${alien}`);
  };
  /** A list that is drawn anew forgets where the mouse is: it comes again, until the tooltip is there. */
  const tooltipOf = (selector: string, text: string) =>
    until(async () => {
      await hover('.part.titlebar');
      await hover(selector);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return (await texts('.monaco-hover .hover-contents')).join().includes(text);
    }, 'the tooltip');
  const rows = '.pane-body .monaco-list-row';
  const row = (text: string) => `${rows}:has-text("${text}")`;

  it('is text in the view of runs and in its tooltips', async () => {
    await vscode.commands.executeCommand('meddistill.runs.focus');
    await until(async () => (await texts(row('failed'))).length > 0, 'the runs');
    await assertTextOf(rows);
    assert.ok((await texts(rows)).every((text) => text.length < 1000 && !text.includes('\x1b')));
    for (const run of ['failed run', 'finished run']) {
      await tooltipOf(row(run), run);
      await assertTextOf('.monaco-hover .hover-contents');
      assert.match((await texts('.monaco-hover')).join(), /\[free space\]\(command:/);
    }
    await screenshot('hostile-runs');
  });

  it('is text in lists', async () => {
    const picking = vscode.commands.executeCommand('meddistill.revealRun');
    await until(
      async () => (await texts('.quick-input-list .monaco-list-row')).join().includes('flame'),
      'the list',
    );
    await assertTextOf('.quick-input-list');
    await screenshot('hostile-list');
    await press('Escape');
    await picking;
  });

  it('is text in messages, and ends no process', async () => {
    const record = () => JSON.parse(readFileSync(join(failed, 'run.json'), 'utf8')) as object;
    // By its command it could be a run's.
    const foreign = spawn('sh', ['-c', 'sleep 100', 'cli.js', 'run']);
    const write = (part: object) =>
      writeFileSync(join(failed, 'run.json'), JSON.stringify({ ...record(), ...part }));
    write({ state: 'running', pid: foreign.pid, since: new Date().toISOString() });
    try {
      const run = api.services.runs.get(failed)!;
      await until(() => {
        api.services.runs.touch(run);
        return run.isRunning;
      }, 'a run that goes on');
      const status = await until(
        async () => (await texts('.statusbar-item')).find((text) => text.includes('Evaluation')),
        'the status bar',
      );
      assert.ok(status.length < 200);
      await vscode.commands.executeCommand('meddistill.stop', failed);
      await until(
        async () => (await notifications()).join().includes('is not known to be its own'),
        'the refusal to end it',
      );
      assert.equal(foreign.exitCode, null);
      assert.equal(foreign.signalCode, null);
      process.kill(foreign.pid!, 0);
      await assertTextOf('.notification-list-item-message');
      write({
        state: 'failed',
        pid: undefined,
        error: `${hostileTexts['a command']} ${hostileName}`,
      });
      const message = await until(
        async () => (await notifications()).find((text) => text.includes('failed:')),
        'how it ended',
      );
      assert.match(message, /\[free space\] \(command:/);
      await assertTextOf('.notification-list-item-message');
      await screenshot('hostile-message');
    } finally {
      foreign.kill('SIGKILL');
    }
  });

  it('is text in the view of domains and in hovers of its config', async () => {
    const text = readFileSync(workspaceFile('tiny.distill.jsonc').fsPath, 'utf8');
    const name = JSON.stringify(
      `liver ${hostileTexts['picture']} ${hostileTexts['link']} $(flame)`,
    );
    const file = workspaceFile('sent/sent.distill.jsonc');
    writeFileSync(
      file.fsPath,
      text.replace('["liver"]', `[${name}]`).replace(/"(ct|mr)\/(images|labels)/g, '"../$1/$2'),
    );
    const document = await vscode.workspace.openTextDocument(file);
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('meddistill.domains.focus');
    await until(async () => (await texts(row('12 cases'))).length > 0, 'the domains');
    const at = document.positionAt(document.getText().indexOf('"ct"') + 2);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      file,
      at,
    );
    for (const { contents } of hovers)
      for (const part of contents as vscode.MarkdownString[])
        assert.ok(!part.isTrusted && !part.supportHtml);
    await tooltipOf(row('12 cases'), 'liver !');
    await assertTextOf('.monaco-hover .hover-contents');
    await screenshot('hostile-domains');
  });

  /** In the page of a webview nothing of the run is more than text. */
  const assertPage = async (page: string) => {
    const found = (await inFrame(
      page,
      `const all = [...document.querySelectorAll('*')].flatMap((e) => [e, ...(e.shadowRoot?.querySelectorAll('*') ?? [])]);
       const address = (e) => ['src', 'href', 'data', 'action', 'srcset', 'style'].map((n) => e.getAttribute?.(n) ?? '').join(' ');
       return {
         text: document.body.innerText.length,
         alien: all
           .filter((e) => address(e).includes('${intruder}') || (e.localName === 'script' && e.textContent.includes('${intruder}')) || e.localName === 'iframe')
           .map((e) => e.outerHTML.slice(0, 200)),
         handlers: all.filter((e) => e.getAttributeNames?.().some((n) => n.startsWith('on'))).length,
         bold: document.querySelectorAll('b, i > b, a[href^="http"], a[href^="command"]').length,
       };`,
    )) as { text: number; alien: string[]; handlers: number; bold: number };
    assert.deepEqual(found.alien, []);
    assert.equal(found.handlers, 0);
    assert.equal(found.bold, 0);
    assert.ok(found.text > 100);
  };

  it('is text in the dashboard', async () => {
    await vscode.commands.executeCommand('meddistill.openDashboard', finished);
    const shows = (expression: string, what: string) =>
      until(() => inFrame('.overview', `return ${expression};`).catch(() => false), what, 60_000);
    await shows(`!!document.querySelector('.legend button')`, 'the charts');
    await assertPage('.overview');
    for (const [tab, ready] of [
      [1, `!!document.querySelector('canvas.heatmap').width`],
      [2, `document.querySelector('.results').innerText.includes('${intruder}')`],
    ] as const) {
      await inFrame('.overview', `document.querySelectorAll('vscode-tab-header')[${tab}].click()`);
      await shows(ready, `tab ${tab}`);
      await assertPage('.overview');
    }
    await screenshot('hostile-dashboard');
    await vscode.commands.executeCommand('meddistill.compareRuns', finished, [finished, failed]);
    await shows(
      `document.querySelector('.comparison').innerText.includes('Differences of the configs')`,
      'the comparison',
    );
    await assertPage('.overview');
  });

  it('is text in the viewer', async () => {
    const folder = workspaceFile('sent/viewed').fsPath;
    const { run } = await makeRun(folder);
    const report = JSON.parse(readFileSync(join(run, 'report.json'), 'utf8')) as Report;
    const { files } = report.domains['ct'];
    for (const [kind, text] of Object.entries(hostileTexts))
      files[`${kind} ${text}`] = files['ct1'];
    report.domains[hostileName] = report.domains['fundus'];
    const all = JSON.stringify(report).replaceAll(
      '"lesion"',
      JSON.stringify(`lesion ${hostileName}`),
    );
    writeFileSync(join(run, 'report.json'), all);
    const show = (id: string) =>
      vscode.commands.executeCommand('meddistill.comparePredictions', {
        folder: run,
        domain: 'ct',
        id,
      });
    await show('ct1');
    const shows = (title: string) =>
      until(
        () =>
          inFrame(
            '.viewer',
            `return document.querySelector('.status').innerText.includes(${JSON.stringify(title)}) && !document.querySelector('.loading');`,
          ).catch(() => false),
        `the viewer of ${title}`,
        60_000,
      );
    await shows('ct / ct1');
    await assertPage('.viewer');
    await screenshot('hostile-viewer');
    await show(`a script ${hostileTexts['a script']}`);
    await shows('a script');
    await assertPage('.viewer');
  });
});
