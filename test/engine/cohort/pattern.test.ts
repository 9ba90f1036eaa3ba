import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError, UserError } from '../../../engine/errors';
import { matchPattern, parsePattern } from '../../../engine/cohort/pattern';
import { naturalOrder } from '../../../engine/lists';
import { withFolder } from '../images/shared';

/** Matches of a pattern among empty files, as [file, values]. */
function matches(files: string[], pattern: string) {
  return withFolder(async (folder) => {
    for (const file of files) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), '');
    }
    const found = await matchPattern(join(folder, pattern));
    return found.map(({ path, values }) => [path.slice(folder.length + 1), values]);
  });
}

describe('matchPattern', () => {
  it('follows links to folders, and none that leads back to where it is already', async function () {
    if (process.platform === 'win32') this.skip();
    await withFolder(async (folder) => {
      const at = (...parts: string[]) => join(folder, ...parts);
      await mkdir(at('elsewhere/two'), { recursive: true });
      await mkdir(at('data/one'), { recursive: true });
      for (const file of ['data/one/a.png', 'elsewhere/two/b.png']) await writeFile(at(file), '');
      for (let n = 0; n < 8; n++) {
        await symlink(at('data'), at('data', `back${n}`));
        await symlink(at('data/one'), at('data/one', `self${n}`));
        await symlink('/', at('data/one', `root${n}`));
      }
      await symlink(at('elsewhere'), at('data/linked'));
      await symlink(at('data'), at('elsewhere/two/round'));
      const found = await matchPattern(at('data/**/{case}.png'));
      assert.deepEqual(
        found.map(({ path }) => path.slice(folder.length + 1)),
        ['data/linked/two/b.png', 'data/one/a.png'],
      );
    });
  });

  it('captures nested placeholders', async () =>
    assert.deepEqual(
      await matches(
        ['Image_01L.jpg', 'Image_01R.jpg', 'Image_x.jpg'],
        'Image_{case:{subject:\\d+}[LR]}.jpg',
      ),
      [
        ['Image_01L.jpg', { case: '01L', subject: '01' }],
        ['Image_01R.jpg', { case: '01R', subject: '01' }],
      ],
    ));

  it('leaves quantifiers and escapes of regular expressions alone', async () =>
    assert.deepEqual(
      await matches(['10_7.png', '1_7.png', '100_7.png'], '{case:\\d{2,3}}_{slice:[^_\\}]{1}}.png'),
      [
        ['10_7.png', { case: '10', slice: '7' }],
        ['100_7.png', { case: '100', slice: '7' }],
      ],
    ));

  it('takes as few characters as needed for a bare placeholder', async () =>
    assert.deepEqual(await matches(['a_b_c.png'], '{case}_{slice}.png'), [
      ['a_b_c.png', { case: 'a', slice: 'b_c' }],
    ]));

  it('demands the same text where a placeholder stands twice', async () =>
    assert.deepEqual(await matches(['p1/p1_ct.nii', 'p2/p1_ct.nii'], '{case}/{case}_ct.nii'), [
      ['p1/p1_ct.nii', { case: 'p1' }],
    ]));

  it('matches accented letters in both Unicode forms, whichever the disk and the pattern have', async () => {
    for (const onDisk of ['NFC', 'NFD'] as const)
      for (const given of ['NFC', 'NFD'] as const) {
        const [file, pattern] = ['é/ü_1.png'.normalize(onDisk), 'é/ü_{case}.png'.normalize(given)];
        assert.deepEqual(await matches([file], pattern), [[file, { case: '1' }]]);
        assert.deepEqual(await matches([file], 'é/{case}.png'.normalize(given)), [
          [file, { case: 'ü_1'.normalize('NFC') }],
        ]);
      }
  });

  it('takes odd characters of names as they are', async function () {
    if (process.platform === 'win32') this.skip();
    for (const id of [
      'a b\'s "q"',
      '-dash',
      '#%20$(id)',
      '😀',
      'back\\slash',
      'new\nline',
      'CON',
      'dot. ',
    ])
      assert.deepEqual(await matches([`i/${id}.png`], 'i/{case}.png'), [
        [`i/${id}.png`, { case: id }],
      ]);
  });

  it('globs within a folder, across folders, and takes other signs literally', async () => {
    const files = ['a/x(1).png', 'a/b/x(1).png', 'b/x(1).png', 'b/x1.png', '.hidden/x(1).png'];
    const names = async (pattern: string) =>
      (await matches(files, pattern)).map(([file]) => file as string);
    assert.deepEqual(await names('*/x(1).png'), ['a/x(1).png', 'b/x(1).png']);
    assert.deepEqual(await names('**/x(1).png'), ['a/b/x(1).png', 'a/x(1).png', 'b/x(1).png']);
    assert.deepEqual(await names('b/x?.png'), ['b/x1.png']);
  });

  it('names the nearest folder where nothing matches', () =>
    withFolder(async (folder) => {
      await assert.rejects(matchPattern(join(folder, 'sub/deep/{case}.png')), (error: Error) => {
        assert.ok(error instanceof UserError);
        assert.ok(error.message.includes(`nearest folder is ${folder},`), error.message);
        return true;
      });
    }));

  it('refuses braces that do not close, bad names and bad expressions', () => {
    for (const pattern of ['/a/{case.png', '/a/{9}.png', '/a/{case:(}.png', '/{a:x}{a:y}'])
      assert.throws(() => parsePattern(pattern), ConfigError, pattern);
  });

  it('orders numbers in names as numbers', () => {
    assert.deepEqual(['s10', 's9', 's1'].sort(naturalOrder), ['s1', 's9', 's10']);
  });
});
