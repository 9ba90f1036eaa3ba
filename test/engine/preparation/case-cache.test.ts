import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DistillConfig } from '../../../engine/config/config';
import { CaseCache } from '../../../engine/preparation/case-cache';
import { scanCohort } from '../../../engine/cohort/cohort';
import { affineOf } from '../../../engine/images/orientation';
import { prepareCase } from '../../../engine/preparation/prepare';
import type { PreparedResult } from '../../../engine/preparation/prepared-case';
import { drawBatch, sliceOf } from '../../../engine/batches/sampler';
import { writeVolume } from '../../../engine/images/write-volume';
import { writeWhole } from '../../../engine/files';
import { Random } from '../../../engine/random';
import { prepareCohort } from './prepare-cohort';
import { tinyConfig } from './tiny-config';
import { withFolder } from '../images/shared';

/** Volumes of 8 x 8 x 4 in i and l, and a config whose cache holds so many bytes. */
async function cohortIn(folder: string, cases: number, bytes = 1e9): Promise<DistillConfig> {
  const random = new Random('cohort');
  for (let n = 1; n <= cases; n++) {
    const image = Float32Array.from({ length: 256 }, () => random.uniform(0, 100));
    const label = Uint8Array.from(image, (value) => (value > 50 ? 1 : 0));
    const grid = { shape: [8, 8, 4] as const, affine: affineOf()! };
    await writeVolume(join(folder, 'i', `${n}.nii`), { ...grid, data: image });
    await writeVolume(join(folder, 'l', `${n}.nii`), { ...grid, data: label });
  }
  const config = tinyConfig(folder, { s: {} }, { size: [12, 12] });
  return { ...config, cache: { folder: join(folder, 'cache'), gigabytes: bytes / 1e9 } };
}

const uncached = (config: DistillConfig): DistillConfig => ({
  ...config,
  cache: { ...config.cache, gigabytes: 0 },
});

const entries = async ({ cache }: DistillConfig) =>
  (await readdir(cache.folder)).filter((name) => name.endsWith('.case')).sort();

const casesOf = async (config: DistillConfig) => (await scanCohort(config)).domains.s;

/** As if the process that holds the entries had ended. */
const letGo = ({ cache }: DistillConfig) =>
  rm(join(cache.folder, 'in-use'), { recursive: true, force: true });

/** Another process's cache of the same folder: this one keeps one for each limit. */
const reopened = (config: DistillConfig, more: number): DistillConfig => ({
  ...config,
  cache: { ...config.cache, gigabytes: config.cache.gigabytes + more * 1e-12 },
});

describe('the cache of prepared cases', () => {
  it('gives what preparing gives, slice by slice and as a whole', () =>
    withFolder(async (folder) => {
      for (const fit of ['resize', 'patch'] as const) {
        const made = await cohortIn(folder, 3);
        const config = { ...made, input: { ...made.input, fit } };
        const [item] = await casesOf(config);
        const plain = await prepareCase(uncached(config), item);
        for (const result of [await prepareCase(config, item), await prepareCase(config, item)]) {
          assert.deepEqual(result.prepared.image, plain.prepared.image);
          assert.deepEqual(result.prepared.label, plain.prepared.label);
          assert.deepEqual(result.prepared.fov, plain.prepared.fov);
          assert.deepEqual(result.native.label, plain.native.label);
          assert.deepEqual(result.native.spacing, plain.native.spacing);
          assert.deepEqual(result.geometry, plain.geometry);
          assert.deepEqual(result.occurring, plain.occurring);
          assert.ok(result.prepared.slice);
          for (let slice = 0; slice < 4; slice++)
            assert.deepEqual(sliceOf(result.prepared, slice), sliceOf(plain.prepared, slice));
        }
      }
    }));

  it('draws the same batches', () =>
    withFolder(async (folder) => {
      const config = await cohortIn(folder, 5);
      const cohort = await scanCohort(config);
      const batchOf = async (of: DistillConfig) => {
        const { s } = await prepareCohort(of, cohort);
        const spec = { size: [12, 12] as [number, number], fit: 'resize' as const, batchSize: 8 };
        const cases = s.map(({ prepared }) => prepared);
        return drawBatch(cases, { ...spec, augmentation: null }, new Random('batch'));
      };
      assert.deepEqual(await batchOf(config), await batchOf(uncached(config)));
    }));

  it('prepares a case once, and again where a file or the config has changed', () =>
    withFolder(async (folder) => {
      const config = await cohortIn(folder, 3);
      const [item] = await casesOf(config);
      let prepared = 0;
      const get = async (of: DistillConfig = config): Promise<PreparedResult> =>
        (await CaseCache.of(of))!.get(of, item, () => {
          prepared++;
          return prepareCase(uncached(of), item);
        });
      await get();
      await get();
      assert.equal(prepared, 1);
      await utimes(item.labels[0], new Date(), new Date(Date.now() + 5000));
      await get();
      assert.equal(prepared, 2);
      const { s } = config.domains;
      await get({ ...config, domains: { s: { ...s, intensity: { window: [0, 50] } } } });
      assert.equal(prepared, 3);
      // What does not bear on the case does not matter.
      await get({ ...config, domains: { s: { ...s, maxCases: 2, role: 'target' } } });
      assert.equal(prepared, 3);
      assert.equal((await entries(config)).length, 3);
    }));

  it('makes a damaged entry anew', () =>
    withFolder(async (folder) => {
      const config = await cohortIn(folder, 3);
      const [item] = await casesOf(config);
      const expected = (await prepareCase(config, item)).prepared.image;
      await letGo(config);
      const [entry] = await entries(config);
      await writeFile(join(config.cache.folder, entry), 'MDCASE3\nnothing of the kind');
      const again = await prepareCase(reopened(config, 1), item);
      assert.deepEqual(again.prepared.image, expected);
    }));

  it('finds any flipped bit, and makes the case anew', () =>
    withFolder(async (folder) => {
      const config = await cohortIn(folder, 3);
      const [item] = await casesOf(config);
      const expected = (await prepareCase(config, item)).prepared.image;
      const [entry] = await entries(config);
      const path = join(config.cache.folder, entry);
      const whole = await readFile(path);
      for (let n = 0; n < 100; n++) {
        const bit = Math.floor((n * 8 * whole.length) / 100);
        await letGo(config);
        const damaged = Buffer.from(whole);
        damaged[bit >> 3] ^= 1 << (bit & 7);
        await writeFile(path, damaged);
        const again = await prepareCase(reopened(config, n + 1), item);
        assert.deepEqual(again.prepared.image, expected);
        assert.deepEqual(await readFile(path), whole, `bit ${bit}`);
      }
      // A file of zeros, as some file systems leave after a power cut.
      await letGo(config);
      await writeFile(path, Buffer.alloc(whole.length));
      const again = await prepareCase(reopened(config, 101), item);
      assert.deepEqual(again.prepared.image, expected);
    }));

  it('deletes nothing that it did not make itself', () =>
    withFolder(async (folder) => {
      const config = await cohortIn(folder, 3);
      const cases = await casesOf(config);
      await prepareCase(config, cases[0]);
      const cache = config.cache.folder;
      const [entry] = await entries(config);
      const { size } = await stat(join(cache, entry));
      await letGo(config);
      const strange = [
        'notes.case',
        `${'0'.repeat(40)}.case`,
        'in-use/notes/a.txt',
        'in-use/elsewhere~1~01234567/a.txt',
        'in-use/elsewhere~1~01234567.txt',
      ];
      const old = new Date(Date.now() - 30 * 24 * 3600 * 1000);
      for (const name of strange) {
        await writeWhole(join(cache, name), 'of somebody else');
        await utimes(join(cache, name), old, old);
      }
      for (const name of ['notes', 'elsewhere~1~01234567'])
        await utimes(join(cache, 'in-use', name), old, old);
      const small = { ...config, cache: { ...config.cache, gigabytes: (1.5 * size) / 1e9 } };
      await prepareCase(small, cases[1]);
      assert.ok(!(await entries(config)).includes(entry), 'its own entry gave way');
      for (const name of strange)
        assert.equal(await readFile(join(cache, name), 'utf8'), 'of somebody else', name);
    }));

  it('stays within its size: what was unused for longest gives way, what is in use never', () =>
    withFolder(async (folder) => {
      const config = await cohortIn(folder, 5);
      const cases = await casesOf(config);
      for (const item of cases.slice(0, 3)) await prepareCase(config, item);
      const names = await entries(config);
      const paths = names.map((name) => join(config.cache.folder, name));
      const { size } = await stat(paths[0]);
      await letGo(config);
      // The first is the oldest, and the third is what the new process begins with.
      const ages = [300, 100, 200];
      for (const [n, path] of paths.entries())
        await utimes(path, new Date(), new Date(Date.now() - ages[n] * 1000));
      const small = { ...config, cache: { ...config.cache, gigabytes: (3.5 * size) / 1e9 } };
      const held = await prepareCase(small, cases[3]);
      const left = await entries(small);
      assert.ok(!left.includes(names[0]), 'the oldest is still there');
      assert.deepEqual([left.includes(names[1]), left.includes(names[2])], [true, true]);
      await prepareCase(small, cases[4]);
      assert.equal((await entries(small)).length, 3);

      // Three in use: there is no room for a fourth.
      const kept = await prepareCase(small, cases[0]);
      await assert.rejects(
        prepareCase(small, cases[1]),
        /need more than the .* GB of the cache: 3 cases in use take .* GB, and the next one .* GB; raise cache\.gigabytes/,
      );
      assert.equal(held.prepared.image.length, kept.prepared.image.length);
    }));

  it('keeps what a case holds although its entry is deleted', () =>
    withFolder(async (folder) => {
      const config = await cohortIn(folder, 3);
      const [item] = await casesOf(config);
      const { prepared } = await prepareCase(config, item);
      for (const name of await entries(config)) await rm(join(config.cache.folder, name));
      assert.equal(prepared.image.length, 4 * 144);
      await rm(config.cache.folder, { recursive: true });
      assert.throws(
        () => prepared.slice!(0),
        /a prepared case of this run, cannot be read any more .*; was the cache deleted\?/,
      );
    }));

  it('is shared by runs at work at the same time', () =>
    withFolder(async (folder) => {
      const config = await cohortIn(folder, 6);
      const runs: ChildProcess[] = [];
      const start = () => {
        const run = fork(join(__dirname, 'cache', 'child.ts'), [JSON.stringify(config)], {
          execArgv: ['-r', 'tsx/cjs'],
        });
        runs.push(run);
        return once(run, 'message') as Promise<[string]>;
      };
      try {
        const drawn = (await Promise.all([start(), start()])).map(([hash]) => hash);
        assert.equal(drawn[0], drawn[1]);
        assert.equal((await entries(config)).length, 6);
        assert.equal((await readdir(join(config.cache.folder, 'in-use'))).length, 2);
        // One is killed, one ends: the next finds nobody at work, and the entries.
        runs[0].kill('SIGKILL');
        runs[1].send('end');
        await Promise.all(runs.map((run) => once(run, 'exit')));
        assert.equal((await readdir(join(config.cache.folder, 'in-use'))).length, 1);
        assert.equal((await start())[0], drawn[0]);
        assert.equal((await readdir(join(config.cache.folder, 'in-use'))).length, 1);
      } finally {
        runs.forEach((run) => run.kill('SIGKILL'));
      }
    })).timeout(120_000);

  it('says where its folder cannot be made', () =>
    withFolder(async (folder) => {
      const config = await cohortIn(folder, 3);
      await writeWhole(config.cache.folder, 'a file');
      await assert.rejects(
        prepareCase(config, (await casesOf(config))[0]),
        /The cache of prepared cases, .*cache, cannot be made .*; choose another folder by cache\.folder/,
      );
    }));
});
