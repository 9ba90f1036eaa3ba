import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from '../../../engine/errors';
import { casesOf, scanCohort } from '../../../engine/cohort/cohort';
import { evenly } from '../../../engine/lists';
import type { DistillConfig, DomainConfig } from '../../../engine/config/config';
import { tinyConfig } from '../preparation/tiny-config';
import { withFolder } from '../images/shared';

type Domains = Record<string, Partial<DomainConfig>>;

/** Scans empty files; patterns are relative to their folder. */
async function scan(files: string[], domains: Domains, seed = 1) {
  return withFolder(async (folder) => {
    for (const file of files) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), '');
    }
    const config: DistillConfig = tinyConfig(folder, domains);
    config.training.seed = seed;
    const cohort = await scanCohort(config);
    const relative = (path: string) => path.slice(folder.length + 1);
    for (const item of Object.values(cohort.domains).flat()) {
      item.images = item.images.map(relative);
      item.labels = item.labels.map(relative);
      item.masks = item.masks.map(relative);
    }
    return cohort;
  });
}

const numbers = (n: number) => Array.from({ length: n }, (_, index) => String(index + 1));
const volumes = (n: number) => numbers(n).flatMap((id) => [`i/${id}.nii`, `l/${id}.nii`]);
const refuses = (files: string[], domains: Domains, ...reasons: RegExp[]) =>
  assert.rejects(scan(files, domains), (error: Error) => {
    assert.ok(error instanceof ConfigError, String(error.stack));
    for (const reason of reasons) assert.match(error.message, reason);
    return true;
  });
const source: Partial<DomainConfig> = { role: 'source' };

describe('scanCohort', () => {
  it('pairs images, labels and masks by the placeholders that they share', async () => {
    const cohort = await scan(
      [
        'i/1_a_training.tif',
        'l/1_manual.gif',
        'm/1_a.png',
        'i/2_b_training.tif',
        'l/2_manual.gif',
        'm/2_b.png',
      ],
      {
        s: {
          ...source,
          images: 'i/{case:\\d+}_{eye}_training.tif',
          labels: 'l/{case}_manual.gif',
          masks: 'm/{case}_{eye}.png',
        },
      },
    );
    assert.deepEqual(
      cohort.domains.s.map(({ id, images, labels, masks }) => [id, images, labels, masks]),
      [
        ['1', ['i/1_a_training.tif'], ['l/1_manual.gif'], ['m/1_a.png']],
        ['2', ['i/2_b_training.tif'], ['l/2_manual.gif'], ['m/2_b.png']],
      ],
    );
  });

  it('pairs accented names in both Unicode forms, and takes two forms of one name for the same', async () => {
    const [c, d] = ['é', 'ü'].map((id) => [id.normalize('NFC'), id.normalize('NFD')]);
    const files = [`i/${c[1]}.nii`, `l/${c[0]}.nii`, `i/${d[0]}.nii`, `l/${d[1]}.nii`];
    const split = { train: [c[1]], validation: [d[0]], test: [] };
    const { domains } = await scan(files, { s: { ...source, split } });
    assert.deepEqual(
      domains['s'].map(({ id, images, labels }) => [id, ...images, ...labels]),
      [
        [c[0], files[0], files[1]],
        [d[0], files[2], files[3]],
      ],
    );
    await refuses(
      [...files, `i/${c[0]}.nii`],
      { s: { ...source, split } },
      /the same image is matched twice/,
    );
  });

  it('gathers the slices of a case in the order of their numbers, evenly thinned out', async () => {
    const files = ['1', '2'].flatMap((id) =>
      ['1', '2', '9', '10', '11', '20'].flatMap((s) => [`i/${id}_${s}.png`, `l/${id}_${s}.png`]),
    );
    const patterns = { images: 'i/{case}_{slice}.png', labels: 'l/{case}_{slice}.png' };
    const all = await scan(files, { s: { ...source, ...patterns } });
    assert.deepEqual(
      all.domains.s[0].images,
      ['1', '2', '9', '10', '11', '20'].map((s) => `i/1_${s}.png`),
    );
    const few = await scan(files, { s: { ...source, ...patterns, maxSlices: 3 } });
    assert.deepEqual(
      few.domains.s[0].labels,
      ['2', '10', '20'].map((s) => `l/1_${s}.png`),
    );
  });

  it('splits by seed and never splits a subject apart', async () => {
    const files = numbers(10).flatMap((id) =>
      ['L', 'R'].flatMap((eye) => [`i/${id}${eye}.png`, `l/${id}${eye}.png`]),
    );
    const domains = {
      s: { ...source, images: 'i/{case:{subject:\\d+}[LR]}.png', labels: 'l/{case}.png' },
    };
    const splits = async (seed: number) =>
      (await scan(files, domains, seed)).domains.s.map(({ subject, split }) => [subject, split]);
    const first = await splits(1);
    assert.deepEqual(await splits(1), first);
    assert.notDeepEqual(await splits(2), first);
    const bySubject = new Map(first.map(([subject, split]) => [subject, split]));
    for (const [subject, split] of first) assert.equal(bySubject.get(subject), split);
    const counts = ['train', 'validation', 'test'].map(
      (split) => [...bySubject.values()].filter((value) => value === split).length,
    );
    assert.deepEqual(counts, [6, 2, 2]);
  });

  it('keeps all cases of a target for the test', async () => {
    const cohort = await scan([...volumes(4), 'x/1.nii', 'y/1.nii'], {
      s: source,
      t: { role: 'target', images: 'x/{case}.nii', labels: 'y/{case}.nii' },
    });
    assert.equal(casesOf(cohort, 't', 'test').length, 1);
  });

  it('takes at most maxCases, evenly spread', async () => {
    const cohort = await scan(volumes(9), { s: { ...source, maxCases: 3 } });
    assert.deepEqual(
      cohort.domains.s.map(({ id }) => id),
      ['2', '5', '8'],
    );
    assert.deepEqual(evenly([1, 2, 3], 5), [1, 2, 3]);
  });

  it('follows explicit lists and leaves the others out', async () => {
    const split = { train: ['1', '2'], validation: ['3'], test: [] };
    const cohort = await scan(volumes(4), { s: { ...source, split } });
    assert.deepEqual(
      cohort.domains.s.map((item) => [item.id, item.split]),
      [
        ['1', 'train'],
        ['2', 'train'],
        ['3', 'validation'],
      ],
    );
  });

  describe('refuses', () => {
    it('a pattern that matches nothing', () =>
      refuses([], { s: source }, /domains\.s\.images/, /No file matches/, /nearest folder/));
    it('a pattern without {case}', () =>
      refuses(volumes(3), { s: { ...source, images: 'i/*.nii' } }, /no \{case\}/));
    it('images without labels', () =>
      refuses(
        [...volumes(3), 'i/7.nii', 'i/8.nii'],
        { s: source },
        /2 of 5 images have no label/,
        /7\.nii/,
      ));
    it('labels without images', () =>
      refuses([...volumes(3), 'l/9.nii'], { s: source }, /1 of 4 labels have no image/, /9\.nii/));
    it('images without masks', () =>
      refuses(
        [...volumes(3), 'm/1.nii'],
        { s: { ...source, masks: 'm/{case}.nii' } },
        /2 of 3 images have no mask/,
      ));
    it('masks asked for and not named', () =>
      refuses(volumes(3), { s: { ...source, fov: 'provided' } }, /masks names no files/));
    it('an image matched twice in a domain', () =>
      refuses(
        [...volumes(3), 'i/b/1.nii'],
        { s: { ...source, images: 'i/**/{case:\\d+}.nii' } },
        /matched twice/,
      ));
    it('an image matched by two domains', () =>
      refuses(
        volumes(3),
        { s: source, t: { role: 'target' } },
        /matched twice, by the domains s and t/,
      ));
    it('two labels for one image', () =>
      refuses(
        [...volumes(3), 'l/b/1.nii'],
        { s: { ...source, labels: 'l/**/{case:\\d+}.nii' } },
        /belong to the same image/,
      ));
    it('splits that overlap', () =>
      refuses(
        volumes(3),
        { s: { ...source, split: { train: ['1', '2'], validation: ['2'], test: [] } } },
        /splits overlap/,
        /case 2 is in both train and validation/,
      ));
    it('a case named twice in one list', () =>
      refuses(
        volumes(3),
        { s: { ...source, split: { train: ['1', '1'], validation: ['2'], test: [] } } },
        /twice/,
      ));
    it('a split with an unknown case', () =>
      refuses(
        volumes(3),
        { s: { ...source, split: { train: ['1', 'x'], validation: ['2'], test: [] } } },
        /case x, which is not among/,
      ));
    it('lists that split a subject apart', () =>
      refuses(
        ['1L', '1R', '2L'].flatMap((id) => [`i/${id}.nii`, `l/${id}.nii`]),
        {
          s: {
            ...source,
            images: 'i/{case:{subject:\\d}.}.nii',
            split: { train: ['1L'], validation: ['1R'], test: ['2L'] },
          },
        },
        /one subject, 1/,
      ));
    it('a config without a source', () =>
      refuses(volumes(3), { t: { role: 'target' } }, /role "source"/));
    it('a source with too few cases to train and validate', () =>
      refuses(volumes(1), { s: source }, /no case is left for training/));
  });
});
