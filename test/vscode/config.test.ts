import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { press, screenshot, texts, until, workspaceFile } from './bridge';

describe('a config in the editor', function () {
  this.timeout(120_000);
  let document: vscode.TextDocument;

  const open = async (name: string) => {
    document = await vscode.workspace.openTextDocument(workspaceFile(name));
    await vscode.window.showTextDocument(document);
  };
  const problems = (pattern: RegExp) =>
    until(
      () =>
        vscode.languages.getDiagnostics(document.uri).find(({ message }) => pattern.test(message)),
      `a problem ${pattern}`,
    );
  /** The place behind the first `text`. */
  const behind = (text: string, back = 0) =>
    document.positionAt(document.getText().indexOf(text) + text.length - back);
  const complete = async (position: vscode.Position) => {
    const list = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      document.uri,
      position,
    );
    return list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
  };
  const replace = async (from: string, to: string) => {
    assert.ok(document.getText().includes(from), from);
    const edit = new vscode.WorkspaceEdit();
    const start = document.positionAt(document.getText().indexOf(from));
    edit.replace(document.uri, new vscode.Range(start, behind(from)), to);
    assert.ok(await vscode.workspace.applyEdit(edit));
  };
  const fix = async (diagnostic: vscode.Diagnostic, title: RegExp) => {
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      document.uri,
      diagnostic.range,
    );
    const action = actions.find((a) => title.test(a.title));
    assert.ok(action, `${title} is among ${actions.map((a) => a.title).join('; ')}`);
    assert.ok(await vscode.workspace.applyEdit(action.edit!));
  };
  afterEach(async () => {
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('workbench.action.files.revert');
    assert.ok(!document.isDirty);
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });

  it('is completed by its schema, and from the folders and files that there are', async () => {
    await open('tiny.distill.jsonc');
    await until(
      async () => (await complete(behind('"role": "'))).includes('"target"'),
      'the roles',
    );
    const folders = await complete(behind('"images": "ct/'));
    assert.ok(folders.includes('images/') && folders.includes('labels/'), folders.join());
    const files = await complete(behind('"images": "ct/images/'));
    assert.ok(files.includes('{case}.nii.gz') && files.includes('ct01.nii.gz'), files.join());
  });

  it('offers the label values that occur, and the cases for its splits', async () => {
    await open('tiny.distill.jsonc');
    await replace(
      '"maxCases": 2',
      '"values": { "liver":  }, "split": { "train": ["mr01"], "validation": [""], "test": [] }',
    );
    await until(async () => (await complete(behind('"liver": '))).includes('1'), 'the values');
    await until(async () => (await complete(behind('"validation": ["'))).includes('mr02'), 'cases');
    assert.ok(!(await complete(behind('"validation": ["'))).includes('mr01'), 'each case once');
  });

  it('shows what is wrong with its files, and mends it', async () => {
    await open('tiny.distill.jsonc');
    await replace('ct/images/', 'ct/image/');
    const missing = await problems(/No file matches .*ct\/image\/.*nearest folder is .*\/ct,/);
    assert.equal(document.getText(missing.range), '"ct/image/{case}.nii.gz"');
    await screenshot('config-problem');
    await fix(missing, /"image" by "images"/);
    assert.ok(document.getText().includes('ct/images/'));

    await replace('"maxCases": 2', '"values": { "liver": 7 }');
    await fix(await problems(/7 never occurs.*these values occur: 0, 1/), /Let 1 mean liver/);
    assert.ok(document.getText().includes('"liver": 1'));

    await replace('"size": 32', '"size": 40');
    await fix(await problems(/40 is not a multiple of 32/), /Set the size to 64/);
    assert.ok(document.getText().includes('"size": 64'));

    await replace('"source"', '"target"');
    await fix(await problems(/no domain has the role "source"/), /Make ct a source/);
    await until(
      () => vscode.languages.getDiagnostics(document.uri).length === 0,
      'a config without problems',
    );
  });

  it('offers the allowed values for one that is not', async () => {
    await open('broken.distill.jsonc');
    await fix(await problems(/Valid values/), /Use "(target|unet)"/);
  });

  it('tells a domain in numbers and shows it with its label', async () => {
    await open('tiny.distill.jsonc');
    const hover = await until(async () => {
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
        'vscode.executeHoverProvider',
        document.uri,
        behind('"ct"', 2),
      );
      const text = hovers
        .flatMap(({ contents }) => contents)
        .map((content) => (typeof content === 'string' ? content : content.value))
        .find((content) => content.includes('12 cases'));
      return text;
    }, 'the hover');
    assert.match(hover, /64 x 64 x 10/);
    assert.match(hover, /liver: [\d.]+% of all pixels, in 12 of 12 cases/);
    assert.match(hover, /data:image\/png;base64,iVBOR/);
    vscode.window.activeTextEditor!.selection = new vscode.Selection(
      behind('"ct"', 2),
      behind('"ct"', 2),
    );
    await vscode.commands.executeCommand('editor.action.showHover');
    await until(async () => (await texts('.monaco-hover')).join().includes('12 cases'), 'its page');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await screenshot('config-hover');
    await press('Escape');
  });

  it('has its actions above it, and its patterns lead to files', async () => {
    await open('tiny.distill.jsonc');
    const lenses = await until(async () => {
      const found = await vscode.commands.executeCommand<vscode.CodeLens[]>(
        'vscode.executeCodeLensProvider',
        document.uri,
      );
      return found.length > 0 && found;
    }, 'code lenses');
    assert.equal(lenses[0].command?.command, 'meddistill.distill');
    const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>(
      'vscode.executeLinkProvider',
      document.uri,
      10,
    );
    assert.ok(
      links.some(({ target }) => target?.fsPath.endsWith('ct/images/ct01.nii.gz')),
      links.map(({ target }) => String(target)).join(),
    );
  });
});
