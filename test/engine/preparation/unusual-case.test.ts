import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { DistillConfig, DomainConfig } from '../../../engine/config/config';
import type { CohortCase } from '../../../engine/cohort/cohort';
import { ConfigError } from '../../../engine/errors';
import { inspect } from '../../../engine/images/inspect';
import { writeVolume } from '../../../engine/images/write-volume';
import { groupedWarnings } from '../../../engine/preparation/grouped-warnings';
import { prepareCase, prepareDomain } from '../../../engine/preparation/prepare';
import { withFolder } from '../images/shared';
import { tinyConfig } from './tiny-config';

const affine = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 0, 1],
];
const shape = (side: number): [number, number, number] => [side, side, 1];

/** Prepares a case of one slice whose samples and labels are given by their number; its warnings, and those of `inspect` about its image. */
const warningsOf = (o: {
  side?: number;
  sample: (n: number) => number;
  label?: (n: number) => number;
  domain?: Partial<DomainConfig>;
  input?: Partial<DistillConfig['input']>;
}): Promise<{ case: string[]; file: string[] }> =>
  withFolder(async (folder) => {
    const { side = 16, sample, label = (n: number) => n % 2, domain, input } = o;
    const length = side * side;
    const [image, labels] = [join(folder, 'i/a.nii'), join(folder, 'l/a.nii')];
    await writeVolume(image, {
      shape: shape(side),
      affine,
      data: Float32Array.from({ length }, (_, n) => sample(n)),
    });
    await writeVolume(labels, {
      shape: shape(side),
      affine,
      data: Float32Array.from({ length }, (_, n) => label(n)),
    });
    const config = tinyConfig(folder, { ct: domain ?? {} }, input);
    const item: CohortCase = {
      domain: 'ct',
      id: 'a',
      subject: 'a',
      split: 'train',
      images: [image],
      labels: [labels],
      masks: [],
    };
    const file = (await inspect(image)).warnings ?? [];
    return { case: (await prepareCase(config, item)).warnings, file };
  });
const only = (said: readonly string[]) => {
  assert.equal(said.length, 1, said.join(' '));
  return said[0];
};

describe('an unusual case', () => {
  it('of nothing unusual is not told', async () => {
    for (const fit of ['resize', 'patch'] as const)
      assert.deepEqual(await warningsOf({ sample: (n) => n % 90, input: { fit } }), {
        case: [],
        file: [],
      });
  });

  it('is one of a constant image', async () => {
    const said = await warningsOf({ sample: () => 7 });
    assert.match(
      only(said.case),
      /^Case a of domain ct: all samples of .*a\.nii are 7, so that a network sees nothing/,
    );
    assert.match(only(said.file), /a\.nii: all of its samples are 7, so that it shows nothing\.$/);
  });

  it('is one that its intensity setting makes constant', async () => {
    const said = await warningsOf({ sample: (n) => 1000 + n });
    assert.match(
      only(said.case),
      /from 1000 to 1255, all become the same by the intensity \{"window":\[0,100\]\}/,
    );
    assert.deepEqual(said.file, []);
  });

  it('is one with some samples that are no finite numbers, and is refused with no other', async () => {
    const said = await warningsOf({ sample: (n) => (n < 2 ? NaN : n === 2 ? Infinity : n % 90) });
    assert.match(only(said.case), /3 of the 256 samples of .* are not finite numbers/);
    assert.match(only(said.file), /3 of its 256 samples are not finite numbers\.$/);
    await assert.rejects(warningsOf({ sample: () => NaN }), (error: Error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(
        error.message,
        /^Case a of domain ct: none of the 256 samples of .* leave the case out/,
      );
      return true;
    });
  });

  it('is one smaller than a patch, or of hardly a pixel', async () => {
    const sample = (n: number) => n;
    const patch = await warningsOf({ side: 5, sample, input: { fit: 'patch' } });
    assert.match(only(patch.case), /are 5 x 5 pixels .* smaller than a patch of 8 x 8/);
    assert.deepEqual((await warningsOf({ side: 5, sample })).case, []);
    const pixel = await warningsOf({
      side: 1,
      sample: () => 3,
      label: () => 1,
      input: { size: [32, 32] },
    });
    assert.match(pixel.case[0], /all samples .* are 3/);
    assert.match(pixel.case[1], /are 1 x 1 pixels, and are stretched to 32 x 32/);
  });

  it('is refused where its label has no number', () =>
    assert.rejects(
      warningsOf({ sample: (n) => n % 90, label: () => NaN }),
      /l.a\.nii: none of its 256 samples is a number, so that it is no label map\.$/,
    ));

  it('is one without any foreground', async () => {
    const said = await warningsOf({ sample: (n) => n % 90, label: () => 0 });
    assert.match(only(said.case), /no pixel of its label .*a\.nii belongs to a class/);
  });
});

describe('a domain without a case to be prepared', () => {
  it('has no class that is missing', async () =>
    assert.deepEqual(await prepareDomain(tinyConfig('/d', { ct: {} }), 'ct', []), []));
});

describe('warnings of many cases', () => {
  const of = (id: string, warnings: string[], images = [`/d/${id}.png`]) => ({
    prepared: {
      case: { domain: 'd', id, subject: id, split: 'test' as const, images, labels: [], masks: [] },
    },
    warnings,
  });

  it('come in one sentence a kind, with the first whole and further ones by name', () => {
    const turned = (id: string, n: number) => `/d/${id}.png is turned ${n} times.`;
    assert.deepEqual(
      groupedWarnings([
        of('7', [turned('7', 3), 'Case 7 of domain d: odd.']),
        of('9', [turned('9', 5)]),
        of('a', [turned('a', 1), 'Case a of domain d: odd.']),
        of('b', [turned('b', 1)]),
        of('c', [turned('c', 1), 'Something else.']),
      ]),
      [
        '/d/7.png is turned 3 times. Likewise 4 more cases: 9, a, b and others.',
        'Case 7 of domain d: odd. Likewise 1 more case: a.',
        'Something else.',
      ],
    );
  });

  it('of a folder of one case name the files within', () =>
    assert.deepEqual(
      groupedWarnings([
        of('1', ['/d/s/a 1.png is odd.', '/d/s/a 2.png is odd.', '/d/s/a 3.png is odd.'], ['/d/s']),
      ]),
      ['/d/s/a 1.png is odd. Likewise 2 more files: a 2.png, a 3.png.'],
    ));

  it('of one case name its files', () =>
    assert.deepEqual(
      groupedWarnings([of('1', ['/d/x.png: odd.', '/d/y.png: odd.'], ['/d/x.png', '/d/y.png'])]),
      ['/d/x.png: odd. Likewise 1 more file: y.png.'],
    ));
});
