import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import manifest from '../../package.json';

const { contributes } = manifest;
const commands = new Set(contributes.commands.map(({ command }) => command));
const views = new Set(Object.values(contributes.views).flatMap((list) => list.map(({ id }) => id)));

/** All texts in the manifest, with the way to them. */
function texts(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => texts(part, `${path}/${key}`));
}

const sources = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));

describe('the manifest', () => {
  it('names each command once, with a title and the category', () => {
    assert.equal(commands.size, contributes.commands.length);
    for (const { command, title, category } of contributes.commands) {
      assert.match(command, /^meddistill\./);
      assert.ok(title.length > 0);
      assert.equal(category, 'MedDistill');
    }
  });

  it('puts nothing into menus, keys or links but commands that there are', () => {
    for (const [menu, items] of Object.entries(contributes.menus))
      for (const { command } of items) assert.ok(commands.has(command), `${menu}: ${command}`);
    const keys = (contributes as { keybindings?: { command: string }[] }).keybindings ?? [];
    for (const { command } of keys) assert.ok(commands.has(command), command);
    for (const [path, text] of texts(contributes))
      for (const [, command] of text.matchAll(/(?:command:|onCommand:)(meddistill\.[\w.]+)/g))
        assert.ok(commands.has(command), `${path}: ${command}`);
  });

  it('speaks of views that there are', () => {
    for (const { view } of contributes.viewsWelcome) assert.ok(views.has(view), view);
    for (const [path, text] of texts(contributes.menus))
      for (const [, view] of text.matchAll(/view == (meddistill\.\w+)/g))
        assert.ok(views.has(view), `${path}: ${view}`);
  });

  it('has an answer for every empty view', () => {
    for (const view of views)
      assert.ok(
        contributes.viewsWelcome.some((welcome) => welcome.view === view),
        view,
      );
  });

  it('names files that there are', () => {
    const files = [
      manifest.icon,
      ...contributes.jsonValidation.map(({ url }) => url),
      ...texts(contributes).flatMap(([, text]) =>
        /^(\.\/)?media\/[\w/.-]+$/.test(text) ? [text] : [],
      ),
    ];
    assert.ok(files.length > 10);
    for (const file of files) assert.ok(existsSync(file), file);
  });

  it('starts with what it is for, never with everything', () => {
    assert.ok(!manifest.activationEvents.some((event) => event === '*' || /onStartup/.test(event)));
    const code = sources('extension').join('\n');
    for (const event of manifest.activationEvents) {
      const [, panel] = /^onWebviewPanel:(.+)$/.exec(event) ?? [];
      if (panel) assert.ok(code.includes(`'${panel}'`), `no panel ${panel}`);
    }
    for (const [, panel] of code.matchAll(/registerWebviewPanelSerializer\(\s*'([^']+)'/g))
      assert.ok(manifest.activationEvents.includes(`onWebviewPanel:${panel}`), panel);
  });

  it('restricts every setting that leads to a program or a folder', () => {
    const settings = Object.keys(contributes.configuration.properties);
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    for (const name of restrictedConfigurations) assert.ok(settings.includes(name), name);
    for (const name of ['meddistill.runsFolder', 'meddistill.variables'])
      assert.ok(restrictedConfigurations.includes(name), name);
  });

  it('describes every setting, and the code reads each', () => {
    const code = sources('extension').join('\n');
    for (const [name, setting] of Object.entries(contributes.configuration.properties)) {
      assert.ok(
        'markdownDescription' in setting || 'description' in setting,
        `${name} has no description`,
      );
      const key = name.split('.').at(-1)!;
      assert.ok(code.includes(`'${key}'`) || code.includes(`'${name}'`), `${name} is read`);
    }
  });

  it('gives colours for every kind of theme', () => {
    for (const { id, defaults } of contributes.colors)
      assert.deepEqual(
        Object.keys(defaults).sort(),
        ['dark', 'highContrast', 'highContrastLight', 'light'],
        id,
      );
  });

  it('tells what works without trust and why virtual workspaces do not', () => {
    const { untrustedWorkspaces, virtualWorkspaces } = manifest.capabilities;
    assert.equal(untrustedWorkspaces.supported, 'limited');
    assert.ok(untrustedWorkspaces.description);
    assert.equal(virtualWorkspaces.supported, false);
    assert.ok(virtualWorkspaces.description);
  });
});
