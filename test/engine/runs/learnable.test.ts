import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../../../engine/errors';
import { readVolume } from '../../../engine/images/read-volume';
import { writeVolume } from '../../../engine/images/write-volume';
import { withFolder } from '../images/shared';
import { runTiny, tinyRunConfig, writeTinyCohort } from './tiny-cohort';

/** Rewrites images or labels of a tiny cohort, all samples being `value`. */
async function fill(folder: string, part: 'images' | 'labels', ids: string[], value: number) {
  for (const id of ids) {
    const path = join(folder, id.slice(0, 2), part, `${id}.nii.gz`);
    const { shape, affine, data } = await readVolume(path);
    await writeVolume(path, {
      shape,
      affine,
      data: (part === 'images' ? new Float32Array(data.length) : new Uint8Array(data.length)).fill(
        value,
      ),
    });
  }
}

describe('a cohort on which little can be learnt', function () {
  this.timeout(120_000);
  const lists = { train: ['ct1', 'ct2'], validation: ['ct3'], test: ['ct4'] };

  it('is refused before the first step where no training case has a class', () =>
    withFolder(async (folder) => {
      const config = tinyRunConfig();
      config.domains['ct']['split'] = lists;
      const file = await writeTinyCohort(folder, config);
      await fill(folder, 'labels', lists.train, 0);
      await assert.rejects(runTiny(file, join(folder, 'run')), (error: Error) => {
        assert.ok(error instanceof ConfigError, error.stack);
        assert.match(
          error.message,
          /^The class liver occurs in no training case of the source \(ct1, ct2\), so that it cannot be learnt; choose the cases by "split"\.$/,
        );
        return true;
      });
      assert.doesNotMatch(await readFile(join(folder, 'run/metrics.jsonl'), 'utf8'), /"type":"st/);
    }));

  it('of constant images is told at the start, in one line a domain, and can be run to its end', () =>
    withFolder(async (folder) => {
      const config = tinyRunConfig();
      config.domains['ct']['split'] = lists;
      const file = await writeTinyCohort(folder, config);
      await fill(folder, 'images', ['ct1', 'ct2', 'ct3', 'ct4', 'mr1', 'mr2'], 7);
      await fill(folder, 'labels', ['ct3'], 0);
      const events = await runTiny(file, join(folder, 'run'));
      assert.equal(events.at(-1)!.type, 'finished');
      const first = events.findIndex(({ type }) => type === 'step');
      const warnings = events
        .slice(0, first)
        .flatMap((event) =>
          event.type === 'log' && event.level === 'warning' ? [event.message] : [],
        );
      assert.deepEqual(
        [
          /^Case ct1 of domain ct: all samples .* are 7, .* Likewise 3 more cases: ct2, ct3, ct4\.$/,
          /^Case ct3 of domain ct: no pixel of its label .* belongs to a class/,
          /^Case mr1 of domain mr: all samples .* are 7, .* Likewise 1 more case: mr2\.$/,
          /^The class liver occurs in no validation case of the source \(ct3\)/,
        ].filter((sentence) => !warnings.some((said) => sentence.test(said))),
        [],
        warnings.join('\n'),
      );
      assert.equal(warnings.length, 4);
    }));
});
