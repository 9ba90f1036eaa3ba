import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { withFolder } from './engine/images/shared';

const root = resolve(__dirname, '..');

interface Notices {
  notices: (folders: readonly string[]) => string;
  packagesOf: (files: readonly string[]) => string[];
  packagesIn: (folder: string, from: string) => string[];
}
interface Runtime {
  copyRuntime: (target: string, dist: string) => void;
  thisTarget: string;
}
const scriptNamed = <T>(name: string) => import(join(root, 'scripts', `${name}.mjs`)) as Promise<T>;

/** Writes a package with these files into a folder. */
async function writePackage(folder: string, about: object, files: Record<string, string>) {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify(about));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

describe('the notices of a VSIX', () => {
  it('name every package that the bundles took a file from, and those that are shipped, with their texts', () =>
    withFolder(async (folder) => {
      const { notices, packagesOf, packagesIn } = await scriptNamed<Notices>('notices');
      const list = join(folder, 'inputs.json');
      const build = ['esbuild.mjs', '--production', '--out', folder, '--inputs', list];
      execFileSync(process.execPath, build, { cwd: root, stdio: 'pipe' });
      const { copyRuntime, thisTarget } = await scriptNamed<Runtime>('runtime');
      copyRuntime(thisTarget, folder);
      const inputs = JSON.parse(await readFile(list, 'utf8')) as string[];
      const shipped = packagesIn(join(folder, 'node_modules'), 'node_modules');
      const text = notices([...packagesOf(inputs), ...shipped]);

      // Found apart from the script: the package whose manifest lies nearest above a file.
      const expected = new Set(shipped.map((path) => path.replace(/^.*node_modules\//, '')));
      for (const file of inputs) {
        const parts = file.split('/');
        const at = parts.lastIndexOf('node_modules');
        if (at < 0) continue;
        expected.add(parts.slice(at + 1, at + (parts[at + 1].startsWith('@') ? 3 : 2)).join('/'));
      }
      assert.ok(expected.size > 20, `${expected.size} packages`);
      for (const name of [
        'onnxruntime-node',
        'onnxruntime-web',
        'dcmjs-codecs',
        '@vscode/codicons',
      ])
        assert.ok(expected.has(name), name);
      const named = text.split('\n');
      for (const name of expected) {
        const about = JSON.parse(
          await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8'),
        ) as { version: string; license: string };
        assert.ok(named.includes(`${name} ${about.version} (${about.license})`), name);
      }
      assert.match(text, /\nCopyright \(c\) Microsoft Corporation\n/);
    })).timeout(60_000);

  it('have a text of several packages once, and are refused for a package without one, or under another licence', () =>
    withFolder(async (folder) => {
      const { notices } = await scriptNamed<Notices>('notices');
      const at = (name: string) => join(folder, 'node_modules', name);
      const about = (name: string, license?: string) => ({ name, version: '1.0.0', license });
      await writePackage(at('a'), about('a', 'MIT'), { LICENSE: 'the text\r\n' });
      await writePackage(at('b'), about('b', '(GPL-3.0 OR MIT)'), { 'LICENCE.md': 'the text' });
      await writePackage(at('bare'), about('bare', 'MIT'), { 'README.md': 'MIT' });
      await writePackage(at('gpl'), about('gpl', 'GPL-3.0'), { LICENSE: 'text' });
      await writePackage(at('both'), about('both', 'MIT AND GPL-3.0'), { LICENSE: 'text' });
      await writePackage(at('none'), about('none'), { LICENSE: 'text' });
      const text = notices([at('b'), at('a')]);
      assert.match(text, /\n\na 1\.0\.0 \(MIT\)\nb 1\.0\.0 \(\(GPL-3\.0 OR MIT\)\)\n\nthe text\n$/);
      assert.throws(() => notices([at('bare')]), /^Error: bare 1\.0\.0 brings no text/);
      for (const name of ['gpl', 'both', 'none'])
        assert.throws(() => notices([at(name)]), /is under ".*", which is none of/, name);
    }));
});
